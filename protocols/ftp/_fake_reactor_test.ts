/**
 * A reactor for the tests of FTP, whose ports and connections are in memory.
 * @module
 */
import { Deferred } from "@ropewalk/deferred";
import { IPv4Address, type ListeningPort, type ProtocolFactory } from "@ropewalk/reactor/core";
import { Clock, StringTransportWithDisconnection } from "@ropewalk/testing";

export const PEER = "10.1.1.1";

/** A reactor whose ports and connections are in memory. */
export class FakeReactor extends Clock {
  listening: ProtocolFactory[] = [];
  connecting: { host: string; port: number; factory: ProtocolFactory }[] = [];
  listenTCP(_port: number, factory: ProtocolFactory): ListeningPort {
    this.listening.push(factory);
    const port = {
      getHost: () => new IPv4Address("TCP", "10.0.0.1", 5000),
      stopListening: () => new Deferred<void>(),
    } as unknown as ListeningPort;
    const ready = new Deferred<ListeningPort>();
    ready.callback(port);
    return Object.assign(port, { ready });
  }
  connectTCP(host: string, port: number, factory: ProtocolFactory) {
    this.connecting.push({ host, port, factory });
    return { disconnect() {} } as never;
  }
  /** The data connection that the peer makes, or takes. */
  data(factory: ProtocolFactory = this.listening.at(-1)!, host = PEER) {
    const transport = new StringTransportWithDisconnection({ reactor: this, lenient: true });
    const protocol = factory.buildProtocol(new IPv4Address("TCP", host, 1));
    if (protocol === null) return null;
    transport.protocol = protocol;
    protocol.makeConnection(transport);
    return { protocol, transport };
  }
}
