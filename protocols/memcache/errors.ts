/**
 * What a memcached server answers when it cannot do what was asked.
 * @module
 */

/** The base of these errors. */
export class MemCacheError extends Error {
  /** Stable identifier of this kind of error. */
  readonly code: string = "MEMCACHE_ERROR";
  /** The name of the class. */
  override get name(): string {
    return this.constructor.name;
  }
}

/** The server does not know the command. */
export class NoSuchCommand extends MemCacheError {
  /** Stable identifier of this kind of error. */
  override readonly code = "MEMCACHE_NO_SUCH_COMMAND";
}

/** The request was wrong: found by us before it was sent, or by the server. */
export class ClientError extends MemCacheError {
  /** Stable identifier of this kind of error. */
  override readonly code = "MEMCACHE_CLIENT_ERROR";
}

/** The server could not do it: the value is too large, or there is no memory. */
export class ServerError extends MemCacheError {
  /** Stable identifier of this kind of error. */
  override readonly code = "MEMCACHE_SERVER_ERROR";
}

/** The server said something that is no answer: the connection is lost. */
export class MemCacheProtocolError extends MemCacheError {
  /** Stable identifier of this kind of error. */
  override readonly code = "MEMCACHE_PROTOCOL_ERROR";
}
