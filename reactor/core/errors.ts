/**
 * The errors of `@ropewalk/reactor`, each with a stable `code`.
 * @module
 */

/** A base for errors that carry a stable code. */
abstract class CodedError extends Error {
  /** Stable identifier of this kind of error. */
  abstract readonly code: string;

  override get name(): string {
    return this.constructor.name;
  }
}

// ---- connections that end

/** The connection was closed in an orderly way, by either side. */
export class ConnectionDone extends CodedError {
  readonly code = "CONNECTION_DONE";
  constructor(message = "Connection was closed cleanly", options?: ErrorOptions) {
    super(message, options);
  }
}

/** The connection broke. */
export class ConnectionLost extends CodedError {
  readonly code: string = "CONNECTION_LOST";
  constructor(message = "Connection to the other side was lost", options?: ErrorOptions) {
    super(message, options);
  }
}

/** We gave the connection up with `abortConnection`. */
export class ConnectionAborted extends ConnectionLost {
  override readonly code = "CONNECTION_ABORTED";
  constructor(message = "Connection was aborted locally", options?: ErrorOptions) {
    super(message, options);
  }
}

// ---- connections that cannot be made

/** A connection could not be made. */
export class ConnectError extends CodedError {
  readonly code: string = "CONNECT_ERROR";
  constructor(message = "Cannot connect", options?: ErrorOptions) {
    super(message, options);
  }
}

/** Nobody listens there. */
export class ConnectionRefusedError extends ConnectError {
  override readonly code = "CONNECTION_REFUSED";
  constructor(message = "Connection was refused by the other side", options?: ErrorOptions) {
    super(message, options);
  }
}

/** No route leads there. */
export class NoRouteError extends ConnectError {
  override readonly code = "NO_ROUTE";
  constructor(message = "No route to the host", options?: ErrorOptions) {
    super(message, options);
  }
}

/** The attempt took too long. */
export class TimeoutError extends ConnectError {
  override readonly code = "CONNECT_TIMEOUT";
  constructor(message = "Connecting took too long", options?: ErrorOptions) {
    super(message, options);
  }
}

/** The attempt was stopped by the user. */
export class UserError extends ConnectError {
  override readonly code = "USER_ERROR";
  constructor(message = "The user stopped the attempt to connect", options?: ErrorOptions) {
    super(message, options);
  }
}

/** The attempt's Deferred was cancelled. */
export class ConnectingCancelledError extends CodedError {
  readonly code = "CONNECTING_CANCELLED";
  /** @param address Where to. */
  constructor(readonly address: unknown, options?: ErrorOptions) {
    super(`Connecting to ${address} was cancelled`, options);
  }
}

/** The host name leads to no address. */
export class DNSLookupError extends ConnectError {
  override readonly code = "DNS_LOOKUP";
  constructor(message = "The host name could not be resolved", options?: ErrorOptions) {
    super(message, options);
  }
}

/** TLS could not be agreed on; the cause tells why. */
export class TLSError extends ConnectError {
  override readonly code = "TLS_ERROR";
  constructor(message = "The TLS handshake failed", options?: ErrorOptions) {
    super(message, options);
  }
}

/** `buildProtocol` returned `null` for a connection that we asked for. */
export class NoProtocol extends CodedError {
  readonly code = "NO_PROTOCOL";
  constructor(message = "The factory built no protocol", options?: ErrorOptions) {
    super(message, options);
  }
}

// ---- ports

/** A port could not be bound. */
export class CannotListenError extends CodedError {
  readonly code = "CANNOT_LISTEN";
  /**
   * @param host The address that was asked for.
   * @param port The port, or the path of a UNIX socket.
   * @param cause What the system said.
   */
  constructor(readonly host: string, readonly port: number | string, cause: unknown) {
    const where = typeof port === "number" ? `${host}:${port}` : port;
    super(`Cannot listen on ${where}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

// ---- delayed calls

/** The delayed call has run already. */
export class AlreadyCalled extends CodedError {
  readonly code = "ALREADY_CALLED";
  constructor(message = "Cannot change a delayed call: it has run", options?: ErrorOptions) {
    super(message, options);
  }
}

/** The delayed call was cancelled already. */
export class AlreadyCancelled extends CodedError {
  readonly code = "ALREADY_CANCELLED";
  constructor(message = "Cannot change a delayed call: it was cancelled", options?: ErrorOptions) {
    super(message, options);
  }
}

// ---- the reactor's life

/** `stop` on a reactor that does not run. */
export class ReactorNotRunning extends CodedError {
  readonly code = "REACTOR_NOT_RUNNING";
  constructor(message = "Cannot stop the reactor: it is not running", options?: ErrorOptions) {
    super(message, options);
  }
}

/** `run` on a reactor that runs. */
export class ReactorAlreadyRunning extends CodedError {
  readonly code = "REACTOR_ALREADY_RUNNING";
  constructor(message = "Cannot run the reactor: it is running", options?: ErrorOptions) {
    super(message, options);
  }
}

/** The host, or the flags it was started with, cannot do this. */
export class NotSupportedError extends CodedError {
  readonly code = "NOT_SUPPORTED";
}

// ---- datagrams

/** A datagram is larger than the system sends. */
export class MessageLengthError extends CodedError {
  readonly code = "MESSAGE_LENGTH";
  constructor(message = "The datagram is too long", options?: ErrorOptions) {
    super(message, options);
  }
}
