/** Echoes on a port of this host, on the reactor that is named; ends after a minute. */
import process from "node:process";
import { Factory, Protocol } from "@ropewalk/protocols";
import { createReactor } from "@ropewalk/reactor";

class Echo extends Protocol {
  override dataReceived(data: Uint8Array): void {
    this.transport.write(data);
  }
}

const reactor = createReactor(process.argv[2] === "deno" ? "deno" : "node");
const port = reactor.listenTCP(0, Factory.forProtocol(Echo), { hostname: "127.0.0.1" });
await port.ready;
console.log("port", (port.getHost() as { port: number }).port);
reactor.callLater(60, () => reactor.stop());
await reactor.run();
process.exit();
