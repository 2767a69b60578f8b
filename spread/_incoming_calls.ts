/**
 * Calls from the peer, and our answers: in whatever order the results come.
 * @module
 */
import { CancelledError, Deferred, Failure, reportError } from "@ropewalk/deferred";
import type { Broker } from "./broker.ts";
import type { CallLimit } from "./_call_limit.ts";
import { enterCall } from "./current_call.ts";
import { JellyError, PBError, ProtocolError } from "./errors.ts";
import type { Extensions } from "./_extensions.ts";
import { CopyableFailure } from "./failures.ts";
import type { Jellyable } from "./jellier.ts";
import type { Ledger } from "./_ledger.ts";
import type { Outbox } from "./_outbox.ts";
import { KEPT, NO_ANSWER, type OutgoingCalls } from "./_outgoing_calls.ts";
import { LIST, STRING, VOCAB } from "./_output.ts";
import type { Reader } from "./_reader.ts";
import { type CallTarget, PERSPECTIVE, STANDS_FOR } from "./referenceable.ts";
import { isRevoked, Revoked } from "./revoke.ts";
import { StreamSource } from "./stream_source.ts";
import type { Unjellier } from "./unjellier.ts";
import type { Kwargs } from "./values.ts";
import { Viewable, viewPoint } from "./viewable.ts";
import { ANSWER, ERROR, WORD_BYTES } from "./_vocabulary.ts";

/** Serves the calls of one connection. */
export class IncomingCalls {
  readonly #broker: Broker;
  readonly #outbox: Outbox;
  readonly #ledger: Ledger;
  readonly #reader: Reader;
  readonly #unjellier: Unjellier;
  readonly #extensions: Extensions;
  readonly #limit: CallLimit;
  readonly #outgoing: OutgoingCalls;
  // The call that is being answered, for `currentCall`: one object, used again and again.
  readonly #answering: { broker: Broker; id: number };

  constructor(
    broker: Broker,
    outbox: Outbox,
    ledger: Ledger,
    reader: Reader,
    unjellier: Unjellier,
    extensions: Extensions,
    limit: CallLimit,
    outgoing: OutgoingCalls,
  ) {
    this.#broker = broker;
    this.#outbox = outbox;
    this.#ledger = ledger;
    this.#reader = reader;
    this.#unjellier = unjellier;
    this.#extensions = extensions;
    this.#limit = limit;
    this.#outgoing = outgoing;
    this.#answering = { broker, id: 0 };
  }

  /** A call came, `[message 1 luid name 1 args kwargs]`, as far as the word. */
  received(toCache: boolean): void {
    const reader = this.#reader;
    const id = reader.integer();
    const type = reader.peek();
    if (type === LIST) {
      this.#incomingForResult(id);
      return;
    }
    const luid = type === STRING || type === VOCAB ? reader.name() : reader.integer();
    const name = reader.name();
    const answer = reader.integer();
    try {
      this.#limit.check();
      if (answer === KEPT) this.#extensions.keep(id);
      const target = toCache ? this.#ledger.cacheTarget(luid) : this.#ledger.target(luid);
      const perspective = target[PERSPECTIVE] ?? null;
      const args = this.#arguments(perspective);
      this.#serve(id, answer, target, name, args, this.#keywords(perspective));
    } catch (error) {
      this.#failed(id, answer, error, name);
    }
  }

