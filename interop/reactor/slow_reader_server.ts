/**
 * Sends 1 GiB to whoever connects, as fast as it is taken, and says what that added to the memory of the process.
 * Runs on either reactor, under Deno and, bundled, under Node.
 */
import process from "node:process";
import { Factory, Protocol } from "@ropewalk/protocols";
import { createReactor, type PushProducer } from "@ropewalk/reactor";

const TOTAL = 2 ** 30;
const PIECE = new Uint8Array(65_536);
const PATIENCE = 120; // seconds

let most = 0;

function rss(): number {
  return process.memoryUsage.rss();
}

/** Writes until it is told to hold, as a file that is sent would. */
class Outrunning extends Protocol implements PushProducer {
  #left = TOTAL;
  #holds = 0;
  #held = false;
  #before = 0;

  override connectionMade(): void {
    this.#before = most = rss();
    this.transport.registerProducer(this, true);
    this.resumeProducing();
  }

  pauseProducing(): void {
    this.#held = true;
    this.#holds++;
    most = Math.max(most, rss());
  }

  resumeProducing(): void {
    this.#held = false;
    while (!this.#held && this.#left > 0) {
      this.transport.write(PIECE);
      this.#left -= PIECE.length;
    }
    if (this.#left > 0) return;
    this.transport.unregisterProducer();
    this.transport.loseConnection();
  }

  stopProducing(): void {
    this.#held = true;
  }

  override connectionLost(): void {
    most = Math.max(most, rss());
    const mebibytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1);
    console.log(`held ${this.#holds} times, before ${mebibytes(this.#before)}, most ${mebibytes(most)} MiB`);
    console.log("added", most - this.#before);
    reactor.stop();
  }
}

const reactor = createReactor(process.argv[2] === "deno" ? "deno" : "node");
const port = reactor.listenTCP(0, Factory.forProtocol(Outrunning), { hostname: "127.0.0.1" });
await port.ready;
console.log("port", (port.getHost() as { port: number }).port);
reactor.callLater(PATIENCE, () => reactor.stop());
await reactor.run();
process.exit();
