/**
 * `PBClientFactory`: the client's end.
 * @module
 */
import type { Credentials } from "@ropewalk/cred";
import { Deferred, Failure, succeed } from "@ropewalk/deferred";
import { ClientFactory } from "@ropewalk/protocols";
import { type Address, ConnectingCancelledError, type Connector } from "@ropewalk/reactor/core";
import { Broker } from "./broker.ts";
import type { BrokerOptions } from "./broker_options.ts";
import { logIn } from "./login.ts";
import type { RemoteReference } from "./remote_reference.ts";
import type { Untyped } from "./types.ts";

/**
 * A factory for connections to a Perspective Broker server. Ask it for the root object or log in, before or after
 * it is given to `connectTCP` or an endpoint.
 *
 * @example
 * ```ts
 * import { PBClientFactory, type Root } from "@ropewalk/spread";
 *
 * interface Store extends Root {
 *   remote_get(key: string): string;
 * }
 * const factory = new PBClientFactory();
 * // reactor.connectTCP("127.0.0.1", 8789, factory);
 * factory.getRootObject<Store>()
 *   .addCallback((store) => store.callRemote("get", "k"))
 *   .addCallback((value) => console.log(value.toUpperCase()));
 * ```
 */
export class PBClientFactory extends ClientFactory {
  readonly #options: BrokerOptions;
  #broker: Broker | null = null;
  // The one that was built last, until its handshake is through.
  #coming: Broker | null = null;
  // Whether what is under way was given up: an attempt of an endpoint, which no connector tells of.
  #givenUp = false;
  #connector: Connector | null = null;
  #requests: Deferred<RemoteReference>[] = [];

  /**
   * Makes one.
   *
   * @param options For the connection.
   */
  constructor(options: BrokerOptions = {}) {
    super();
    this.#options = options;
  }

  /** Whether the peer gets the stacks of our errors. */
  get unsafeTracebacks(): boolean {
    return this.#options.unsafeTracebacks ?? false;
  }

  /** The connection, while there is one. */
  get broker(): Broker | null {
    return this.#broker;
  }

  /** A broker. If the attempt was given up meanwhile it is closed at once. */
  override buildProtocol(_address: Address): Broker {
    const broker = this.#coming = new Broker(true, this.#options);
    broker.onReady = (ready) => this.clientConnectionMade(ready);
    broker.onLost = (lost, reason) => this.#lost(lost, reason);
    if (this.#givenUp) giveUp(broker);
    return this.adopt(broker);
  }

  /** The attempt begins. */
  override startedConnecting(connector: Connector): void {
    this.#connector = connector;
  }

  /** The attempt failed: so does everything that waits for the connection. */
  override clientConnectionFailed(_connector: Connector, reason: Failure): void {
    this.#connector = null;
    this.#failAll(reason);
  }

  /**
   * The connection was lost.
   *
   * @param reconnecting True, given by a subclass that connects again: requests wait for the next connection.
   */
  override clientConnectionLost(_connector: Connector, reason: Failure, reconnecting = false): void {
    this.#broker = null;
    if (!reconnecting) {
      this.#connector = null;
      this.#failAll(reason);
    }
  }

  /** The handshake is through: requests are answered. */
  clientConnectionMade(broker: Broker): void {
    this.#coming = null;
    this.#broker = broker;
    const requests = this.#requests;
    this.#requests = [];
    for (const request of requests) request.callback(broker.remoteForName("root"));
  }

  // Connections that were made through an endpoint have no connector to hear it from.
  #lost(broker: Broker, reason: Failure): void {
    if (this.#broker === broker) this.#broker = null;
    if (this.#coming === broker) this.#coming = null;
    if (this.#connector === null) this.#failAll(reason);
  }

  #failAll(reason: Failure): void {
    const requests = this.#requests;
    this.#requests = [];
    for (const request of requests) request.errback(reason);
  }

  /**
   * The server's root object, as soon as there is a connection. Nothing is sent for it.
   *
   * @typeParam T Its class, for the names and types of its methods.
   * @returns A Deferred that fails with `ConnectionRefusedError` and the like if the connection cannot be made.
   */
  getRootObject<T = Untyped>(): Deferred<RemoteReference<T>> {
    const broker = this.#broker;
    if (broker !== null && !broker.disconnected) {
      return succeed(broker.remoteForName("root") as unknown as RemoteReference<T>);
    }
    const request: Deferred<RemoteReference> = new Deferred<RemoteReference>((cancelled) => {
      this.#requests = this.#requests.filter((other) => other !== cancelled);
    });
    this.#requests.push(request);
    return request as unknown as Deferred<RemoteReference<T>>;
  }

  /**
   * Logs in.
   *
   * @typeParam T The avatar's class.
   * @param credentials A `UsernamePassword` or `Anonymous`.
   * @param mind An object of ours that the avatar can call.
   * @returns The avatar. Fails with a `RemoteError` of type `twisted.cred.error.UnauthorizedLogin` if the server refuses,
   * and with what broke the connection otherwise.
   */
  login<T = Untyped>(credentials: Credentials, mind: unknown = null): Deferred<RemoteReference<T>> {
    return this.getRootObject().addCallback((root) => logIn(root, credentials, mind)) as unknown as Deferred<
      RemoteReference<T>
    >;
  }

  /** All attempts of endpoints are over: one that comes after a {@linkcode disconnect} is a new one. */
  override stopFactory(): void {
    this.#givenUp = false;
    super.stopFactory();
  }

  /**
   * Closes the connection, or gives the attempt up, be it a connector's or an endpoint's: what waits for it fails with
   * `ConnectingCancelledError`.
   */
  disconnect(): void {
    if (this.#broker !== null) this.#broker.transport.loseConnection();
    else if (this.#connector !== null) this.#connector.disconnect();
    else if (this.#coming !== null || this.numPorts > 0) {
      if (this.#coming === null) this.#givenUp = true;
      else giveUp(this.#coming);
      this.#failAll(new Failure(new ConnectingCancelledError("the server")));
    }
  }
}

// Closes a connection that is not ready; one that is not even made is closed when it is.
function giveUp(broker: Broker): void {
  if (broker.connected) broker.transport.abortConnection();
  else broker.connectionMade = () => broker.transport.abortConnection();
}
