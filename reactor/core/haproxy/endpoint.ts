/**
 * Listening behind a proxy: the protocol is built once the header says who is there.
 *
 * ```text
 *   client ──► proxy ── header, bytes ──► HAProxyConnection ── bytes ──► your protocol
 *                                          (reads the header)            getPeer() is the client
 * ```
 * @module
 */
import type { Deferred, Failure } from "@ropewalk/deferred";
import type { Address } from "../addresses.ts";
import type { ServerEndpoint } from "../endpoints/endpoint.ts";
import type {
  DelayedCall,
  ListeningPort,
  ProtocolFactory,
  StreamProtocol,
  Transport,
} from "../interfaces.ts";
import { ProxyHeaderParser } from "./parser.ts";
import { ProxiedTransport } from "./proxied_transport.ts";

/** How long a proxy may take over its header, in seconds, by default. */
const HEADER_SECONDS = 10;

/** Options of {@linkcode proxyEndpoint} and {@linkcode HAProxyWrappingFactory}. */
export interface HAProxyOptions {
  /** How long a connection may take until its header is complete; then it is closed. @default 10 */
  headerTimeoutSeconds?: number;
}

/**
 * An endpoint whose connections begin with a header of the PROXY protocol. What does not is closed without an answer,
 * so only the proxy should be able to reach the port.
 *
 * @param endpoint Where to listen.
 * @param options The time limit.
 */
export function proxyEndpoint(endpoint: ServerEndpoint, options: HAProxyOptions = {}): ServerEndpoint {
  return {
    listen: (factory: ProtocolFactory): Deferred<ListeningPort> =>
      endpoint.listen(new HAProxyWrappingFactory(factory, options)),
  };
}

/** Reads the header of each connection, and only then has the factory inside build a protocol, for the client's address. */
export class HAProxyWrappingFactory implements ProtocolFactory {
  readonly #headerSeconds: number;

  /**
   * Wraps a factory.
   *
   * @param wrappedFactory Builds the protocols.
   * @param options The time limit.
   */
  constructor(readonly wrappedFactory: ProtocolFactory, options: HAProxyOptions = {}) {
    this.#headerSeconds = options.headerTimeoutSeconds ?? HEADER_SECONDS;
  }

  /** A port begins to use this factory. */
  doStart(): void {
    this.wrappedFactory.doStart();
  }

  /** A port has stopped using it. */
  doStop(): void {
    this.wrappedFactory.doStop();
  }

  /** What reads the header of one connection. */
  buildProtocol(_address: Address): StreamProtocol {
    return new HAProxyConnection(this.wrappedFactory, this.#headerSeconds);
  }
}

class HAProxyConnection implements StreamProtocol {
  readonly #factory: ProtocolFactory;
  readonly #headerSeconds: number;
  readonly #parser = new ProxyHeaderParser();
  #transport!: Transport;
  #limit: DelayedCall | null = null;
  #inner: StreamProtocol | null = null;
  #rest: Uint8Array | null = null; // came with the header, while the protocol has paused
  #wasSecure = false;
  #refused = false;

  constructor(factory: ProtocolFactory, headerSeconds: number) {
    this.#factory = factory;
    this.#headerSeconds = headerSeconds;
  }

  get borrowsData(): boolean {
    return this.#inner === null || this.#inner.borrowsData === true;
  }

  makeConnection(transport: Transport): void {
    this.#transport = transport;
    this.#limit = transport.reactor.callLater(this.#headerSeconds, () => this.#refuse());
  }

  dataReceived(data: Uint8Array): void {
    if (this.#inner !== null) return this.#inner.dataReceived(data);
    if (this.#refused) return;
    let rest: Uint8Array | null;
    try {
      rest = this.#parser.feed(data);
    } catch { // whoever sent this is no proxy, and learns nothing
      this.#refuse();
      return;
    }
    if (rest !== null) this.#begin(rest.slice());
  }

  #begin(rest: Uint8Array): void {
    this.#noLimit();
    const transport = this.#transport;
    const { source, destination } = this.#parser.header!;
    this.#wasSecure = transport.tlsStarted ?? transport.secure;
    const peer = source ?? transport.getPeer();
    const inner = this.#factory.buildProtocol(peer);
    if (inner === null) {
      this.#refuse();
      return;
    }
    this.#inner = inner;
    const proxied = new ProxiedTransport(transport, peer, destination ?? transport.getHost(), {
      isHolding: () => this.#rest !== null,
      release: () => queueMicrotask(() => this.#deliverRest(proxied)),
    });
    if (rest.length > 0) this.#rest = rest;
    inner.makeConnection(proxied);
    if (!proxied.paused) this.#deliverRest(proxied);
  }

  #deliverRest(proxied: ProxiedTransport): void {
    const rest = this.#rest;
    if (rest === null || proxied.paused) return;
    this.#rest = null;
    if (this.#transport.disconnecting || this.#inner === null) return;
    // They came before TLS was asked for, and cannot be handed back to the handshake.
    if (proxied.tlsStarted && !this.#wasSecure) this.#transport.abortConnection();
    else this.#inner.dataReceived(rest);
    if (!proxied.paused && !this.#transport.disconnecting) this.#transport.resumeProducing();
  }

  /** Only if the protocol inside has it: it says how the connection ends. */
  get readConnectionLost(): (() => void) | undefined {
    const inner = this.#inner;
    return inner?.readConnectionLost && (() => inner.readConnectionLost!());
  }

  writeConnectionLost(): void {
    return this.#inner?.writeConnectionLost?.();
  }

  handshakeCompleted(): void {
    return this.#inner?.handshakeCompleted?.();
  }

  connectionLost(reason: Failure): void {
    this.#noLimit();
    const inner = this.#inner;
    this.#inner = null;
    this.#refused = true;
    this.#rest = null;
    return inner?.connectionLost(reason);
  }

  #refuse(): void {
    this.#refused = true;
    this.#noLimit();
    this.#transport.loseConnection();
  }

  #noLimit(): void {
    if (this.#limit?.active()) this.#limit.cancel();
    this.#limit = null;
  }
}
