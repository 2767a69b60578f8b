/**
 * `LineStream`: the lines of a connection, for a loop.
 *
 * ```text
 *   bytes ─► LineReceiver ─► [ lines that wait ] ─► for await (const line of lines)
 *                 ▲               │ too many
 *                 └─ pauseProducing: nothing is read until the loop has caught up
 * ```
 * @module
 */
import { type Failure, reportError } from "@ropewalk/deferred";
import { ConnectionDone } from "@ropewalk/reactor/core";
import type { Factory } from "./factory.ts";
import { LineReceiver } from "./line_receiver.ts";

/** Options of {@linkcode LineStream}. */
export interface LineStreamOptions {
  /** How many lines may wait for the loop before nothing more is read. @default 64 */
  maxWaitingLines?: number;
}

/** Speaks with one connection. When it has ended so has the connection. */
export type LineConversation = (lines: LineStream<unknown>) => PromiseLike<unknown>;

interface Waiting {
  resolve(result: IteratorResult<string, undefined>): void;
  reject(error: unknown): void;
}

/**
 * A connection whose lines come in a `for await` loop, no faster than the loop takes them. The loop ends when the peer
 * closes in order, and throws if the connection breaks or a line is too long. A loop that is left may be taken up again
 * by another one.
 *
 * @example
 * ```ts
 * import { Factory, LineStream } from "@ropewalk/protocols";
 *
 * const greeter = Factory.forProtocol(LineStream, async (lines) => {
 *   lines.sendLine("Who are you?");
 *   for await (const name of lines) lines.sendLine(`Hello, ${name}!`);
 * });
 * ```
 *
 * @example As a client
 * ```ts
 * import { LineStream } from "@ropewalk/protocols";
 *
 * async function firstLine(lines: LineStream) { // connected
 *   lines.sendLine("hello");
 *   for await (const line of lines) return line;
 *   return null; // the peer said nothing
 * }
 * ```
 */
export class LineStream<F = Factory> extends LineReceiver<F> implements AsyncIterable<string> {
  readonly #conversation: LineConversation | null;
  readonly #maxWaiting: number;
  readonly #lines: string[] = [];
  readonly #loops: Waiting[] = [];
  #over = false;
  #error: unknown = undefined; // why the loop throws at the end

  /**
   * A connection to be.
   *
   * @param conversation What to do once there is a connection. When it has ended the connection is closed; if it throws
   * that is reported, and the connection is cut.
   * @param options How much may wait.
   */
  constructor(conversation: LineConversation | null = null, options: LineStreamOptions = {}) {
    super();
    this.#conversation = conversation;
    this.#maxWaiting = options.maxWaitingLines ?? 64;
  }

  /** Begins the conversation, if there is one. */
  override connectionMade(): void {
    if (this.#conversation === null) return;
    this.#converse(this.#conversation);
  }

  /** A line came: for the loop. */
  override lineReceived(line: string): void {
    const loop = this.#loops.shift();
    if (loop !== undefined) return loop.resolve({ done: false, value: line });
    if (this.#lines.push(line) >= this.#maxWaiting && !this.paused) this.pauseProducing();
  }

  /** A line is too long: the loop throws behind the lines before it, and the connection is lost. */
  override lineLengthExceeded(_line: string): void {
    this.#error ??= new RangeError(`Cannot take a line: it has more than ${this.MAX_LENGTH} bytes`);
    this.transport.loseConnection();
  }

  /** The loop ends, behind the lines that wait. */
  override connectionLost(reason: Failure): void {
    this.#over = true;
    if (!reason.check(ConnectionDone)) this.#error ??= reason.value;
    for (const loop of this.#loops.splice(0)) this.#end(loop);
  }

  /** The lines, each once: a second loop goes on where the first was left. */
  [Symbol.asyncIterator](): AsyncIterableIterator<string, undefined> {
    const iterator: AsyncIterableIterator<string, undefined> = {
      next: () => new Promise((resolve, reject) => this.#next({ resolve, reject })),
      // Leaving the loop leaves the connection as it is.
      return: () => Promise.resolve({ done: true, value: undefined }),
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  #next(loop: Waiting): void {
    const line = this.#lines.shift();
    if (line !== undefined) loop.resolve({ done: false, value: line });
    else if (this.#over) return this.#end(loop);
    else this.#loops.push(loop);
    if (this.paused && !this.#over && this.#lines.length * 2 <= this.#maxWaiting) {
      if (!this.transport.disconnecting) this.resumeProducing();
    }
  }

  #end(loop: Waiting): void {
    const error = this.#error;
    this.#error = undefined; // thrown once
    if (error === undefined) loop.resolve({ done: true, value: undefined });
    else loop.reject(error);
  }

  async #converse(conversation: LineConversation): Promise<void> {
    try {
      await conversation(this as LineStream<unknown>);
      this.transport.loseConnection();
    } catch (error) {
      // That the peer went away is no fault of the conversation.
      if (!this.#over) reportError(error, "Error in a conversation over lines");
      this.transport.abortConnection();
    }
  }
}
