/**
 * What an FTP client and its server say to each other on the control connection.
 * @module
 */
import {
  Deferred,
  Failure,
  inlineCallbacks,
  maybeDeferred,
  reportError,
  TimeoutError,
} from "@ropewalk/deferred";
import type { DelayedCall, ReactorTime } from "@ropewalk/reactor/core";

/** The server said no. */
export class FTPError extends Error {
  /** Stable identifier of this kind of error. */
  readonly code = "FTP_ERROR";
  /** The name of the class. */
  override readonly name = "FTPError";
  /**
   * Tells what it said.
   *
   * @param reply The code of its reply: 400 to 599, or another one that did not fit.
   * @param text Its words.
   */
  constructor(readonly reply: number, readonly text: string) {
    super(`${reply} ${text}`);
  }
}

/** One reply of a server. */
export interface Reply {
  /** Three digits. */
  readonly code: number;
  /** Its words; several lines with line feeds between. */
  readonly text: string;
}

/** The connection, as a conversation sees it. */
export interface ConversationTransport {
  /** Sends a line. */
  send(line: string): void;
  /** Closes the connection. */
  close(): void;
  /** Closes it now. */
  abort(): void;
  /** A turn is over, or everything is: nothing of it is to be left. */
  turnEnded(): void;
}

/** The steps of one turn: it waits for what it yields. */
export type Turn<T> = Generator<Deferred<unknown>, T, unknown>;

/** How many lines of replies may be kept: of an unfinished one, and of those that came before they were asked for. */
const MAX_LINES = 1000;
/** How many replies may come before they are asked for, and how often a server may say that it is not ready. */
const MAX_EARLY = 100;

const NOT_CLOSED = "Error while an FTP request that was given up was put away";

const linesOf = ({ text }: Reply) => text.split("\n").length;

/**
 * One conversation. What is to be done is done in turns, each of which asks and hears replies:
 *
 * ```text
 *   greeting │ USER 331 PASS 230 TYPE 200 │ EPSV 229 RETR 150 226 │ PWD 257 │ …
 *            └───────── a turn ───────────┘
 * ```
 */
export class Conversation {
  readonly #transport: ConversationTransport;
  readonly #reactor: ReactorTime;
  readonly #seconds: number;
  #replies: Reply[] = [];
  #earlyLines = 0; // of those
  #waiting: Deferred<Reply> | null = null;
  #timer: DelayedCall | null = null;
  #multiline: { code: string; lines: string[] } | null = null;
  readonly #last: Deferred<unknown> = new Deferred();
  #gone: Failure | null = null;
  #working = true; // something was asked, or the greeting is to come

  /** @param seconds How long one reply may take. */
  constructor(transport: ConversationTransport, reactor: ReactorTime, seconds: number) {
    this.#transport = transport;
    this.#reactor = reactor;
    this.#seconds = seconds;
  }

  /** Waits for the greeting; then the turns begin. */
  begin(): void {
    // 120: "ready in so many minutes"; the greeting follows.
    let left = MAX_EARLY;
    const greeting = (): Deferred<Reply> =>
      this.reply(1, 2).addCallback((reply) => {
        if (left-- === 0) throw new FTPError(reply.code, reply.text);
        return reply.code < 200 ? greeting() : reply;
      });
    greeting().addCallbacks(() => {
      this.#endTurn();
      this.#last.callback(null);
    }, (failure) => {
      // The server wants nobody; whatever is asked fails with its words.
      this.fail(failure);
      this.#transport.close();
      this.#last.errback(failure);
    });
    this.#last.addErrback(() => null);
  }

