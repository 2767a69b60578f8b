/** What the tests of simulated networks share. */
import { assertEquals } from "@std/assert";
import type { Failure } from "@ropewalk/deferred";
import { ClientFactory, Protocol } from "@ropewalk/protocols";
import type { Address, Connector, StreamProtocol } from "@ropewalk/reactor/core";
import type { SimulatedNetwork } from "./simulated_network.ts";

/** Notes what it hears. */
export class Talker extends Protocol {
  readonly events: string[] = [];
  heard = 0;
  lastAt = 0;
  override connectionMade() {
    this.events.push("made");
  }
  override dataReceived(data: Uint8Array) {
    this.heard += data.length;
    this.lastAt = this.reactor.seconds();
  }
  override connectionLost(reason: Failure) {
    this.events.push(reason.type);
  }
}

/** Sends it back. */
export class Echo extends Talker {
  override dataReceived(data: Uint8Array) {
    super.dataReceived(data);
    this.transport.write(data);
  }
}

/** Hands out the protocols it made, and hears of every attempt. */
export class Watcher<P extends StreamProtocol> extends ClientFactory {
  readonly made: P[] = [];
  readonly events: string[] = [];
  constructor(readonly make: () => P) {
    super();
  }
  get only(): P {
    assertEquals(this.made.length, 1);
    return this.made[0]!;
  }
  override buildProtocol(_address: Address): P {
    const protocol = this.adopt(this.make());
    this.made.push(protocol);
    return protocol;
  }
  override startedConnecting() {
    this.events.push("started");
  }
  override clientConnectionFailed(_connector: Connector, reason: Failure) {
    this.events.push(`failed ${reason.type}`);
  }
  override clientConnectionLost(_connector: Connector, reason: Failure) {
    this.events.push(`lost ${reason.type}`);
  }
}

/** A server of `P`, and one client of it that is connected. */
export function pair<P extends Talker>(network: SimulatedNetwork, make: () => P) {
  const servers = new Watcher(make);
  const clients = new Watcher(() => new Talker());
  const server = network.addHost("server");
  const client = network.addHost("client");
  const port = server.reactor.listenTCP(80, servers);
  const connector = client.reactor.connectTCP("server", 80, clients);
  network.run(1);
  return {
    server,
    client,
    port,
    connector,
    servers,
    clients,
    atServer: servers.only,
    atClient: clients.only,
  };
}
