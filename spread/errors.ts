/**
 * The errors of `@ropewalk/spread`, each with a stable `code` and, where Twisted has the same, its name on the wire.
 * @module
 */

/** Something cannot be said in banana, or what was received is no banana. */
export class BananaError extends Error {
  /** Its name on the wire. */
  static readonly wireName: string = "twisted.spread.banana.BananaError";
  /** Stable identifier of this kind of error. */
  readonly code: string = "BANANA";
  /** The name of the class. */
  override get name(): string {
    return this.constructor.name;
  }
}

/** The peer spoke banana, but said what has no meaning here: the connection is given up. */
export class ProtocolError extends Error {
  /** Its name on the wire. */
  static readonly wireName: string = "twisted.spread.pb.ProtocolError";
  /** Stable identifier of this kind of error. */
  readonly code = "PB_PROTOCOL";
  /** The name of the class. */
  override readonly name = "ProtocolError";
}

/** A value that cannot be sent, or a jellied one that makes no sense. */
export class JellyError extends Error {
  /** Stable identifier of this kind of error. */
  readonly code = "JELLY";
  /** The name of the class. */
  override readonly name = "JellyError";
}

/** A type that the security options do not let in. */
export class InsecureJelly extends Error {
  /** Its name on the wire. */
  static readonly wireName: string = "twisted.spread.jelly.InsecureJelly";
  /** Stable identifier of this kind of error. */
  readonly code = "INSECURE_JELLY";
  /** The name of the class. */
  override readonly name = "InsecureJelly";
}

/**
 * An error that is part of a program's protocol: throw it, or a class that extends it, in a `remote_` method to tell
 * the caller. It is expected, so it is not reported here.
 */
export class PBError extends Error {
  /** Its name on the wire. */
  static readonly wireName: string = "twisted.spread.pb.Error";
  /** Stable identifier of this kind of error. */
  readonly code: string = "PB_ERROR";
  /** The name of the class. */
  override get name(): string {
    return this.constructor.name;
  }
}

/** A call on a reference whose connection is gone, or that was given up. Thrown at once, not through the Deferred. */
export class DeadReferenceError extends PBError {
  /** Its name on the wire. */
  static override readonly wireName: string = "twisted.spread.pb.DeadReferenceError";
  /** Stable identifier of this kind of error. */
  override readonly code = "DEAD_REFERENCE";
}

/** The connection was lost before the answer came. The cause tells why. */
export class PBConnectionLost extends Error {
  /** Its name on the wire. */
  static readonly wireName: string = "twisted.spread.pb.PBConnectionLost";
  /** Stable identifier of this kind of error. */
  readonly code = "PB_CONNECTION_LOST";
  /** The name of the class. */
  override readonly name = "PBConnectionLost";
  /**
   * Makes one.
   *
   * @param message What went wrong.
   * @param options The cause.
   */
  constructor(message = "The connection was lost before the answer came", options?: ErrorOptions) {
    super(message, options);
  }
}

/** The object has no method of that name that may be called from outside. */
export class NoSuchMethod extends Error {
  /** Its name on the wire. */
  static readonly wireName: string = "twisted.spread.flavors.NoSuchMethod";
  /** Stable identifier of this kind of error. */
  readonly code = "NO_SUCH_METHOD";
  /** The name of the class. */
  override readonly name = "NoSuchMethod";
}

/** What a failure at the peer is here, unless a local class is registered for its type. */
export class RemoteError extends Error {
  /** Stable identifier of this kind of error. */
  readonly code = "REMOTE_ERROR";
  /** The name of the class. */
  override readonly name = "RemoteError";

  /**
   * Makes one.
   *
   * @param remoteType The name of its class: `"builtins.KeyError"`.
   * @param message Its message.
   * @param parents The names of its classes, the most derived first; `Failure.check` accepts them.
   * @param remoteTraceback Where it came up at the peer, if the peer tells.
   */
  constructor(
    readonly remoteType: string,
    message: string,
    readonly parents: readonly string[] = [remoteType],
    readonly remoteTraceback = "",
  ) {
    super(message);
  }
}
