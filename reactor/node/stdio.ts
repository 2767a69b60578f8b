/**
 * Standard input and output as a stream.
 * @module
 */
import process from "node:process";
import type { Duplex } from "node:stream";
import { PipeAddress } from "../core/addresses.ts";
import type { HostStream } from "../core/host_network.ts";
import { NodeStream } from "./node_stream.ts";

/** The address of both ends. */
export const STDIO: PipeAddress = new PipeAddress("stdio");

/** See the module. Input is closed with it; output stays open, since others may still print. */
export class StdioStream implements HostStream {
  readonly localAddress: PipeAddress = STDIO;
  readonly remoteAddress: PipeAddress = STDIO;
  readonly #in = new NodeStream(process.stdin as unknown as Duplex, this.localAddress, this.remoteAddress);
  #failed: Error | null = null;

  constructor() {
    process.stdout.on("error", (error: Error) => this.#failed = error); // its reader has gone: the next write tells
  }

  read(buffer: Uint8Array): Promise<number | null> {
    return this.#in.read(buffer);
  }

  write(data: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      if (this.#failed !== null) reject(this.#failed);
      else process.stdout.write(data, (error) => error ? reject(error) : resolve(data.length));
    });
  }

  closeWrite(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    process.stdin.destroy();
  }
}
