/**
 * `ClientCreator`: one connection, one protocol, no factory to write.
 * @module
 */
import { Deferred, type Failure } from "@ropewalk/deferred";
import type {
  Connector,
  ConnectTCPOptions,
  ReactorTCP,
  ReactorTLS,
  ReactorUNIX,
  StreamProtocol,
  TLSClientOptions,
} from "@ropewalk/reactor/core";
import { ClientFactory } from "./factory.ts";

/**
 * Connects a protocol once. For what is to be connected again use `ReconnectingClientFactory`.
 *
 * @typeParam P The protocol's class.
 * @typeParam A The arguments of its constructor.
 *
 * @example
 * ```ts
 * import { ClientCreator, LineReceiver } from "@ropewalk/protocols";
 * import type { Reactor } from "@ropewalk/reactor/core";
 *
 * async function ask(reactor: Reactor) {
 *   const protocol = await new ClientCreator(reactor, LineReceiver).connectTCP("localhost", 7);
 *   protocol.sendLine("hello");
 * }
 * ```
 */
export class ClientCreator<P extends StreamProtocol, A extends unknown[], R> {
  readonly #args: A;

  /**
   * Nothing is connected yet.
   *
   * @param reactor Makes the connections.
   * @param Protocol The class of the protocol.
   * @param args Given to its constructor.
   */
  constructor(readonly reactor: R, readonly Protocol: new (...args: A) => P, ...args: A) {
    this.#args = args;
  }

  /**
   * Connects by TCP.
   *
   * @returns The connected protocol; cancelling stops the attempt.
   */
  connectTCP(
    this: ClientCreator<P, A, Pick<ReactorTCP, "connectTCP">>,
    host: string,
    port: number,
    options?: ConnectTCPOptions,
  ): Deferred<P> {
    return this.#connect((factory) => this.reactor.connectTCP(host, port, factory, options));
  }

  /** Connects by TLS over TCP, as {@linkcode connectTCP}. */
  connectTLS(
    this: ClientCreator<P, A, Pick<ReactorTLS, "connectTLS">>,
    host: string,
    port: number,
    tls?: TLSClientOptions,
    options?: ConnectTCPOptions,
  ): Deferred<P> {
    return this.#connect((factory) => this.reactor.connectTLS(host, port, factory, tls, options));
  }

  /** Connects to a UNIX socket, as {@linkcode connectTCP}. */
  connectUNIX(
    this: ClientCreator<P, A, Pick<ReactorUNIX, "connectUNIX">>,
    path: string,
    options?: { timeoutSeconds?: number },
  ): Deferred<P> {
    return this.#connect((factory) => this.reactor.connectUNIX(path, factory, options));
  }

  #connect(connect: (factory: ClientFactory) => Connector): Deferred<P> {
    let connector: Connector | null = null;
    const result = new Deferred<P>(() => {
      factory.wanted = false;
      connector?.disconnect();
    });
    const factory = new OneConnection(new this.Protocol(...this.#args), result);
    connector = connect(factory);
    return result;
  }
}

class OneConnection<P extends StreamProtocol> extends ClientFactory {
  /** False once the result was cancelled: nobody waits for it then. */
  wanted = true;
  readonly #instance: P;
  readonly #result: Deferred<P>;

  constructor(instance: P, result: Deferred<P>) {
    super();
    this.#instance = instance;
    this.#result = result;
  }

  override buildProtocol(): StreamProtocol | null {
    if (!this.wanted) return null;
    const instance = this.adopt(this.#instance);
    // Whoever waits finds the protocol connected: `connectionMade` comes first, then the result.
    const makeConnection = instance.makeConnection;
    instance.makeConnection = (transport) => {
      instance.makeConnection = makeConnection;
      instance.makeConnection(transport);
      if (this.wanted) this.#result.callback(instance);
    };
    return instance;
  }

  override clientConnectionFailed(_connector: Connector, reason: Failure): void {
    if (this.wanted && !this.#result.called) this.#result.errback(reason);
  }
}
