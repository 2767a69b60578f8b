/**
 * The errors of `@ropewalk/cred`, each with a stable `code` and its name in Twisted.
 * @module
 */

/** The caller may not do this. */
export class Unauthorized extends Error {
  /** Its name on the wire of Perspective Broker. */
  static readonly wireName: string = "twisted.cred.error.Unauthorized";
  /** Stable identifier of this kind of error. */
  readonly code: string = "UNAUTHORIZED";
  /** The name of the class. */
  override get name(): string {
    return this.constructor.name;
  }
}

/** A login failed. */
export class LoginFailed extends Unauthorized {
  /** Its name on the wire of Perspective Broker. */
  static override readonly wireName: string = "twisted.cred.error.LoginFailed";
  /** Stable identifier of this kind of error. */
  override readonly code: string = "LOGIN_FAILED";
}

/** The credentials are wrong. It does not tell whether the name or the password is. */
export class UnauthorizedLogin extends LoginFailed {
  /** Its name on the wire of Perspective Broker. */
  static override readonly wireName: string = "twisted.cred.error.UnauthorizedLogin";
  /** Stable identifier of this kind of error. */
  override readonly code = "UNAUTHORIZED_LOGIN";
  /**
   * Makes one.
   *
   * @param message What went wrong; by default nothing more is told, on the wire neither, as in Twisted.
   * @param options The cause.
   */
  constructor(message = "", options?: ErrorOptions) {
    super(message, options);
  }
}

/** No checker of the portal knows this kind of credentials. */
export class UnhandledCredentials extends LoginFailed {
  /** Its name on the wire of Perspective Broker. */
  static override readonly wireName: string = "twisted.cred.error.UnhandledCredentials";
  /** Stable identifier of this kind of error. */
  override readonly code = "UNHANDLED_CREDENTIALS";
}

/** Too many attempts to log in failed of late. */
export class TooManyAttempts extends LoginFailed {
  /** Stable identifier of this kind of error. */
  override readonly code = "TOO_MANY_ATTEMPTS";
  /**
   * Makes one.
   *
   * @param retryAfterSeconds When the next attempt will be looked at.
   * @param options The cause.
   */
  constructor(readonly retryAfterSeconds: number, options?: ErrorOptions) {
    super(`Too many attempts to log in failed: try again in ${Math.ceil(retryAfterSeconds)} s`, options);
  }
}
