/**
 * Makes twenty small writes in one turn when a connection is made, and twenty more inside `dataReceived`. Ends after
 * one connection, and after a minute without one: whoever watches it cannot always end it.
 */
import { Factory, Protocol } from "@ropewalk/protocols";
import { createReactor } from "@ropewalk/reactor";

const WRITES = 20;
const PATIENCE = 60; // seconds

class Twenty extends Protocol {
  override connectionMade(): void {
    for (let i = 0; i < WRITES; i++) this.transport.write(`made ${String(i).padStart(2, "0")}\n`);
  }

  override dataReceived(): void {
    for (let i = 0; i < WRITES; i++) this.transport.write(`data ${String(i).padStart(2, "0")}\n`);
    this.transport.loseConnection();
  }

  override connectionLost(): void {
    void reactor.stop();
  }
}

const reactor = createReactor(Deno.args[0] === "node" ? "node" : "deno");
const port = reactor.listenTCP(0, Factory.forProtocol(Twenty), { hostname: "127.0.0.1" });
await port.ready;
console.log("port", (port.getHost() as { port: number }).port);
reactor.callLater(PATIENCE, () => void reactor.stop());
await reactor.run();
Deno.exit(); // the call above may still be pending
