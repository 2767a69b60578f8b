/** What the tests of this module share. */
import { IPv4Address } from "@ropewalk/reactor/core";
import { connectedServerAndClient, type IOPump, type LoopbackOptions } from "@ropewalk/testing";
import type { Broker } from "./broker.ts";
import type { BrokerOptions } from "./broker_options.ts";
import { PBClientFactory } from "./client_factory.ts";
import { Root } from "./referenceable.ts";
import { PBServerFactory } from "./server_factory.ts";
import type { RemoteReference } from "./remote_reference.ts";

const address = new IPv4Address("TCP", "127.0.0.1", 1);

export interface Joined {
  server: Broker;
  client: Broker;
  pump: IOPump;
  factory: PBClientFactory;
  root: RemoteReference;
}

/** A server and a client, joined in memory, the handshake done. */
export function join(
  root: ConstructorParameters<typeof PBServerFactory>[0],
  options: { server?: BrokerOptions; client?: BrokerOptions; loopback?: LoopbackOptions } = {},
): Joined {
  const serverFactory = new PBServerFactory(root, options.server);
  const factory = new PBClientFactory(options.client);
  const { server, client, pump } = connectedServerAndClient(
    serverFactory.buildProtocol(address),
    factory.buildProtocol(address),
    options.loopback,
  );
  return { server, client, pump, factory, root: client.remoteForName("root") };
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function unhex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** A root that gives and takes one thing. */
export class Giving extends Root {
  thing: unknown = null;
  got: unknown = null;
  remote_give(): unknown {
    return this.thing;
  }
  remote_take(thing: unknown): void {
    this.got = thing;
  }
  remote_is(thing: unknown): boolean {
    return thing === this.thing;
  }
}
