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
import { type Deferred, type Failure, maybeDeferred, reportError } from "@ropewalk/deferred";
import type { Address, DelayedCall } from "@ropewalk/reactor/core";
import type { Factory } from "./factory.ts";
import { LineReceiver } from "./line_receiver.ts";
import { RequestQueue } from "./request_queue.ts";

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

/** An ident server. Override {@linkcode IdentServer.lookup}. Questions are answered one at a time. */
export class IdentServer<F = Factory> extends LineReceiver<F> {
  /** LF alone ends a line, too. */
  override acceptBareLF = true;
  /** The longest question, in bytes. */
  override MAX_LENGTH = 1000;
  /** How long a connection may be idle. */
  timeoutSeconds = 60;
  #timer: DelayedCall | null = null;

  /** The time begins. */
  override connectionMade(): void {
    this.#timer = this.reactor.callLater(this.timeoutSeconds, () => {
      this.#timer = null;
      this.transport.loseConnection();
    });
  }

  /** A question came. */
  override lineReceived(line: string): void {
    this.#timer?.reset(this.timeoutSeconds);
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
    this.pauseProducing();
    maybeDeferred(() => this.lookup(ours, theirs, this.transport.getPeer())).addCallbacks(
      ({ system, userId }) => {
        if (/[\r\n\0]/.test(system + userId) || userId.length > 512) {
          throw new IdentError("Cannot answer: the user's name does not fit a line");
        }
        this.sendLine(`${ours}, ${theirs} : USERID : ${system} : ${userId}`);
      },
    ).addErrback((failure) => this.#failed(ours, theirs, failure.value)).addCallback(() => {
      if (!this.transport.disconnecting) this.resumeProducing();
    });
  }

  /** No more time-out. */
  override connectionLost(_reason: Failure): void {
    this.#timer?.cancel();
    this.#timer = null;
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
  readonly #requests: RequestQueue<IdentUser, string>;

  /**
   * A connection to be.
   *
   * @param options How long an answer may take: 60 seconds by default.
   */
  constructor(options: { timeoutSeconds?: number } = {}) {
    super();
    this.#requests = new RequestQueue(this, { timeoutSeconds: options.timeoutSeconds ?? 60 });
  }

  /**
   * Who has a connection at the server's end.
   *
   * @param portOnServer The port at the server's end.
   * @param portOnClient The port at our end.
   * @returns It fails with {@linkcode IdentError} or one of its kinds.
   */
  lookup(portOnServer: number, portOnClient: number): Deferred<IdentUser> {
    const question = `${portOnServer}, ${portOnClient}`;
    const result = this.#requests.push(question);
    if (this.#requests.length === 1) this.sendLine(question);
    return result;
  }

  /** An answer came. */
  override lineReceived(line: string): void {
    const question = this.#requests.first;
    if (question === undefined) return this.transport.loseConnection();
    const [ports = "", kind = "", what = "", ...rest] = line.split(":");
    const answer = kind.trim() === "USERID"
      ? { system: what.trim(), userId: rest.join(":").replace(/^ /, "") }
      : null;
    if (answer === null) {
      const error = [NoUser, InvalidPort, HiddenUser].map((Kind) => new Kind())
        .find(({ identDescription }) => identDescription === what.trim());
      this.#requests.fail(error ?? new IdentError(`The server answered ${JSON.stringify(line)}`));
    } else if (ports.replace(/\s/g, "") !== question.replace(" ", "")) {
      this.#requests.fail(new IdentError(`The server answered about ${ports.trim()}`));
    } else this.#requests.answer(answer);
    const next = this.#requests.first;
    if (next !== undefined) this.sendLine(next);
  }

  /** What was asked fails with the reason. */
  override connectionLost(reason: Failure): void {
    this.#requests.failAll(reason);
  }
}
