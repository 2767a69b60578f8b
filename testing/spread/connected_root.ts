/**
 * `connectedRoot`: a Perspective Broker root and a reference to it, joined in memory.
 * @module
 */
import type { Deferred } from "@ropewalk/deferred";
import { IPv4Address } from "@ropewalk/reactor/core";
import {
  type Broker,
  type BrokerOptions,
  PBClientFactory,
  PBServerFactory,
  type RemoteReference,
} from "@ropewalk/spread";
import { connectedServerAndClient, type IOPump, type LoopbackOptions } from "../loopback.ts";
import { successResultOf } from "../results.ts";

/** Options of {@linkcode connectedRoot}. */
export interface ConnectedRootOptions extends Omit<LoopbackOptions, "greet"> {
  /** What the server's side accepts. */
  server?: BrokerOptions;
  /** What the client's side accepts. */
  client?: BrokerOptions;
}

/** Both sides of a PB connection. */
export interface ConnectedRoot<T extends object> {
  /** A reference to the root, as a client has it. */
  readonly reference: RemoteReference<T>;
  /** The client's factory, for `login`. */
  readonly factory: PBClientFactory;
  /** The server's side. */
  readonly server: Broker;
  /** The client's side. */
  readonly client: Broker;
  /** Moves what they say to each other. */
  readonly pump: IOPump;
  /**
   * Moves everything until both sides are silent, then looks what came of a call.
   *
   * @param result What `callRemote` returned.
   * @returns Its value.
   * @throws {Error} If it failed or has no result; see `successResultOf`.
   */
  resultOf<R>(result: Deferred<R>): R;
}

/**
 * Joins a root and a client in memory, over the real wire: what cannot be sent fails here, too.
 *
 * @param root The root, or a portal.
 * @param options How bytes are cut, the clock, and the limits of both sides.
 *
 * @example
 * ```ts
 * import { Root } from "@ropewalk/spread";
 * import { connectedRoot } from "@ropewalk/testing/spread";
 * import { assertEquals } from "@std/assert";
 *
 * class Adder extends Root {
 *   remote_add(a: number, b: number): number {
 *     return a + b;
 *   }
 * }
 *
 * const { reference, resultOf } = connectedRoot(new Adder());
 * assertEquals(resultOf(reference.callRemote("add", 2, 3)), 5);
 * ```
 */
export function connectedRoot<T extends object>(
  root: T & ConstructorParameters<typeof PBServerFactory>[0],
  options: ConnectedRootOptions = {},
): ConnectedRoot<T> {
  const address = new IPv4Address("TCP", "10.0.0.1", 12345);
  const serverFactory = new PBServerFactory(root, options.server);
  const factory = new PBClientFactory(options.client);
  const { server, client, pump } = connectedServerAndClient(
    serverFactory.buildProtocol(address),
    factory.buildProtocol(address),
    options,
  );
  const found = factory.getRootObject<T>();
  pump.flush();
  return {
    reference: successResultOf(found) as RemoteReference<T>,
    factory,
    server,
    client,
    pump,
    resultOf<R>(result: Deferred<R>): R {
      pump.flush();
      return successResultOf(result);
    },
  };
}
