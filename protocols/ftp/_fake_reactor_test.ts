/**
 * What the tests of FTP share: a reactor whose ports and connections are in memory, and a server on it.
 * @module
 */
import { Deferred } from "@ropewalk/deferred";
import { IPv4Address, type ListeningPort, type ProtocolFactory } from "@ropewalk/reactor/core";
import { Clock, StringTransportWithDisconnection } from "@ropewalk/testing";
import { encodeUtf8 } from "../bytes.ts";
import { MemoryFTPShell } from "./memory_shell.ts";
import { FTP, type FTPOptions } from "./server.ts";

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

/** A tree with a folder and a file of ten bytes. */
export function home(): MemoryFTPShell {
  const shell = new MemoryFTPShell(() => new Date(Date.UTC(2024, 1, 29, 12, 30)));
  shell.makeFolder(["sub"]);
  const writer = shell.write(["file"], 0);
  writer.write(encodeUtf8("0123456789"));
  writer.close(true);
  return shell;
}

/** A server with a client, and what the client says and hears. */
export function serve(options: Partial<FTPOptions> = {}, guests = true) {
  const reactor = new FakeReactor();
  const shell = home();
  const login = (user: string, password: string) => user === "ann" && password === "pw" ? shell : null;
  const ftp = new FTP({ reactor, login, ...(guests && { anonymous: shell }), ...options });
  const transport = new StringTransportWithDisconnection({
    reactor,
    peer: new IPv4Address("TCP", PEER, 999),
    host: new IPv4Address("TCP", "10.0.0.1", 21),
    lenient: true,
  });
  transport.protocol = ftp;
  ftp.makeConnection(transport);
  const say = (...lines: string[]) => {
    transport.clear();
    ftp.dataReceived(encodeUtf8(lines.map((line) => line + "\r\n").join("")));
    return heard();
  };
  const heard = () => transport.text().split("\r\n").slice(0, -1);
  return { reactor, shell, ftp, transport, say, heard };
}
