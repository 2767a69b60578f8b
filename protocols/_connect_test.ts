/**
 * What the tests of the small protocols share: a connection in memory, and a reactor that connects nowhere.
 * @module
 */
import { Failure } from "@ropewalk/deferred";
import {
  ConnectionDone,
  ConnectionLost,
  type Connector,
  IPv4Address,
  type ReactorTCP,
  type StreamProtocol,
} from "@ropewalk/reactor/core";
import { Clock, StringTransportWithDisconnection } from "@ropewalk/testing";
import { encodeUtf8, latin1 } from "./bytes.ts";
import type { ClientFactory } from "./factory.ts";
import { Protocol } from "./protocol.ts";

export const lost = () => new Failure(new ConnectionLost());

export const done = () => new Failure(new ConnectionDone());

export function connect<P extends StreamProtocol>(protocol: P) {
  const clock = new Clock();
  const transport = new StringTransportWithDisconnection({ reactor: clock, lenient: true });
  transport.protocol = protocol;
  protocol.makeConnection(transport);
  const ask = (text: string) => {
    transport.clear();
    protocol.dataReceived(encodeUtf8(text));
    return transport.text();
  };
  return { protocol, transport, clock, ask };
}

export class FakeReactor implements Pick<ReactorTCP, "connectTCP"> {
  calls: { host: string; port: number; factory: ClientFactory; disconnected: boolean }[] = [];
  connectTCP(host: string, port: number, factory: unknown): Connector {
    const call = { host, port, factory: factory as ClientFactory, disconnected: false };
    this.calls.push(call);
    return { disconnect: () => void (call.disconnected = true) } as Connector;
  }
  accept(i = 0) {
    const transport = new StringTransportWithDisconnection({
      host: new IPv4Address("TCP", "9.8.7.6", 1234),
      lenient: true,
    });
    const protocol = this.calls[i]!.factory.buildProtocol(new IPv4Address("TCP", "1.1.1.1", 1))!;
    transport.protocol = protocol;
    protocol.makeConnection(transport);
    return { transport, protocol };
  }
}

export class Inner extends Protocol {
  data = "";
  reasons: Failure[] = [];
  override connectionMade() {
    this.transport.write("hello");
  }
  override dataReceived(data: Uint8Array) {
    this.data += latin1(data);
  }
  override connectionLost(reason: Failure) {
    this.reasons.push(reason);
  }
}
