/**
 * The errors of `@ropewalk/reactor`, each with a stable `code`.
 * @module
 */
import { hostAndPort } from "./addresses.ts";

/** The base of this package's errors: each carries a stable code. */
export abstract class ReactorError extends Error {
  /** Stable identifier of this kind of error. */
  abstract readonly code: string;

  /** The name of its class. */
  override get name(): string {
    return this.constructor.name;
  }
}

// ---- connections that end

/** The connection was closed in an orderly way, by either side. */
export class ConnectionDone extends ReactorError {
  /** Stable identifier of this kind of error. */
  readonly code = "CONNECTION_DONE";
  /**
   * Makes one.
   *
   * @param message In words.
   * @param options `cause`: what lies behind it.
   */
  constructor(message = "Connection was closed cleanly", options?: ErrorOptions) {
    super(message, options);
  }
}

/** The connection broke. */
export class ConnectionLost extends ReactorError {
  /** Stable identifier of this kind of error. */
  readonly code: string = "CONNECTION_LOST";
  /**
   * Makes one.
   *
   * @param message In words.
   * @param options `cause`: what lies behind it.
   */
  constructor(message = "Connection to the other side was lost", options?: ErrorOptions) {
    super(message, options);
  }
}

/** We gave the connection up with `abortConnection`. */
export class ConnectionAborted extends ConnectionLost {
  /** Stable identifier of this kind of error. */
  override readonly code = "CONNECTION_ABORTED";
  /**
   * Makes one.
   *
   * @param message In words.
   * @param options `cause`: what lies behind it.
   */
  constructor(message = "Connection was aborted locally", options?: ErrorOptions) {
    super(message, options);
  }
}

// ---- connections that cannot be made

/** A connection could not be made. */
export class ConnectError extends ReactorError {
  /** Stable identifier of this kind of error. */
  readonly code: string = "CONNECT_ERROR";
  /**
   * Makes one.
   *
   * @param message In words.
   * @param options `cause`: what lies behind it.
   */
  constructor(message = "Cannot connect", options?: ErrorOptions) {
    super(message, options);
  }
}

/** Nobody listens there. */
export class ConnectionRefusedError extends ConnectError {
  /** Stable identifier of this kind of error. */
  override readonly code = "CONNECTION_REFUSED";
  /**
   * Makes one.
   *
   * @param message In words.
   * @param options `cause`: what lies behind it.
   */
  constructor(message = "Connection was refused by the other side", options?: ErrorOptions) {
    super(message, options);
  }
}

/** No route leads there. */
export class NoRouteError extends ConnectError {
  /** Stable identifier of this kind of error. */
  override readonly code = "NO_ROUTE";
  /**
   * Makes one.
   *
   * @param message In words.
   * @param options `cause`: what lies behind it.
   */
  constructor(message = "No route to the host", options?: ErrorOptions) {
    super(message, options);
  }
}

/** The attempt took too long. */
export class TimeoutError extends ConnectError {
  /** Stable identifier of this kind of error. */
  override readonly code = "CONNECT_TIMEOUT";
  /**
   * Makes one.
   *
   * @param message In words.
   * @param options `cause`: what lies behind it.
   */
  constructor(message = "Connecting took too long", options?: ErrorOptions) {
    super(message, options);
  }
}

/** The attempt was stopped by the user. */
export class UserError extends ConnectError {
  /** Stable identifier of this kind of error. */
  override readonly code = "USER_ERROR";
  /**
   * Makes one.
   *
   * @param message In words.
   * @param options `cause`: what lies behind it.
   */
  constructor(message = "The user stopped the attempt to connect", options?: ErrorOptions) {
    super(message, options);
  }
}

/** The attempt's Deferred was cancelled. */
export class ConnectingCancelledError extends ReactorError {
  /** Stable identifier of this kind of error. */
  readonly code = "CONNECTING_CANCELLED";
  /**
   * Makes one.
   *
   * @param address Where to.
   */
  constructor(readonly address: unknown, options?: ErrorOptions) {
    super(`Connecting to ${address} was cancelled`, options);
  }
}

