/**
 * What was asked of the peer, and waits for its answers.
 * @module
 */
import { Deferred, Failure } from "@ropewalk/deferred";
import type { Box } from "./box.ts";
import type { CompiledCommand } from "./command.ts";
import { remoteError } from "./error_boxes.ts";
import { AmpProtocolError } from "./errors.ts";

/** A question that waits for its answer. */
interface Question {
  readonly command: CompiledCommand;
  readonly result: Deferred<unknown>;
}

/** The questions of one connection, by their tags. */
export class Questions {
  readonly #waiting = new Map<string, Question>();
  #counter = 0;

  /**
   * One more.
   *
   * @param emit Sends its box.
   * @returns Its answer; it fails at once, and nothing is sent, if the arguments do not fit.
   */
  ask(
    command: CompiledCommand,
    args: Readonly<Record<string, unknown>>,
    emit: (box: string) => void,
  ): Deferred<unknown> {
    const result = new Deferred<unknown>();
    try {
      const tag = (++this.#counter).toString(16);
      const box = command.encodeAsk(tag, args);
      this.#waiting.set(tag, { command, result });
      emit(box);
    } catch (error) {
      result.errback(new Failure(error));
    }
    return result;
  }

  /** An answer came. @throws {AmpProtocolError} If nothing was asked. */
  answered(tag: string, box: Box): void {
    const { command, result } = this.#take(tag);
    let values: unknown;
    try {
      values = command.decodeResponse(box);
    } catch (error) {
      result.errback(new Failure(error));
      return;
    }
    result.callback(values);
  }

  /** An error came. @throws {AmpProtocolError} If nothing was asked. */
  failed(tag: string, box: Box): void {
    const { command, result } = this.#take(tag);
    let error: unknown;
    try {
      error = remoteError(command, box);
    } catch (thrown) { // by the constructor of the program's own class
      error = thrown;
    }
    result.errback(new Failure(error));
  }

  /** Fails all of them. */
  failAll(reason: Failure): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { result } of waiting) result.errback(reason);
  }

  #take(tag: string): Question {
    const question = this.#waiting.get(tag);
    if (question === undefined) throw new AmpProtocolError("Cannot take an answer: nothing was asked");
    this.#waiting.delete(tag);
    return question;
  }
}
