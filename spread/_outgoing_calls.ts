/**
 * Calls to the peer, and their answers.
 * @module
 */
import { Deferred, Failure } from "@ropewalk/deferred";
import { DeadReferenceError, PBConnectionLost, ProtocolError, RemoteError } from "./errors.ts";
import type { Extensions } from "./_extensions.ts";
import type { CallLimit } from "./_call_limit.ts";
import type { Outbox } from "./_outbox.ts";
import type { Reader } from "./_reader.ts";
import type { Unjellier } from "./unjellier.ts";
import { Kwargs, kwargs } from "./values.ts";
import { DICTIONARY, TUPLE, WORD_BYTES } from "./_vocabulary.ts";

// The values of "answer required": none, one, and one that the peer is to keep for calls on it.
export const NO_ANSWER = 0;
export const ANSWERED = 1;
export const KEPT = 2;

/** The result of a call of ours that the peer keeps. */
export interface ResultOf {
  readonly id: number;
}

/** A call that waits for its answer. */
class Pending extends Deferred<unknown> {
  constructor(readonly calls: OutgoingCalls, readonly id: number) {
    super(cancelPending as (d: Deferred<unknown>) => void);
  }
}

function cancelPending(call: Pending): void {
  call.calls.forget(call.id);
}

/** The calls of one connection that wait. */
export class OutgoingCalls {
  readonly #outbox: Outbox;
  readonly #reader: Reader;
  readonly #unjellier: Unjellier;
  readonly #extensions: Extensions;
  #lastRequest = 0;
  /** How many calls of the peer may run: its answers come behind them. */
  limit: CallLimit | null = null;
  // `null` marks a call whose answer nobody wants any more.
  readonly #waiting = new Map<number, Deferred<unknown> | null>();

  constructor(outbox: Outbox, reader: Reader, unjellier: Unjellier, extensions: Extensions) {
    this.#outbox = outbox;
    this.#reader = reader;
    this.#unjellier = unjellier;
    this.#extensions = extensions;
  }

  /** The number of the last call. */
  get lastRequest(): number {
    return this.#lastRequest;
  }

  /** Whether any call waits for its answer. */
  get waiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** Calls; `null` where no answer was asked for. */
  call(
    word: number,
    luid: number | string | ResultOf,
    name: string,
    args: unknown[],
    perspective: unknown,
    answer: number,
  ): Deferred<unknown> | null {
    if (this.#outbox.closed) throw new DeadReferenceError("Cannot call: the connection is gone");
    let named: Kwargs | null = null;
    if (args.length > 0 && Kwargs.is(args[args.length - 1])) {
      named = args[args.length - 1] as Kwargs;
      args = args.slice(0, -1);
      if (Object.hasOwn(named, "pbanswer")) {
        const { pbanswer, ...rest } = named;
        if (!pbanswer) answer = NO_ANSWER;
        named = Object.keys(rest).length === 0 ? null : kwargs(rest);
      }
    }
    const id = ++this.#lastRequest;
    const call = answer !== NO_ANSWER ? new Pending(this, id) : null;
    const jellier = this.#outbox.begin();
    const out = jellier.out;
    const start = out.length;
    try {
      out.list(7);
      out.word(word, WORD_BYTES[word]!);
      out.int(id);
      if (typeof luid === "number") out.int(luid);
      else if (typeof luid === "string") out.text(luid);
      else {
        out.list(2);
        out.text("result");
        out.int(luid.id);
      }
      out.text(name);
      out.int(answer);
      jellier.begin(perspective);
      const count = args.length;
      out.list(count + 1);
      out.word(TUPLE, WORD_BYTES[TUPLE]!);
      for (let i = 0; i < count; i++) jellier.write(args[i]);
      jellier.end();
      if (named === null) {
        out.list(1);
        out.word(DICTIONARY, WORD_BYTES[DICTIONARY]!);
      } else jellier.jelly(named, perspective);
    } catch (error) {
      this.#outbox.unsent(jellier, start);
      if (call === null) throw error;
      call.errback(new Failure(error));
      return call;
    }
    if (call !== null) this.#waiting.set(id, call);
    this.#outbox.sent(jellier);
    if (call !== null) this.limit?.ease();
    return call;
  }

  /** Nobody wants the answer of a call any more. */
  forget(id: number): void {
    if (!this.#waiting.has(id)) return;
    this.#waiting.set(id, null);
    if (this.#extensions.agreement === "agreed") this.#outbox.tell("cancel", id);
  }

  /** An answer came: `[answer 1 value]` or `[error 1 failure]`, as far as the number. */
  answered(isError: boolean): void {
    const id = this.#reader.integer();
    const call = this.#waiting.get(id);
    if (call === undefined) throw new ProtocolError("An answer came to a call that was not made");
    this.#waiting.delete(id);
    if (call === null) {
      // Nobody wants it, but what it refers to has to be given back.
      try {
        this.#unjellier.unjelly();
      } catch { /* nobody wants to know */ }
      return;
    }
    let value: unknown;
    try {
      value = this.#unjellier.unjelly();
    } catch (error) {
      call.errback(new Failure(error));
      return;
    }
    if (!isError) call.callback(value);
    else if (value instanceof Error) call.errback(value);
    else call.errback(new RemoteError("builtins.Exception", String(value)));
  }

  /** The connection is lost: so are the answers. */
  lost(cause: unknown, guard: (f: () => void) => void): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    const message = `The connection was lost before the answer came: ${new Failure(cause).getErrorMessage()}`;
    for (const call of waiting) {
      if (call !== null) guard(() => call.errback(new PBConnectionLost(message, { cause })));
    }
  }
}
