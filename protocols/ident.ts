/**
 * Ident (RFC 1413): which user has a connection.
 *
 * @example
 * ```ts
 * import { HiddenUser, IdentServer } from "@ropewalk/protocols/ident";
 *
 * class Shy extends IdentServer {
 *   override lookup(): never {
 *     throw new HiddenUser();
 *   }
 * }
 * ```
 *
 * @module
 */
import { Deferred, type Failure, maybeDeferred, reportError } from "@ropewalk/deferred";
import type { Address } from "@ropewalk/reactor/core";
import type { Factory } from "./factory.ts";
import { LineReceiver } from "./line_receiver.ts";

/** The base of ident's errors; each has its word on the wire. */
export class IdentError extends Error {
  /** What the wire calls it. */
  readonly identDescription: string = "UNKNOWN-ERROR";
  /** The name of the class. */
  override get name(): string {
    return this.constructor.name;
  }
}
/** No user has that connection. */
export class NoUser extends IdentError {
  /** What the wire calls it. */
  override readonly identDescription = "NO-USER";
}
/** A port is no port. */
export class InvalidPort extends IdentError {
  /** What the wire calls it. */
  override readonly identDescription = "INVALID-PORT";
}
/** The user does not want to be named. */
export class HiddenUser extends IdentError {
  /** What the wire calls it. */
  override readonly identDescription = "HIDDEN-USER";
}

/** Who has a connection. */
export interface IdentUser {
  /** The system: `UNIX`, or `OTHER` for a name that says nothing. */
  readonly system: string;
  /** The user. */
  readonly userId: string;
}

/** An ident server. Override {@linkcode IdentServer.lookup}. */
export class IdentServer<F = Factory> extends LineReceiver<F> {
  /** LF alone ends a line, too. */
  override acceptBareLF = true;
  /** The longest question, in bytes. */
  override MAX_LENGTH = 1000;

  /** A question came. */
  override lineReceived(line: string): void {
    const match = /^\s*(\d{1,6})\s*,\s*(\d{1,6})\s*$/.exec(line);
    if (match === null) {
      this.#failed(0, 0, new InvalidPort());
      return;
    }
    const [ours, theirs] = [Number(match[1]), Number(match[2])];
    if (ours < 1 || ours > 65535 || theirs < 1 || theirs > 65535) {
      this.#failed(ours, theirs, new InvalidPort());
      return;
    }
    maybeDeferred(() => this.lookup(ours, theirs, this.transport.getPeer())).addCallbacks(
      ({ system, userId }) => {
        if (/[\r\n\0]/.test(system + userId) || userId.length > 512) {
          throw new IdentError("Cannot answer: the user's name does not fit a line");
        }
        this.sendLine(`${ours}, ${theirs} : USERID : ${system} : ${userId}`);
      },
    ).addErrback((failure) => this.#failed(ours, theirs, failure.value));
  }

  /**
   * Who has a connection to the peer.
   *
   * @param _portOnServer The port at our end.
   * @param _portOnClient The port at the peer's end.
   * @param _peer Who asks: the other end of that connection, too.
   * @throws {NoUser | HiddenUser} Instead of an answer.
   */
  lookup(
    _portOnServer: number,
    _portOnClient: number,
    _peer: Address,
  ): IdentUser | Deferred<IdentUser> | PromiseLike<IdentUser> {
    throw new NoUser();
  }

  #failed(ours: number, theirs: number, error: unknown): void {
    if (!(error instanceof IdentError)) reportError(error, "Error in an ident server");
    const word = error instanceof IdentError ? error.identDescription : "UNKNOWN-ERROR";
    this.sendLine(`${ours}, ${theirs} : ERROR : ${word}`);
  }
}

/** An ident client. Ask one thing after the other; each waits for the one before. */
export class IdentClient<F = Factory> extends LineReceiver<F> {
  /** LF alone ends a line, too. */
  override acceptBareLF = true;
  /** The longest answer, in bytes. */
  override MAX_LENGTH = 1000;
  readonly #queue: { question: string; result: Deferred<IdentUser> }[] = [];
  #gone: Failure | null = null;

  /**
   * Who has a connection at the server's end.
   *
   * @param portOnServer The port at the server's end.
   * @param portOnClient The port at our end.
   * @returns It fails with {@linkcode IdentError} or one of its kinds.
   */
  lookup(portOnServer: number, portOnClient: number): Deferred<IdentUser> {
    const result = new Deferred<IdentUser>();
    if (this.#gone !== null) {
      result.errback(this.#gone);
      return result;
    }
    const question = `${portOnServer}, ${portOnClient}`;
    this.#queue.push({ question, result });
    if (this.#queue.length === 1) this.sendLine(question);
    return result;
  }

  /** An answer came. */
  override lineReceived(line: string): void {
    const asked = this.#queue.shift();
    if (asked === undefined) return this.transport.loseConnection();
    const next = this.#queue[0];
    if (next !== undefined) this.sendLine(next.question);
    const [, kind = "", what = "", ...rest] = line.split(":");
    if (kind.trim() === "USERID") {
      asked.result.callback({ system: what.trim(), userId: rest.join(":").replace(/^ /, "") });
      return;
    }
    const error = [NoUser, InvalidPort, HiddenUser].map((Kind) => new Kind())
      .find(({ identDescription }) => identDescription === what.trim());
    asked.result.errback(error ?? new IdentError(`The server answered ${JSON.stringify(line)}`));
  }

  /** What was asked fails with the reason. */
  override connectionLost(reason: Failure): void {
    this.#gone = reason;
    for (const { result } of this.#queue.splice(0)) result.errback(reason);
  }
}
