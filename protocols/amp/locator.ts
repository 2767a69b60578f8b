/**
 * `CommandLocator`: which function answers which command.
 * @module
 */
import type { Deferred } from "@ropewalk/deferred";
import type { AMP } from "./amp.ts";
import type { Received, Sent } from "./arguments.ts";
import { type CommandClass, compile, type CompiledCommand } from "./command.ts";

/** What a responder may return: now, or later. */
export type Later<T> = T | Deferred<T> | PromiseLike<T>;

/** Answers a command. */
export type Responder<C extends CommandClass> = (
  args: Received<C["arguments"]>,
  amp: AMP,
) => Later<Sent<C["response"]>>;

/** How one command is answered. */
export interface Answering {
  readonly command: CompiledCommand;
  readonly respond: (args: never, amp: AMP) => unknown;
}

/** Finds responders by the names of commands; several AMPs may share one. */
export class CommandLocator {
  readonly #answering = new Map<string, Answering>();

  /** Has `respond` answer `command`. Later ones take the place of earlier ones. */
  respond<C extends CommandClass>(command: C, respond: Responder<C>): this {
    const compiled = compile(command);
    this.#answering.set(compiled.name, { command: compiled, respond: respond as Answering["respond"] });
    return this;
  }

  /** @ignore How a command is answered, or `undefined`. */
  _locate(name: string): unknown {
    return this.#answering.get(name);
  }
}
