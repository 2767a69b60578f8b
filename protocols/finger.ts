/**
 * Finger (RFC 1288): who is there.
 *
 * @example
 * ```ts
 * import { Finger } from "@ropewalk/protocols/finger";
 *
 * class Here extends Finger {
 *   override getUser(_verbose: boolean, user: string) {
 *     this.answer(`${user} is here.`);
 *   }
 * }
 * ```
 *
 * @module
 */
import { Deferred, type Failure } from "@ropewalk/deferred";
import type { DelayedCall } from "@ropewalk/reactor/core";
import { decodeUtf8 } from "./bytes.ts";
import type { Factory } from "./factory.ts";
import { LineReceiver } from "./line_receiver.ts";
import { Protocol } from "./protocol.ts";

/** A finger server: one question, one answer. By itself it knows nobody. */
export class Finger<F = Factory> extends LineReceiver<F> {
  /** LF alone ends a line, too. */
  override acceptBareLF = true;
  /** The longest question, in bytes. */
  override MAX_LENGTH = 1024;
  /** How long the question may take, and how long the answer. */
  timeoutSeconds = 60;
  #timer: DelayedCall | null = null;

  /** The time begins. */
  override connectionMade(): void {
    this.#timer = this.reactor.callLater(this.timeoutSeconds, () => {
      this.#timer = null;
      this.transport.abortConnection();
    });
  }

  /** No more time-out. */
  override connectionLost(_reason: Failure): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** A question came. */
  override lineReceived(line: string): void {
    this.#timer?.reset(this.timeoutSeconds);
    const words = line.split(/\s+/).filter((word) => word !== "");
    const verbose = words[0]?.toUpperCase() === "/W";
    const user = (verbose ? words[1] : words[0]) ?? "";
    const at = user.lastIndexOf("@");
    if (at >= 0) this.forwardQuery(verbose, user.slice(0, at), user.slice(at + 1));
    else if (user === "") this.getDomain(verbose);
    else this.getUser(verbose, user);
  }

  /** Says so, and closes. */
  answer(text: string): void {
    // Nothing a peer sent may move somebody's cursor.
    this.transport.write(text.replaceAll("\r\n", "\n").replace(/[^\P{Cc}\t\n]/gu, "?") + "\n");
    this.transport.loseConnection();
  }

  /** Asked about a user of another host; refused unless overridden. */
  forwardQuery(_verbose: boolean, _user: string, _host: string): void {
    this.answer("Finger forwarding service denied");
  }

  /** Asked who is there; refused unless overridden. */
  getDomain(_verbose: boolean): void {
    this.answer("Finger online list denied");
  }

  /** Asked about a user; there is none unless overridden. */
  getUser(_verbose: boolean, user: string): void {
    this.answer(`Login: ${user}\nNo such user`);
  }
}

/**
 * Asks a finger server.
 *
 * @example
 * ```ts
 * import { FingerClient } from "@ropewalk/protocols/finger";
 *
 * const client = new FingerClient("alice"); // connect it to port 79
 * client.answer.addCallback((text) => console.log(text));
 * ```
 */
export class FingerClient<F = Factory> extends Protocol<F> {
  /** The answer, once the server has closed. It fails with the reason if the connection broke, or it was too long. */
  readonly answer: Deferred<string> = new Deferred();
  readonly #query: string;
  readonly #maxBytes: number;
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  /**
   * A connection to be.
   *
   * @param query A user, `""` for all, `/W user` for more.
   * @param maxBytes How long the answer may be.
   * @throws {RangeError} If the query is more than one line.
   */
  constructor(query: string, maxBytes = 65536) {
    super();
    if (/[\r\n]/.test(query)) throw new RangeError("Cannot ask: the query is more than one line");
    this.#query = query;
    this.#maxBytes = maxBytes;
  }

  /** Asks. */
  override connectionMade(): void {
    this.transport.write(`${this.#query}\r\n`);
  }

  /** A part of the answer. */
  override dataReceived(data: Uint8Array): void {
    this.#length += data.length;
    if (this.#length <= this.#maxBytes) {
      this.#parts.push(data);
      return;
    }
    if (!this.answer.called) this.answer.errback(new RangeError("The answer is too long"));
    this.transport.abortConnection();
  }

  /** The answer is complete, if the connection was closed in order. */
  override connectionLost(reason: Failure): void {
    if (this.answer.called) return;
    const clean = (reason.value as { code?: string }).code === "CONNECTION_DONE";
    if (!clean) return this.answer.errback(reason);
    const all = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    this.answer.callback(decodeUtf8(all).replaceAll("\r\n", "\n"));
  }
}
