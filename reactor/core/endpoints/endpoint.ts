/**
 * Endpoints: where to listen or connect, apart from what is spoken there.
 * @module
 */
import { Deferred, type Failure } from "@ropewalk/deferred";
import type { Address } from "../addresses.ts";
import { ConnectingCancelledError, NoProtocol } from "../errors.ts";
import type {
  ClientProtocolFactory,
  Connector,
  ListeningPort,
  ProtocolFactory,
  StreamProtocol,
  Transport,
} from "../interfaces.ts";

/** A factory whose protocols are of a known class. */
export interface FactoryOf<P extends StreamProtocol> extends ProtocolFactory {
  /** A protocol for one new connection, or `null` to refuse it. */
  buildProtocol(address: Address): P | null;
}

/** A place to connect to. */
export interface ClientEndpoint {
  /**
   * Connects.
   *
   * @param factory Builds the protocol of the connection.
   * @returns Fires with the protocol once its `connectionMade` has run. Cancelling it stops the attempt, and fails it
   * with `ConnectingCancelledError`. Fails with `NoProtocol` if the factory builds none.
   */
  connect<P extends StreamProtocol>(factory: FactoryOf<P>): Deferred<P>;
}

/** A place to listen at. */
export interface ServerEndpoint {
  /**
   * Listens.
   *
   * @param factory Builds the protocol of each connection.
   * @returns Fires with the port once it is bound, or fails with `CannotListenError`. Cancelling it before closes the port.
   */
  listen(factory: ProtocolFactory): Deferred<ListeningPort>;
}

/**
 * Connects one protocol that is there already.
 *
 * @returns Fires with the protocol.
 */
export function connectProtocol<P extends StreamProtocol>(
  endpoint: ClientEndpoint,
  protocol: P,
): Deferred<P> {
  return endpoint.connect<P>({ doStart() {}, doStop() {}, buildProtocol: () => protocol });
}

/**
 * Connects by one of a reactor's `connect…` methods, for those who write an endpoint.
 *
 * @param connect Calls the method with the factory it is given.
 * @param factory Builds the protocol.
 */
export function connectWith<P extends StreamProtocol>(
  connect: (factory: ClientProtocolFactory) => Connector,
  factory: FactoryOf<P>,
): Deferred<P> {
  const attempt = new Attempt(factory);
  try {
    attempt.connector = connect(attempt);
  } catch (error) {
    attempt.fail(error as Error);
  }
  return attempt.done;
}

/**
 * Listens by one of a reactor's `listen…` methods, for those who write an endpoint.
 *
 * @param listen Calls the method.
 */
export function listenWith(listen: () => ListeningPort): Deferred<ListeningPort> {
  let port: ListeningPort | null = null;
  const done = new Deferred<ListeningPort>(() => void port?.stopListening());
  try {
    port = listen();
    port.ready.addCallbacks((bound) => {
      if (!done.called) done.callback(bound);
      return bound;
    }, (failure) => {
      if (!done.called) done.errback(failure);
    });
  } catch (error) {
    done.errback(error as Error);
  }
  return done;
}

/** One attempt of an endpoint to connect. */
class Attempt<P extends StreamProtocol> implements ClientProtocolFactory {
  readonly done: Deferred<P>;
  connector: Connector | null = null;
  readonly #factory: FactoryOf<P>;
  #cancelled = false;

  constructor(factory: FactoryOf<P>) {
    this.#factory = factory;
    this.done = new Deferred<P>(() => {
      this.#cancelled = true;
      const { connector } = this;
      connector?.disconnect();
      if (connector !== null) this.fail(new ConnectingCancelledError(connector.getDestination()));
    });
  }

  fail(reason: Error | Failure): void {
    if (!this.done.called) this.done.errback(reason);
  }

  doStart(): void {
    return this.#factory.doStart();
  }

  doStop(): void {
    return this.#factory.doStop();
  }

  startedConnecting(connector: Connector): void {
    this.connector = connector;
  }

  buildProtocol(address: Address): StreamProtocol | null {
    if (this.done.called) return null;
    let protocol: P | null;
    try {
      protocol = this.#factory.buildProtocol(address);
    } catch (error) {
      this.fail(error instanceof Error ? error : new NoProtocol(String(error)));
      return null;
    }
    if (this.#cancelled) return null; // by the factory
    if (protocol === null) {
      this.fail(new NoProtocol());
      return null;
    }
    return new Watched(protocol, () => {
      if (!this.done.called) this.done.callback(protocol);
    });
  }

  clientConnectionFailed(connector: Connector, reason: Failure): void {
    this.fail(this.#cancelled ? new ConnectingCancelledError(connector.getDestination()) : reason);
  }

  clientConnectionLost(_connector: Connector, reason: Failure): void {
    this.fail(reason);
  }
}

/** Passes on what a transport tells a protocol, for those who write an endpoint and have something to add. */
export class PassingOn implements StreamProtocol {
  /**
   * Makes one.
   *
   * @param inner The protocol.
   */
  constructor(protected readonly inner: StreamProtocol) {}

  /** As the protocol says. */
  get borrowsData(): boolean {
    return this.inner.borrowsData === true;
  }

  /** Only if the protocol has it at that moment: it says how the connection ends. */
  get readConnectionLost(): (() => void) | undefined {
    const { inner } = this;
    return inner.readConnectionLost && (() => inner.readConnectionLost!());
  }

  /** Passed on. */
  makeConnection(transport: Transport): void {
    return this.inner.makeConnection(transport);
  }

  /** Passed on. */
  handshakeCompleted(): void {
    return this.inner.handshakeCompleted?.();
  }

  /** Passed on. */
  dataReceived(data: Uint8Array): void {
    return this.inner.dataReceived(data);
  }

  /** Passed on. */
  writeConnectionLost(): void {
    return this.inner.writeConnectionLost?.();
  }

  /** Passed on. */
  connectionLost(reason: Failure): void {
    return this.inner.connectionLost(reason);
  }
}

// Tells somebody when the protocol is connected.
class Watched extends PassingOn {
  readonly #connected: () => void;

  constructor(inner: StreamProtocol, connected: () => void) {
    super(inner);
    this.#connected = connected;
  }

  override makeConnection(transport: Transport): void {
    const made = super.makeConnection(transport);
    this.#connected();
    return made;
  }
}
