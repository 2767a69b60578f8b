/**
 * How questions are answered: by responders, now or later, well or not.
 * @module
 */
import { Deferred, reportError } from "@ropewalk/deferred";
import type { AMP } from "./amp.ts";
import type { Box } from "./box.ts";
import type { CompiledCommand } from "./command.ts";
import { encodeError } from "./error_boxes.ts";
import { BadLocalReturn, RemoteAmpError, UnhandledCommand } from "./errors.ts";
import type { Answering } from "./locator.ts";

/** What a responder returns that switches to another protocol, or to TLS, once the answer is on its way. */
export const SWITCH: unique symbol = Symbol("switch");
/** Such a result. */
export interface Switching {
  [SWITCH]: () => void;
}

/** The connection, as its answers see it. */
export interface AnswersHost {
  /** What responders are given. */
  readonly amp: AMP;
  /** True once nothing can be answered any more. */
  readonly gone: boolean;
  /** Finds who answers a command. */
  find(name: string): Answering | undefined;
  /** Sends a box. */
  emit(box: string): void;
  /** Closes the connection once everything is sent. */
  close(): void;
}

/** Answers the questions of one connection. */
export class Answers {
  readonly #host: AnswersHost;

  constructor(host: AnswersHost) {
    this.#host = host;
  }

  /** Answers a question. */
  asked(box: Box, name: string): void {
    const tag = box.get("_ask") ?? null;
    const answering = this.#host.find(name);
    if (answering === undefined) {
      const error = new UnhandledCommand("UNHANDLED", `Unhandled Command: '${name}'`);
      this.#answerError(null, tag, error);
      return;
    }
    const { command } = answering;
    let result: unknown;
    try {
      result = answering.respond(command.decodeArguments(box) as never, this.#host.amp);
    } catch (error) {
      this.#answerError(command, tag, error);
      return;
    }
    if (Deferred.is(result)) {
      result.addCallbacks(
        (value) => this.#answer(command, tag, value),
        (failure) => this.#answerError(command, tag, failure.value),
      );
    } else if (isPromise(result)) {
      result.then(
        (value) => this.#answer(command, tag, value),
        (error) => this.#answerError(command, tag, error),
      );
    } else {
      this.#answer(command, tag, result);
    }
  }

  #answer(command: CompiledCommand, tag: string | null, value: unknown): void {
    if (this.#host.gone) return;
    const switching = typeof value === "object" && value !== null && SWITCH in value
      ? value as Switching
      : null;
    try {
      if (switching === null && (typeof value !== "object" || value === null)) {
        throw new BadLocalReturn(`Cannot answer ${command.name}: its responder returned ${String(value)}`);
      }
      const box = command.encodeAnswer(tag ?? "", switching !== null ? {} : value as Record<string, unknown>);
      if (tag !== null) this.#host.emit(box);
    } catch (error) {
      this.#answerError(command, tag, error);
      return;
    }
    switching?.[SWITCH]();
  }

  #answerError(command: CompiledCommand | null, tag: string | null, error: unknown): void {
    if (this.#host.gone) {
      reportError(error, "A responder failed after the connection was lost");
      return;
    }
    const known = error instanceof RemoteAmpError
      ? { code: error.errorCode, fatal: error.fatal }
      : command?.codeOf(error) ?? null;
    if (known === null || (tag === null && command !== null)) {
      reportError(error, `Error in the responder of ${command?.name}`);
    }
    if (tag !== null) {
      // What went wrong in here, if it was not declared, is not the peer's business.
      const description = known === null
        ? "Unknown Error"
        : error instanceof RemoteAmpError
        ? error.description
        : (error as Error).message;
      this.#host.emit(encodeError(tag, known?.code ?? "UNKNOWN", description));
    }
    // A command that nobody answers and nobody knows does no harm; one that failed without an answer does.
    if (known === null || known.fatal || (tag === null && command !== null)) this.#host.close();
  }
}

/** Whether a value is a promise, or something like it. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null)?.then === "function";
}
