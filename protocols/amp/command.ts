/**
 * `Command`: what can be asked of a peer, with the types of its arguments and its response.
 * @module
 */
import type { Deferred } from "@ropewalk/deferred";
import { encodeUtf8, latin1 } from "../bytes.ts";
import {
  type AnyArgument,
  type ArgumentMap,
  decodeArguments,
  encodeArgument,
  isOurs,
  type Names,
  namesOf,
  type Received,
  type Sent,
  wireKey,
} from "./arguments.ts";
import { type Box, encodeKey, encodeValue } from "./box.ts";
import { InvalidSignature } from "./errors.ts";

/** A class of errors that can be made from the text on the wire. */
export type AmpErrorClass = new (description: string) => Error;

/** Errors by their code on the wire. */
export type ErrorMap = Readonly<Record<string, AmpErrorClass>>;

/**
 * The base of commands. A command is a class that is never made: its static fields say what it is.
 *
 * @example
 * ```ts
 * import { Command, Integer } from "@ropewalk/protocols/amp";
 *
 * class ZeroDivision extends Error {}
 *
 * class Divide extends Command {
 *   static override arguments = { numerator: new Integer(), denominator: new Integer() };
 *   static override response = { result: new Integer() };
 *   static override errors = { ZERO_DIVISION: ZeroDivision };
 * }
 * ```
 */
export abstract class Command {
  /** The names and types of its arguments. */
  static arguments: ArgumentMap = {};
  /** The names and types of its response. */
  static response: ArgumentMap = {};
  /** Errors that its responder may raise, by their code on the wire; those of the classes it extends count too. */
  static errors: ErrorMap = {};
  /** As {@linkcode errors}, but the connection is closed after one of them. */
  static fatalErrors: ErrorMap = {};
  /** False for a command that is not answered. */
  static requiresAnswer = true;
  /** Its name on the wire. @default the name of the class */
  static commandName?: string;
}

/** A class of commands. */
export interface CommandClass {
  /** The name of the class. */
  readonly name: string;
  /** The names and types of its arguments. */
  readonly arguments: ArgumentMap;
  /** The names and types of its response. */
  readonly response: ArgumentMap;
  /** Errors that its responder may raise. */
  readonly errors: ErrorMap;
  /** Errors that close the connection. */
  readonly fatalErrors: ErrorMap;
  /** False for a command that is not answered. */
  readonly requiresAnswer: boolean;
  /** Its name on the wire. */
  readonly commandName?: string;
}

/** What `callRemote` needs for a command: nothing may be left out but what is optional. */
export type CallArguments<C extends CommandClass> = Record<never, never> extends Sent<C["arguments"]>
  ? [args?: Sent<C["arguments"]>]
  : [args: Sent<C["arguments"]>];

/** What `callRemote` returns: a command whose `requiresAnswer` is `false as const` gets no answer. */
export type CallResult<C extends CommandClass> = true extends C["requiresAnswer"]
  ? Deferred<Received<C["response"]>>
  : undefined;

/** One part of a box that is sent: a constant text, or an argument. */
interface Part {
  readonly key: string;
  readonly prefix: string; // the key with its length, or all of a constant part
  readonly type: AnyArgument | null; // null for what is not an argument
}

// A type of the program's own may make more than bytes of a value: the lengths would be wrong.
const WIDE = /[^\0-\xff]/;

const ASK: Part = { key: "_ask", prefix: encodeKey("_ask"), type: null };
const ANSWER: Part = { key: "_answer", prefix: encodeKey("_answer"), type: null };

/** A command, looked at once. */
export class CompiledCommand {
  readonly name: string;
  readonly requiresAnswer: boolean;
  /** What is declared, by code, with those that close the connection. */
  readonly errors: Map<string, { type: AmpErrorClass; fatal: boolean }> = new Map();
  readonly #arguments: ArgumentMap;
  readonly #response: ArgumentMap;
  readonly #argumentNames: Names;
  readonly #responseNames: Names;
  readonly #ask: Part[];
  readonly #answer: Part[];
  readonly #foreignAsk: boolean; // has a type of the program's own
  readonly #foreignAnswer: boolean;

