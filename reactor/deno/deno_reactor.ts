/**
 * `DenoReactor`: the reactor on Deno.
 * @module
 */
import { NotSupportedError } from "../core/errors.ts";
import type {
  ClientProtocolFactory,
  Connector,
  ConnectTCPOptions,
  DatagramHandler,
  DatagramTransport,
  ListeningPort,
  ListenTCPOptions,
  ListenUDPOptions,
  ListenUNIXOptions,
  ProtocolFactory,
  Reactor,
  TLSClientOptions,
  TLSServerOptions,
} from "../core/interfaces.ts";
import { ReactorBase } from "../core/reactor_base.ts";
import { TCPConnector } from "./tcp_connector.ts";
import { TCPPort } from "./tcp_port.ts";

/** A reactor on Deno. Making one opens nothing. */
export class DenoReactor extends ReactorBase implements Reactor {
  constructor() {
    super({
      seconds: () => performance.now() / 1000,
      set: (f, milliseconds) => setTimeout(f, milliseconds),
      clear: (id) => clearTimeout(id as number),
    });
  }

  /** Listens on a TCP port. */
  listenTCP(port: number, factory: ProtocolFactory, options: ListenTCPOptions = {}): ListeningPort {
    const listening = new TCPPort(this, port, factory, options);
    listening.startListening();
    return listening;
  }

  /** Connects over TCP. */
  connectTCP(
    host: string,
    port: number,
    factory: ProtocolFactory | ClientProtocolFactory,
    options: ConnectTCPOptions = {},
  ): Connector {
    const connector = new TCPConnector(this, host, port, factory, options);
    connector.connect();
    return connector;
  }

  listenTLS(
    _port: number,
    _f: ProtocolFactory,
    _tls: TLSServerOptions,
    _o?: ListenTCPOptions,
  ): ListeningPort {
    throw new NotSupportedError("This reactor has no TLS yet");
  }

  connectTLS(
    _host: string,
    _port: number,
    _factory: ProtocolFactory | ClientProtocolFactory,
    _tls?: TLSClientOptions,
    _options?: ConnectTCPOptions,
  ): Connector {
    throw new NotSupportedError("This reactor has no TLS yet");
  }

  listenUNIX(_path: string, _factory: ProtocolFactory, _options?: ListenUNIXOptions): ListeningPort {
    throw new NotSupportedError("This reactor has no UNIX sockets yet");
  }

  connectUNIX(_path: string, _factory: ProtocolFactory | ClientProtocolFactory): Connector {
    throw new NotSupportedError("This reactor has no UNIX sockets yet");
  }

  listenUDP(_port: number, _protocol: DatagramHandler, _options?: ListenUDPOptions): DatagramTransport {
    throw new NotSupportedError("This reactor has no UDP yet");
  }

  listenMulticast(_port: number, _protocol: DatagramHandler, _options?: ListenUDPOptions): DatagramTransport {
    throw new NotSupportedError("This reactor has no UDP yet");
  }

  protected handleSignals(stop: () => void): () => void {
    const signals: Deno.Signal[] = Deno.build.os === "windows"
      ? ["SIGINT", "SIGBREAK"]
      : ["SIGINT", "SIGTERM"];
    for (const signal of signals) Deno.addSignalListener(signal, stop);
    return () => {
      for (const signal of signals) Deno.removeSignalListener(signal, stop);
    };
  }
}
