/**
 * 10,000 connections exchange 10 messages each, 500 at a time: simulated, or over sockets of this machine.
 * @module
 */
import process from "node:process";
import { Factory, Protocol } from "@ropewalk/protocols";
import { reactor } from "@ropewalk/reactor";
import type { IPv4Address, Reactor } from "@ropewalk/reactor/core";
import { SimulatedNetwork } from "@ropewalk/testing";

const CONNECTIONS = 10_000;
const AT_ONCE = 500;
const MESSAGES = 10;

class Echo extends Protocol {
  override dataReceived(data: Uint8Array): void {
    this.transport.write(data);
  }
}

class Caller extends Protocol<Callers> {
  #heard = 0;
  override connectionMade(): void {
    this.transport.write("message 0\r\n");
  }
  override dataReceived(): void {
    this.factory.heard++;
    if (++this.#heard === MESSAGES) this.transport.loseConnection();
    else this.transport.write(`message ${this.#heard}\r\n`);
  }
  override connectionLost(): void {
    this.factory.next();
  }
}

class Callers extends Factory {
  heard = 0;
  #started = 0;
  #ended = 0;

  constructor(
    readonly from: Reactor,
    readonly host: string,
    readonly port: number,
    readonly done: () => void,
  ) {
    super();
    for (let i = 0; i < AT_ONCE; i++) this.#call();
  }

  override buildProtocol(): Caller {
    return this.adopt(new Caller());
  }

  next(): void {
    if (this.#started < CONNECTIONS) this.#call();
    if (++this.#ended === CONNECTIONS) this.done();
  }

  #call(): void {
    this.#started++;
    this.from.connectTCP(this.host, this.port, this);
  }
}

function simulated(): number {
  const network = new SimulatedNetwork({ seed: 1, jitterSeconds: 0.01 });
  network.addHost("server", (reactor) => reactor.listenTCP(7, Factory.forProtocol(Echo)));
  const callers = new Callers(network.addHost("client").reactor, "server", 7, () => {});
  network.runToEnd();
  return callers.heard;
}

async function overSockets(): Promise<number> {
  const port = reactor.listenTCP(0, Factory.forProtocol(Echo), { hostname: "127.0.0.1" });
  await port.ready;
  const number = (port.getHost() as IPv4Address).port;
  let callers!: Callers;
  await new Promise<void>((resolve) => {
    callers = new Callers(reactor, "127.0.0.1", number, resolve);
  });
  await port.stopListening();
  return callers.heard;
}

const started = performance.now();
const before = process.cpuUsage();
const heard = Deno.args[0] === "simulated" ? simulated() : await overSockets();
const { user, system } = process.cpuUsage(before);
if (heard !== CONNECTIONS * MESSAGES) throw new Error(`${heard} messages arrived`);
console.log(JSON.stringify({
  microseconds: (user + system) / heard,
  wallSeconds: (performance.now() - started) / 1000,
}));
Deno.exit(0);