  constructor(command: CommandClass) {
    this.name = command.commandName ?? command.name;
    this.requiresAnswer = command.requiresAnswer;
    this.#arguments = command.arguments;
    this.#response = command.response;
    this.#argumentNames = namesOf(command.arguments);
    this.#responseNames = namesOf(command.response);
    this.#foreignAsk = !Object.values(command.arguments).every(isOurs);
    this.#foreignAnswer = !Object.values(command.response).every(isOurs);
    const name: Part = {
      key: "_command",
      prefix: encodeKey("_command") + encodeValue("_command", latin1(encodeUtf8(this.name))),
      type: null,
    };
    this.#ask = sorted([ASK, name, ...parts(command.arguments)]);
    this.#answer = sorted([ANSWER, ...parts(command.response)]);
    for (
      let at: unknown = command;
      at !== Function.prototype && at !== null;
      at = Object.getPrototypeOf(at)
    ) {
      for (
        const [fatal, map] of [[false, (at as CommandClass).errors], [
          true,
          (at as CommandClass).fatalErrors,
        ]] as const
      ) {
        for (const [code, type] of Object.entries(map ?? {})) {
          if (!this.errors.has(code)) this.errors.set(code, { type, fatal });
        }
      }
    }
  }

  /** The box that asks; `tag` is `null` if no answer is wanted. */
  encodeAsk(tag: string | null, values: Readonly<Record<string, unknown>>): string {
    for (const name in values) {
      if (!Object.hasOwn(this.#arguments, name)) {
        throw new InvalidSignature(`Cannot call ${this.name}: it takes no ${name}`);
      }
    }
    return encode(this.#ask, tag, values, this.#foreignAsk);
  }

  /** The box that answers. */
  encodeAnswer(tag: string, values: Readonly<Record<string, unknown>>): string {
    return encode(this.#answer, tag, values, this.#foreignAnswer);
  }

  decodeArguments(box: Box): Record<string, unknown> {
    return decodeArguments(this.#arguments, box, this.#argumentNames);
  }

  decodeResponse(box: Box): Record<string, unknown> {
    return decodeArguments(this.#response, box, this.#responseNames);
  }

  /** The code of an error, if it is declared: its own class first, then one that it extends. */
  codeOf(error: unknown): { code: string; fatal: boolean } | null {
    let found: { code: string; fatal: boolean } | null = null;
    for (const [code, { type, fatal }] of this.errors) {
      if (!(error instanceof type)) continue;
      if (error.constructor === type) return { code, fatal };
      found ??= { code, fatal };
    }
    return found;
  }
}

function parts(map: ArgumentMap): Part[] {
  return Object.entries(map).map(([key, type]) => ({ key, prefix: encodeKey(wireKey(key)), type }));
}

// The wire has keys in the order of their bytes; the part after the length decides.
function sorted(all: Part[]): Part[] {
  const order = (part: Part) => part.prefix.slice(2);
  return all.sort((a, b) => order(a) < order(b) ? -1 : 1);
}

function encode(
  all: readonly Part[],
  tag: string | null,
  values: Readonly<Record<string, unknown>>,
  isForeign: boolean,
): string {
  let text = "";
  for (const part of all) {
    if (part.type !== null) {
      const value = encodeArgument(part.key, part.type, values[part.key]);
      if (value !== null) text += part.prefix + value;
    } else if (part.key === "_command") {
      text += part.prefix;
    } else if (tag !== null) {
      text += part.prefix + encodeValue(part.key, tag);
    }
  }
  if (isForeign && WIDE.test(text)) {
    throw new InvalidSignature("Cannot send a value: its type made more than bytes of it");
  }
  return text + "\0\0";
}

const compiled = new WeakMap<CommandClass, CompiledCommand>();

/** The compiled form of a command; made once. */
export function compile(command: CommandClass): CompiledCommand {
  let known = compiled.get(command);
  if (known === undefined) compiled.set(command, known = new CompiledCommand(command));
  return known;
}