  /**
   * Does something when what came before has ended, well or not.
   *
   * @param unbegun Called in its place if the result was given up before.
   */
  inTurn<T>(work: () => Turn<T>, unbegun: () => unknown): Deferred<T> {
    const result = new Deferred<T>();
    this.#last.addCallback(() => {
      if (result.called) {
        return maybeDeferred(unbegun).addErrback((failure) => reportError(failure, NOT_CLOSED));
      }
      this.#working = true;
      const done = inlineCallbacks(work)() as Deferred<T>;
      const next = new Deferred<null>();
      done.addCallbacks(
        (value) => {
          this.#endTurn();
          next.callback(null);
          result.callback(value as T & undefined);
        },
        (failure) => {
          this.#endTurn();
          next.callback(null);
          result.errback(failure);
        },
      );
      return next;
    });
    return result;
  }

  /** Sends a command, and waits for a reply of one of these classes: 2 for 200 to 299. */
  ask(command: string, ...classes: number[]): Deferred<Reply> {
    if (/[\r\n\0]/.test(command)) {
      const refused = new Deferred<Reply>();
      refused.errback(new RangeError("Cannot send a command: it is more than one line"));
      return refused;
    }
    if (this.#gone === null) this.#transport.send(command);
    return this.reply(...classes);
  }

  /** The next reply; another class than those fails. */
  reply(...classes: number[]): Deferred<Reply> {
    const waiting = new Deferred<Reply>();
    const result = waiting.addCallback((reply) => {
      if (!classes.includes(Math.floor(reply.code / 100))) throw new FTPError(reply.code, reply.text);
      return reply;
    });
    const early = this.#replies.shift();
    if (early !== undefined) {
      this.#earlyLines -= linesOf(early);
      waiting.callback(early);
    } else if (this.#gone !== null) waiting.errback(this.#gone);
    else {
      this.#waiting = waiting;
      const seconds = this.#seconds;
      this.#timer = this.#reactor.callLater(seconds, () => {
        this.#timer = null;
        this.fail(new Failure(new TimeoutError(seconds)));
        this.#transport.abort();
      });
    }
    return result as Deferred<Reply>;
  }

  #replied(reply: Reply): void {
    const waiting = this.#waiting;
    if (waiting === null) {
      if (!this.#working) return this.#unasked(reply);
      this.#earlyLines += linesOf(reply);
      if (this.#replies.push(reply) > MAX_EARLY || this.#earlyLines > MAX_LINES) {
        this.#lose("The server says too much");
      }
      return;
    }
    this.#waiting = null;
    this.#timer?.cancel();
    this.#timer = null;
    waiting.callback(reply);
  }

  #lose(message: string, code = 0): void {
    this.fail(new Failure(new FTPError(code, message)));
    this.#transport.close();
  }

  /** The connection is gone, or of no use: what was asked for fails. */
  fail(reason: Failure): void {
    this.#gone ??= reason;
    this.#timer?.cancel();
    this.#timer = null;
    const waiting = this.#waiting;
    this.#waiting = null;
    this.#transport.turnEnded();
    waiting?.errback(reason);
  }

  /** A line of a reply came. */
  lineReceived(line: string): void {
    if (this.#multiline !== null) {
      if (!line.startsWith(`${this.#multiline.code} `)) {
        if (this.#multiline.lines.push(line) + this.#earlyLines > MAX_LINES) {
          this.#lose("A reply has too many lines");
        }
        return;
      }
      const lines = [...this.#multiline.lines, line.slice(4)];
      this.#multiline = null;
      return this.#replied({ code: Number(line.slice(0, 3)), text: lines.join("\n") });
    }
    const match = /^([1-5]\d\d)([ -])(.*)$/.exec(line);
    if (match === null) return this.#lose("The server does not speak FTP");
    if (match[2] === "-") this.#multiline = { code: match[1]!, lines: [match[3]!] };
    else this.#replied({ code: Number(match[1]), text: match[3]! });
  }

  // Nothing of this is left for what comes next: not its data connection, and no reply that was never asked for.
  #endTurn(): void {
    this.#transport.turnEnded();
    this.#working = false;
    if (this.#replies.length > 0) this.#unasked(this.#replies[0]!);
  }

  #unasked({ code, text }: Reply): void {
    this.#lose(code === 421 ? text : "The server answers what was not asked", code);
  }
}
