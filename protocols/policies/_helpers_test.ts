/**
 * What the tests of the policies share.
 * @module
 */
import { Failure } from "@ropewalk/deferred";
import { ConnectionDone, IPv4Address } from "@ropewalk/reactor/core";
import { Clock, StringTransportWithDisconnection } from "@ropewalk/testing";
import type { Factory } from "../factory.ts";
import { Protocol } from "../protocol.ts";
import type { ProtocolWrapper } from "./wrapping.ts";

/** An address. */
export const peer = (host: string) => new IPv4Address("TCP", host, 1);
/** Why a connection is gone that was closed in order. */
export const done = new Failure(new ConnectionDone());

/** Sends back what comes. */
export class Echo extends Protocol {
  lost: Failure[] = [];
  override dataReceived(data: Uint8Array) {
    this.transport.write(data);
  }
  override connectionLost(reason: Failure) {
    this.lost.push(reason);
  }
}

/** A connection through a factory of wrappers. */
export function open(factory: Factory, options: { clock?: Clock; from?: string } = {}) {
  const transport = new StringTransportWithDisconnection({ reactor: options.clock ?? new Clock() });
  const wrapper = factory.buildProtocol(peer(options.from ?? "1.1.1.1")) as ProtocolWrapper;
  transport.protocol = wrapper;
  const inner = wrapper.wrappedProtocol as Echo;
  wrapper.makeConnection(transport);
  return { transport, wrapper, inner };
}
