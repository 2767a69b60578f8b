import type { Duplex } from "node:stream";

interface Driver {
  readonly io: Duplex;
  readonly messages: { on(event: "data", f: (message: string | Uint8Array) => void): void };
  on(event: "connect", f: () => void): void;
  on(event: "close", f: (event: { code: number; reason: string }) => void): void;
  start(): boolean;
  text(message: string): boolean;
  binary(message: Uint8Array): boolean;
}

declare const driver: { server(): Driver };
export default driver;
