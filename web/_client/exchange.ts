/**
 * One request of an agent, from the call to the head of the response: waiting for a connection, perhaps a second try.
 * @module
 */
import { CancelledError, Deferred, Failure } from "@ropewalk/deferred";
import type { ClientEndpoint, DelayedCall, ReactorTime } from "@ropewalk/reactor/core";
import type { HTTPConnection } from "./connection.ts";
import {
  HTTPTimeoutError,
  RequestNotSent,
  RequestTransmissionFailed,
  ResponseNeverReceived,
  type TimeoutPhase,
} from "./errors.ts";
import type { ResponseLimits } from "./options.ts";
import type { ClientRequest, ResponseHandler } from "./request.ts";
import type { ClientResponse } from "./response.ts";

/** How a server is reached, and under which name its connections are kept. */
export interface Route {
  /** Connections with the same key are as good as each other. */
  readonly key: string;
  /** Makes a connection. */
  readonly endpoint: ClientEndpoint;
  /** How much of a response is accepted. */
  readonly limits: ResponseLimits;
}

/** What an exchange waits for before it has a connection. */
export interface Waiting {
  /** Stops waiting; the exchange's `failed` is called before this returns. */
  giveUp(reason: Failure): void;
}

/** Gives connections to exchanges. */
export interface Dispatcher {
  /** Calls `use` of the exchange, now or later, or `failed`. */
  dispatch(exchange: Exchange): void;
  /** As {@linkcode dispatch}, with a connection that is new. */
  dispatchAnew(exchange: Exchange): void;
}

/** One request. */
export class Exchange implements ResponseHandler {
  /** Fires with the response. */
  readonly deferred: Deferred<ClientResponse>;
  /** What is sent. */
  readonly request: ClientRequest;
  /** The way to the server. */
  readonly route: Route;
  readonly #dispatcher: Dispatcher;
  readonly #reactor: ReactorTime;
  #waiting: Waiting | null = null;
  #connection: HTTPConnection | null = null;
  #mayRetry: boolean;
  #cached = false;
  #timer: DelayedCall | null = null;

  constructor(
    dispatcher: Dispatcher,
    reactor: ReactorTime,
    route: Route,
    request: ClientRequest,
    mayRetry: boolean,
  ) {
    this.#dispatcher = dispatcher;
    this.#reactor = reactor;
    this.route = route;
    this.request = request;
    this.#mayRetry = mayRetry;
    this.deferred = new Deferred<ClientResponse>(() => this.#giveUp(new Failure(new CancelledError())));
  }

  /** Begins. */
  start(): void {
    const { totalTimeoutSeconds } = this.request.timeouts;
    if (totalTimeoutSeconds !== Infinity) {
      this.request.deadline = this.#reactor.seconds() + totalTimeoutSeconds;
      this.#timeOutAfter("total", totalTimeoutSeconds);
    }
    this.#dispatcher.dispatch(this);
  }

  /** There is no connection yet. */
  wait(waiting: Waiting, queued: boolean): void {
    this.#waiting = waiting;
    const { poolTimeoutSeconds, totalTimeoutSeconds } = this.request.timeouts;
    if (queued && poolTimeoutSeconds < totalTimeoutSeconds) this.#timeOutAfter("pool", poolTimeoutSeconds);
  }

  /** Here is a connection; `cached` if it has carried other requests. */
  use(connection: HTTPConnection, cached: boolean): void {
    this.#stopTimer();
    this.#waiting = null;
    this.#connection = connection;
    this.#cached = cached;
    connection.send(this.request, this);
  }

  responded(response: ClientResponse): void {
    this.#connection = null;
    if (!this.deferred.called) this.deferred.callback(response);
    else response.abort();
  }

  failed(failure: Failure): void {
    this.#stopTimer();
    this.#waiting = null;
    this.#connection = null;
    if (this.deferred.called) return;
    if (this.#cached && this.#mayRetry && this.request.idempotent && isStale(failure)) {
      this.#mayRetry = this.#cached = false;
      this.#dispatcher.dispatchAnew(this);
    } else this.deferred.errback(failure);
  }

  #giveUp(reason: Failure): void {
    this.#mayRetry = false;
    if (this.#connection !== null) this.#connection.cancel(reason);
    else this.#waiting?.giveUp(reason);
  }

  #timeOutAfter(phase: TimeoutPhase, seconds: number): void {
    this.#stopTimer();
    this.#timer = this.#reactor.callLater(seconds, () => {
      this.#timer = null;
      this.#giveUp(new Failure(new HTTPTimeoutError(phase, seconds)));
    });
  }

  #stopTimer(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }
}

// The server had closed the connection, as servers do with idle ones, and the request crossed the news.
function isStale({ value }: Failure): boolean {
  if (value instanceof RequestNotSent) return true;
  if (!(value instanceof ResponseNeverReceived || value instanceof RequestTransmissionFailed)) return false;
  return !value.reasons.some((reason) => reason.check(CancelledError) !== undefined);
}
