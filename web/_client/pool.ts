/**
 * `HTTPConnectionPool`: connections that wait for the next request.
 *
 * ```text
 *   pool ── "http://a:80" ──► idle  [c1 c2]      the newest is used first, the oldest is closed when there are too many
 *       │                     open  5            with maxConnectionsPerHost, exchanges queue when it is reached
 *       │                     queue [e8 e9]
 *       └── "https://b:443" ► …                  forgotten when all three are empty
 * ```
 * @module
 */
import { CancelledError, Deferred, type Failure, succeed } from "@ropewalk/deferred";
import type { Address, FactoryOf, ReactorTime } from "@ropewalk/reactor/core";
import { HTTPConnection } from "./connection.ts";
import type { ConnectionOwner } from "./connection_owner.ts";
import type { Exchange, Waiting } from "./exchange.ts";

/** Options of {@linkcode HTTPConnectionPool}. */
export interface HTTPConnectionPoolOptions {
  /** Whether connections are used again at all. @default true */
  persistent?: boolean;
  /** How many idle connections are kept for each scheme, host and port. @default 2 */
  maxPersistentPerHost?: number;
  /** How many connections there may be to each; further requests wait. @default Infinity */
  maxConnectionsPerHost?: number;
  /** How long an idle connection is kept, in seconds. @default 240 */
  cachedConnectionTimeoutSeconds?: number;
  /**
   * Whether a request is sent once more, on a new connection, when the idle one it was sent on turns out to be closed.
   * Only GET, HEAD, OPTIONS, TRACE and DELETE without a body are. @default true
   */
  retryAutomatically?: boolean;
}

/**
 * Keeps connections open between requests. Several agents may share one.
 *
 * @example
 * ```ts
 * import { Agent, HTTPConnectionPool } from "@ropewalk/web/client";
 * import type { Reactor } from "@ropewalk/reactor/core";
 *
 * function makeAgent(reactor: Reactor) {
 *   const pool = new HTTPConnectionPool(reactor, { maxPersistentPerHost: 8 });
 *   return new Agent(reactor, { pool });
 * }
 * ```
 */
export class HTTPConnectionPool implements AsyncDisposable {
  /** Whether connections are used again at all. */
  readonly persistent: boolean;
  /** How many idle connections are kept for each scheme, host and port. */
  maxPersistentPerHost: number;
  /** How many connections there may be to each. */
  maxConnectionsPerHost: number;
  /** How long an idle connection is kept, in seconds. */
  cachedConnectionTimeoutSeconds: number;
  /** Whether a request is sent once more when its idle connection was closed. */
  retryAutomatically: boolean;
  /** The reactor whose time it takes. */
  readonly reactor: ReactorTime;
  readonly #hosts = new Map<string, Host>();
  #open = 0;

  /**
   * Makes an empty pool.
   *
   * @param reactor Its clock runs the time-outs.
   * @param options What is kept, and how long.
   * @throws {RangeError} If a limit is negative or not a number.
   */
  constructor(reactor: ReactorTime, options: HTTPConnectionPoolOptions = {}) {
    this.reactor = reactor;
    this.persistent = options.persistent ?? true;
    this.maxPersistentPerHost = limit("maxPersistentPerHost", options.maxPersistentPerHost ?? 2, 0);
    this.maxConnectionsPerHost = limit("maxConnectionsPerHost", options.maxConnectionsPerHost ?? Infinity, 1);
    this.cachedConnectionTimeoutSeconds = limit(
      "cachedConnectionTimeoutSeconds",
      options.cachedConnectionTimeoutSeconds ?? 240,
      0,
    );
    this.retryAutomatically = options.retryAutomatically ?? true;
  }

