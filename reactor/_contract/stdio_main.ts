/**
 * Echoes standard input in capitals, on the reactor that is named, and says how the connection ended.
 * @module
 */
import process from "node:process";
import { createReactor, serverFromString } from "../mod.ts";
import { Recorder } from "./recorder.ts";

class Shout extends Recorder {
  override dataReceived(data: Uint8Array): void {
    super.dataReceived(data);
    this.transport.write(new TextDecoder().decode(data).toUpperCase());
  }
}

const reactor = createReactor(process.argv[2] === "node" ? "node" : "deno");
const protocol = new Shout();
const factory = { doStart() {}, doStop() {}, buildProtocol: () => protocol };
await serverFromString(reactor, "stdio:").listen(factory);
console.error(`${protocol.transport.getPeer()} ${protocol.transport.getHost()}`);
console.error(`lost: ${(await protocol.lost as Error).name}, ${protocol.losses}`);