  // A call on the result of another call, which may not be there yet.
  #incomingForResult(id: number): void {
    const reader = this.#reader;
    reader.next();
    if (this.#extensions.agreement !== "agreed" || reader.value !== 2 || reader.name() !== "result") {
      throw new ProtocolError("A message is for nobody");
    }
    const of = reader.integer();
    const name = reader.name();
    const answer = reader.integer();
    try {
      this.#limit.check();
      if (answer === KEPT) this.#extensions.keep(id);
      const args = this.#arguments(null);
      const named = this.#keywords(null);
      this.#extensions.whenSettled(of, () => this.#began(), ({ value, failure }, waited) => {
        if (waited) this.#limit.ended();
        if (this.#outbox.closed) return;
        if (failure !== null) this.#failed(id, answer, failure, name, false);
        else if (!isTarget(value)) {
          this.#failed(id, answer, new PBError("The result that was called is no object"), name);
        } else this.#serve(id, answer, value, name, args, named);
      });
    } catch (error) {
      this.#failed(id, answer, error, name);
    }
  }

  #arguments(perspective: unknown): unknown[] {
    const unjellier = this.#unjellier;
    unjellier.begin(perspective);
    const args = unjellier.arguments();
    unjellier.end();
    return args;
  }

  #keywords(perspective: unknown): Kwargs | null {
    const unjellier = this.#unjellier;
    unjellier.begin(perspective);
    const named = unjellier.keywords();
    unjellier.end();
    return named;
  }

  #serve(
    id: number,
    answer: number,
    target: CallTarget,
    name: string,
    args: unknown[],
    named: Kwargs | null,
  ): void {
    let result: unknown;
    this.#answering.id = id;
    const before = enterCall(this.#answering);
    try {
      checkRevoked(target);
      result = target.remoteMessageReceived(this.#broker, name, args, named);
    } catch (error) {
      this.#failed(id, answer, error, name);
      return;
    } finally {
      enterCall(before);
    }
    if (typeof result === "object" && result !== null) {
      if (Deferred.is(result)) {
        this.#began();
        this.#extensions.serve(id, result);
        result.addCallbacks(
          (value) => this.#lateSuccess(id, answer, value, target),
          (failure) => this.#lateFailure(id, answer, failure, name),
        );
        return;
      }
      if (Failure.is(result)) {
        this.#failed(id, answer, result, name);
        return;
      }
      if (typeof (result as { then?: unknown }).then === "function") {
        this.#began();
        (result as PromiseLike<unknown>).then(
          (value) => this.#lateSuccess(id, answer, value, target),
          (error) => this.#lateFailure(id, answer, error, name),
        );
        return;
      }
    }
    this.#succeeded(id, answer, result, target);
  }

  #began(): void {
    this.#limit.began(this.#outgoing.waiting);
  }

  #lateSuccess(id: number, answer: number, value: unknown, target: CallTarget): void {
    this.#succeeded(id, answer, value, target);
    this.#limit.ended();
  }

  #lateFailure(id: number, answer: number, error: unknown, name: string): void {
    this.#failed(id, answer, error, name);
    this.#limit.ended();
  }

  #succeeded(id: number, answer: number, value: unknown, target: CallTarget): void {
    if (this.#extensions.busy) this.#extensions.served(id);
    if (answer === NO_ANSWER || this.#outbox.closed) return;
    value = asSent(value, target[PERSPECTIVE] ?? null);
    const jellier = this.#outbox.begin();
    const out = jellier.out;
    const start = out.length;
    try {
      out.list(3);
      out.word(ANSWER, WORD_BYTES[ANSWER]!);
      out.int(id);
      jellier.jelly(value, target[PERSPECTIVE] ?? null);
    } catch (error) {
      this.#outbox.unsent(jellier, start);
      this.#failed(id, answer, error, "the result of a call");
      return;
    }
    this.#outbox.sent(jellier);
    if (answer === KEPT) this.#extensions.settle(id, value, null);
  }

  #failed(id: number, answer: number, error: unknown, name: string, report = true): void {
    const failure = Failure.is(error) ? error : new Failure(error);
    const { value } = failure;
    if (this.#extensions.busy) this.#extensions.served(id);
    if (report && !(value instanceof PBError) && !(value instanceof CancelledError)) {
      reportError(failure, `Error in ${name}, called over PB`);
    }
    if (answer === KEPT) this.#extensions.settle(id, undefined, failure);
    if (answer === NO_ANSWER || this.#outbox.closed) return;
    const jellyable = typeof value === "object" && value !== null &&
      typeof (value as { jellyFor?: unknown }).jellyFor === "function";
    const sent = jellyable
      ? value
      : new CopyableFailure(failure, { unsafeTracebacks: this.#broker.unsafeTracebacks });
    try {
      this.#sendError(id, sent);
    } catch (problem) {
      reportError(problem, "An error could not be sent over PB");
      this.#sendError(id, new CopyableFailure(new JellyError("The error could not be sent")));
    }
  }

  #sendError(id: number, error: unknown): void {
    const jellier = this.#outbox.begin();
    const out = jellier.out;
    const start = out.length;
    try {
      out.list(3);
      out.word(ERROR, WORD_BYTES[ERROR]!);
      out.int(id);
      jellier.jelly(error);
    } catch (problem) {
      this.#outbox.unsent(jellier, start);
      throw problem;
    }
    this.#outbox.sent(jellier);
  }
}

function isTarget(value: unknown): value is CallTarget {
  return typeof value === "object" && value !== null &&
    typeof (value as Partial<CallTarget>).remoteMessageReceived === "function";
}

// What stays here is sent as the object that takes calls for it.
function asSent(value: unknown, perspective: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Viewable) return viewPoint(perspective, value);
  if (
    Symbol.asyncIterator in value && typeof (value as Partial<Jellyable>).jellyFor !== "function"
  ) return new StreamSource(value as AsyncIterable<unknown>);
  return value;
}

function checkRevoked(target: CallTarget): void {
  const object = target[STANDS_FOR];
  if (isRevoked(target) || object !== undefined && isRevoked(object)) {
    throw new Revoked("The object was taken back by its owner");
  }
}