/** The host name leads to no address. */
export class DNSLookupError extends ConnectError {
  /** Stable identifier of this kind of error. */
  override readonly code = "DNS_LOOKUP";
  /**
   * Makes one.
   *
   * @param message In words.
   * @param options `cause`: what lies behind it.
   */
  constructor(message = "The host name could not be resolved", options?: ErrorOptions) {
    super(message, options);
  }
}

/** TLS could not be agreed on; the cause tells why. */
export class TLSError extends ConnectError {
  /** Stable identifier of this kind of error. */
  override readonly code = "TLS_ERROR";
  /**
   * Makes one.
   *
   * @param message In words.
   * @param options `cause`: what lies behind it.
   */
  constructor(message = "The TLS handshake failed", options?: ErrorOptions) {
    super(message, options);
  }
}

/** `buildProtocol` returned `null` for a connection that we asked for. */
export class NoProtocol extends ReactorError {
  /** Stable identifier of this kind of error. */
  readonly code = "NO_PROTOCOL";
  /**
   * Makes one.
   *
   * @param message In words.
   * @param options `cause`: what lies behind it.
   */
  constructor(message = "The factory built no protocol", options?: ErrorOptions) {
    super(message, options);
  }
}

// ---- ports

/** A port could not be bound. */
export class CannotListenError extends ReactorError {
  /** Stable identifier of this kind of error. */
  readonly code = "CANNOT_LISTEN";
  /**
   * Makes one.
   *
   * @param host The address that was asked for.
   * @param port The port, or the path of a UNIX socket.
   * @param cause What the system said.
   */
  constructor(readonly host: string, readonly port: number | string, cause: unknown) {
    const where = typeof port === "number" ? hostAndPort(host, port) : port.replace("\0", "@");
    super(`Cannot listen on ${where}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

// ---- delayed calls

/** The delayed call has run already. */
export class AlreadyCalled extends ReactorError {
  /** Stable identifier of this kind of error. */
  readonly code = "ALREADY_CALLED";
  /**
   * Makes one.
   *
   * @param message In words.
   * @param options `cause`: what lies behind it.
   */
  constructor(message = "Cannot change a delayed call: it has run", options?: ErrorOptions) {
    super(message, options);
  }
}

/** The delayed call was cancelled already. */
export class AlreadyCancelled extends ReactorError {
  /** Stable identifier of this kind of error. */
  readonly code = "ALREADY_CANCELLED";
  /**
   * Makes one.
   *
   * @param message In words.
   * @param options `cause`: what lies behind it.
   */
  constructor(message = "Cannot change a delayed call: it was cancelled", options?: ErrorOptions) {
    super(message, options);
  }
}

// ---- the reactor's life

/** `stop` on a reactor that does not run. */
export class ReactorNotRunning extends ReactorError {
  /** Stable identifier of this kind of error. */
  readonly code = "REACTOR_NOT_RUNNING";
  /**
   * Makes one.
   *
   * @param message In words.
   * @param options `cause`: what lies behind it.
   */
  constructor(message = "Cannot stop the reactor: it is not running", options?: ErrorOptions) {
    super(message, options);
  }
}

/** `run` on a reactor that runs. */
export class ReactorAlreadyRunning extends ReactorError {
  /** Stable identifier of this kind of error. */
  readonly code = "REACTOR_ALREADY_RUNNING";
  /**
   * Makes one.
   *
   * @param message In words.
   * @param options `cause`: what lies behind it.
   */
  constructor(message = "Cannot run the reactor: it is running", options?: ErrorOptions) {
    super(message, options);
  }
}

/** The host, or the flags it was started with, cannot do this. */
export class NotSupportedError extends ReactorError {
  /** Stable identifier of this kind of error. */
  readonly code = "NOT_SUPPORTED";
}

// ---- datagrams

/** A datagram is larger than the system sends. */
export class MessageLengthError extends ReactorError {
  /** Stable identifier of this kind of error. */
  readonly code = "MESSAGE_LENGTH";
  /**
   * Makes one.
   *
   * @param message In words.
   * @param options `cause`: what lies behind it.
   */
  constructor(message = "The datagram is too long", options?: ErrorOptions) {
    super(message, options);
  }
}
