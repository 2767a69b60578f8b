/**
 * What can go wrong with AMP.
 * @module
 */

/** The base of AMP's errors. */
export class AmpError extends Error {
  /** Stable identifier of this kind of error. */
  readonly code: string = "AMP_ERROR";
  /** The name of the class. */
  override get name(): string {
    return this.constructor.name;
  }
}

/** A key or value does not fit the box: keys have up to 255 bytes, values up to 65,535. */
export class TooLong extends AmpError {
  /** Stable identifier of this kind of error. */
  override readonly code = "AMP_TOO_LONG";
  /**
   * Tells which one.
   *
   * @param key The key, or the key of the value.
   * @param isKey Whether the key itself is too long.
   * @param length How long it is, in bytes.
   */
  constructor(readonly key: string, readonly isKey: boolean, readonly length: number) {
    super(`Cannot send the ${isKey ? "key" : "value of"} ${key}: it has ${length} bytes`);
  }
}

/** A command was called with arguments that it does not take, or without those that it needs. */
export class InvalidSignature extends AmpError {
  /** Stable identifier of this kind of error. */
  override readonly code = "AMP_INVALID_SIGNATURE";
}

/** A responder returned something that the command's response cannot carry. */
export class BadLocalReturn extends AmpError {
  /** Stable identifier of this kind of error. */
  override readonly code = "AMP_BAD_LOCAL_RETURN";
}

/** The peer sent something that is no AMP: it loses the connection. */
export class AmpProtocolError extends AmpError {
  /** Stable identifier of this kind of error. */
  override readonly code = "AMP_PROTOCOL_ERROR";
}

/** The connection speaks another protocol by now. */
export class ProtocolSwitched extends AmpError {
  /** Stable identifier of this kind of error. */
  override readonly code = "AMP_PROTOCOL_SWITCHED";
}

/** TLS was asked for twice. */
export class OnlyOneTLS extends AmpError {
  /** Stable identifier of this kind of error. */
  override readonly code = "AMP_ONLY_ONE_TLS";
}

/** The peer answered with an error that the command does not declare. */
export class RemoteAmpError extends AmpError {
  /** Stable identifier of this kind of error. */
  override readonly code: string = "AMP_REMOTE_ERROR";
  /**
   * Tells what came.
   *
   * @param errorCode The code on the wire.
   * @param description The text on the wire.
   * @param fatal For an error that is sent: whether the connection is closed after it.
   */
  constructor(readonly errorCode: string, readonly description: string, readonly fatal = false) {
    super(`${errorCode}: ${description}`);
  }
}

/** The peer does not know the command. */
export class UnhandledCommand extends RemoteAmpError {
  /** Stable identifier of this kind of error. */
  override readonly code = "AMP_UNHANDLED_COMMAND";
}

/** The peer's responder failed with an error that the command does not declare; the text stays with the peer. */
export class UnknownRemoteError extends RemoteAmpError {
  /** Stable identifier of this kind of error. */
  override readonly code = "AMP_UNKNOWN_REMOTE_ERROR";
}