  /** How many connections are open, and how many of them idle. */
  get stats(): { open: number; idle: number } {
    let idle = 0;
    for (const host of this.#hosts.values()) idle += host.idle.length;
    return { open: this.#open, idle };
  }

  /**
   * Closes all idle connections. Those in use live on, and come back.
   *
   * @returns Fires when they are closed.
   */
  closeCachedConnections(): Deferred<void> {
    const idle = [...this.#hosts.values()].flatMap((host) => host.idle);
    if (idle.length === 0) return succeed();
    let left = idle.length;
    const done = new Deferred<void>();
    for (const connection of idle) {
      connection.whenLost = () => {
        if (--left === 0) done.callback();
      };
      connection.close();
    }
    return done;
  }

  /** As {@linkcode closeCachedConnections}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.closeCachedConnections();
  }

  /** @ignore Finds a connection for an exchange. */
  dispatch(exchange: Exchange): void {
    this.#host(exchange.route.key).dispatch(exchange);
  }

  /** @ignore Makes a connection for an exchange. */
  dispatchAnew(exchange: Exchange): void {
    this.#host(exchange.route.key).dispatchAnew(exchange);
  }

  /** @ignore */
  _opened(change: 1 | -1): void {
    this.#open += change;
  }

  /** @ignore */
  _forget(key: string): void {
    this.#hosts.delete(key);
  }

  #host(key: string): Host {
    let host = this.#hosts.get(key);
    if (host === undefined) {
      host = new Host(this, key);
      this.#hosts.set(key, host);
    }
    return host;
  }
}

function limit(name: string, value: number, least: number): number {
  if (!(value >= least)) throw new RangeError(`Cannot set ${name}: ${value} is no limit`);
  return value;
}

/** The connections to one server. */
class Host {
  readonly idle: HTTPConnection[] = [];
  readonly #pool: HTTPConnectionPool;
  readonly #key: string;
  #open = 0;
  #queue: Exchange[] = [];

  constructor(pool: HTTPConnectionPool, key: string) {
    this.#pool = pool;
    this.#key = key;
  }

  dispatch(exchange: Exchange): void {
    const connection = this.idle.pop();
    if (connection !== undefined) exchange.use(connection, true);
    else this.dispatchAnew(exchange);
  }

  dispatchAnew(exchange: Exchange): void {
    if (this.#open < this.#pool.maxConnectionsPerHost) this.connect(exchange);
    else {
      this.#queue.push(exchange);
      exchange.wait({
        giveUp: (reason) => {
          this.#queue.splice(this.#queue.indexOf(exchange), 1);
          exchange.failed(reason);
        },
      }, true);
    }
  }

  connect(exchange: Exchange): void {
    this.#open++;
    this.#pool._opened(1);
    new Attempt(this, this.#pool.persistent).start(exchange);
  }

  connectionIdle(connection: HTTPConnection): void {
    const pool = this.#pool;
    const next = this.#queue.shift();
    if (next !== undefined) {
      next.use(connection, true);
      return;
    }
    if (pool.maxPersistentPerHost === 0) {
      connection.close();
      return;
    }
    while (this.idle.length >= pool.maxPersistentPerHost) this.idle[0]!.close(); // takes itself out
    this.idle.push(connection);
    connection.closeAfter(pool.cachedConnectionTimeoutSeconds);
  }

  connectionGone(connection: HTTPConnection | null): void {
    if (connection !== null) {
      const at = this.idle.indexOf(connection);
      if (at >= 0) this.idle.splice(at, 1);
    }
    this.#open--;
    this.#pool._opened(-1);
    const next = this.#open < this.#pool.maxConnectionsPerHost ? this.#queue.shift() : undefined;
    if (next !== undefined) this.connect(next);
    else if (this.#open === 0) this.#pool._forget(this.#key);
  }
}

/** One try to connect; then the owner of the connection. */
class Attempt implements FactoryOf<HTTPConnection>, ConnectionOwner, Waiting {
  readonly #host: Host;
  readonly #persistent: boolean;
  #exchange: Exchange | null = null;
  #connecting: Deferred<unknown> | null = null;

  constructor(host: Host, persistent: boolean) {
    this.#host = host;
    this.#persistent = persistent;
  }

  start(exchange: Exchange): void {
    this.#exchange = exchange;
    exchange.wait(this, false);
    const connecting = exchange.route.endpoint.connect(this);
    this.#connecting = connecting;
    connecting.addErrback((failure) => this.#failed(failure));
  }

  giveUp(reason: Failure): void {
    if (reason.check(CancelledError) === undefined) this.#failed(reason);
    this.#connecting?.cancel(); // the endpoint says in its own words what came of it
    this.#failed(reason);
  }

  #failed(failure: Failure): void {
    const exchange = this.#exchange;
    if (exchange === null) return; // it is connected, or given up
    this.#exchange = null;
    this.#host.connectionGone(null);
    exchange.failed(failure);
  }

  doStart(): void {}

  doStop(): void {}

  buildProtocol(_address: Address): HTTPConnection | null {
    if (this.#exchange === null) return null;
    return new HTTPConnection(this, this.#persistent, this.#exchange.route.limits);
  }

  connectionReady(connection: HTTPConnection): void {
    const exchange = this.#exchange;
    this.#exchange = null;
    if (exchange === null) connection.close();
    else exchange.use(connection, false);
  }

  connectionIdle(connection: HTTPConnection): void {
    this.#host.connectionIdle(connection);
  }

  connectionGone(connection: HTTPConnection): void {
    this.#host.connectionGone(connection);
  }
}
