/**
 * `LastingClient`: a client whose connection comes back.
 *
 * ```text
 *            ┌────────────── the delay is over ◄──────────────┐
 *            ▼                                                │
 *   start ─► connecting ─► logging in ─► connected ─► lost ─► waiting
 *                │              │                             ▲
 *                └── failed ────┼── lost ─────────────────────┘
 *                               └── refused ─► stopped (waiting calls fail with the refusal)
 * ```
 * @module
 */
import type { Credentials } from "@ropewalk/cred";
import { CancelledError, Deferred, type Failure, maybeDeferred, type TimeProvider } from "@ropewalk/deferred";
import type { ClientEndpoint } from "@ropewalk/reactor/core";
import type { Broker } from "./broker.ts";
import type { BrokerOptions } from "./broker_options.ts";
import { PBClientFactory } from "./client_factory.ts";
import { DeadReferenceError, PBConnectionLost, RemoteError } from "./errors.ts";
import type { RemoteReference } from "./remote_reference.ts";
import type { Arguments, MethodName, Result, Untyped } from "./types.ts";

/** Options of {@linkcode LastingClient}. */
export interface LastingClientOptions extends BrokerOptions {
  /** Where the delays take their time from. */
  reactor: TimeProvider;
  /** What to log in with, each time; without them the root object is what calls go to. */
  credentials?: Credentials;
  /** An object of ours that the avatar can call. */
  mind?: unknown;
  /** The first delay before connecting again. @default 1 */
  initialDelaySeconds?: number;
  /** By how much each delay is longer than the one before. @default 1.5 */
  factor?: number;
  /** No delay is longer, jitter apart. @default 60 */
  maxDelaySeconds?: number;
  /** Chance, from 0 to 1: up to a second is added to each delay, so that not all clients come at once. */
  random?: () => number;
}

interface Waiter<T> {
  readonly d: Deferred<RemoteReference<T>>;
}

/**
 * Keeps one connection to a server, logs in again whenever it was lost, and makes calls to whatever it got: the avatar, or
 * the root object.
 *
 * @typeParam T The class of the avatar or root.
 *
 * @example
 * ```ts
 * import { clientFromString, type Reactor } from "@ropewalk/reactor";
 * import { LastingClient, type Root } from "@ropewalk/spread";
 *
 * interface Store extends Root {
 *   remote_get(key: string): string;
 * }
 * function watch(reactor: Reactor) {
 *   const client = new LastingClient<Store>(clientFromString(reactor, "tcp:127.0.0.1:8789"), { reactor });
 *   client.start();
 *   return client.callIdempotent("get", "k"); // tried again if the connection breaks
 * }
 * ```
 */
export class LastingClient<T = Untyped> {
  readonly #endpoint: ClientEndpoint;
  readonly #options: LastingClientOptions;
  #running = false;
  #attempt: Deferred<unknown> | null = null;
  #broker: Broker | null = null;
  #reference: RemoteReference<T> | null = null;
  #delayed: ReturnType<TimeProvider["callLater"]> | null = null;
  #delaySeconds: number;
  #waiters: Waiter<T>[] = [];

  /**
   * Makes one that does nothing until {@linkcode start}.
   *
   * @param endpoint Where the server is.
   * @param options The reactor, what to log in with, and the delays.
   */
  constructor(endpoint: ClientEndpoint, options: LastingClientOptions) {
    this.#endpoint = endpoint;
    this.#options = options;
    this.#delaySeconds = options.initialDelaySeconds ?? 1;
  }

  /** What calls go to now, or `null` while there is no connection. */
  get reference(): RemoteReference<T> | null {
    return this.#reference;
  }

  /** Begins to connect. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#connect();
  }

  /** Closes the connection and connects no more; what waits for a connection fails with `CancelledError`. */
  stop(): void {
    this.#stop(new CancelledError("The client was stopped"));
  }

  /**
   * What calls go to, as soon as there is a connection.
   *
   * @returns Fails if the server refuses the login, or the client is stopped.
   */
  whenConnected(): Deferred<RemoteReference<T>> {
    const d: Deferred<RemoteReference<T>> = new Deferred(() => {
      this.#waiters = this.#waiters.filter((waiter) => waiter.d !== d);
    });
    // Calls fail before it is told that the connection is lost: what they call again for is the next one.
    const reference = this.#reference;
    if (reference !== null && !reference.broker.disconnected) d.callback(reference);
    else this.#waiters.push({ d });
    return d;
  }

  /**
   * Calls a method, once there is a connection. If the connection is lost before the answer comes, it fails with
   * `PBConnectionLost`: nobody knows whether the call was carried out.
   */
  callRemote<N extends MethodName<T>>(name: N, ...args: Arguments<T, N>): Deferred<Result<T, N>> {
    return this.whenConnected().addCallback((reference) => reference.callRemote(name, ...args)) as Deferred<
      Result<T, N>
    >;
  }

  /**
   * As {@linkcode callRemote}, but tried again on the next connection for as long as connections break: for what may be
   * carried out more than once without harm. Cancel the result to give up.
   */
  callIdempotent<N extends MethodName<T>>(name: N, ...args: Arguments<T, N>): Deferred<Result<T, N>> {
    return this.callRemote(name, ...args).addErrback((failure: Failure) => {
      if (!this.#running || !failure.check(PBConnectionLost, DeadReferenceError)) return failure;
      return this.callIdempotent(name, ...args);
    }) as Deferred<Result<T, N>>;
  }

  #connect(): void {
    this.#delayed = null;
    const { credentials, mind } = this.#options;
    const factory = new PBClientFactory(this.#options);
    let broker: Broker | null = null;
    const attempt = maybeDeferred(() => this.#endpoint.connect<Broker>(factory))
      .addCallback((connected) => {
        broker = connected as Broker;
        this.#broker = broker;
        return credentials === undefined ? factory.getRootObject<T>() : factory.login<T>(credentials, mind);
      })
      .addCallbacks(
        (reference) => this.#connected(reference as RemoteReference<T>),
        (failure: Failure) => {
          if (!this.#running) return;
          // The server said no; it would say so again.
          if (failure.value instanceof RemoteError) this.#stop(failure.value);
          else this.#again(broker);
        },
      );
    this.#attempt = attempt as Deferred<unknown>;
  }

  #connected(reference: RemoteReference<T>): void {
    this.#attempt = null;
    if (!this.#running) return;
    this.#delaySeconds = this.#options.initialDelaySeconds ?? 1;
    this.#reference = reference;
    reference.broker.notifyOnDisconnect(() => {
      if (this.#reference !== reference) return;
      this.#reference = null;
      if (this.#running) this.#again(null);
    });
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const { d } of waiters) d.callback(reference);
  }

  #again(broker: Broker | null): void {
    this.#attempt = null;
    if (broker !== null && !broker.disconnected) broker.transport.abortConnection();
    this.#broker = null;
    const { reactor, factor = 1.5, maxDelaySeconds = 60, random = Math.random } = this.#options;
    const delay = this.#delaySeconds + random();
    this.#delaySeconds = Math.min(this.#delaySeconds * factor, maxDelaySeconds);
    this.#delayed = reactor.callLater(delay, () => this.#connect());
  }

  #stop(reason: Error): void {
    this.#running = false;
    if (this.#delayed?.active()) this.#delayed.cancel();
    this.#delayed = null;
    this.#attempt?.cancel();
    this.#attempt = null;
    this.#reference = null;
    if (this.#broker !== null && !this.#broker.disconnected) this.#broker.transport.loseConnection();
    this.#broker = null;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const { d } of waiters) d.errback(reason);
  }
}
