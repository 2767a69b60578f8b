/**
 * `Failure`: an error on its way down the second lane of a Deferred.
 * @module
 */
import { brand, isFailure } from "./_brand.ts";

/** A class of errors, or the dotted name that one has on a wire (`"builtins.KeyError"`). */
// deno-lint-ignore no-explicit-any -- a constructor's parameters are contravariant: only `any` takes every class
export type ErrorClass<E = unknown> = abstract new (...args: any[]) => E;

/**
 * An error that was thrown, and where it has been. A plain object: making one costs no stack trace, and
 * {@linkcode Failure.value} is the very object that was thrown, whatever its type.
 *
 * @example
 * ```ts
 * import { Failure } from "@ropewalk/deferred";
 * import { assertEquals } from "@std/assert";
 *
 * const failure = new Failure(new RangeError("too far"));
 * assertEquals(failure.check(TypeError, RangeError), RangeError);
 * assertEquals(failure.getErrorMessage(), "too far");
 * ```
 */
export class Failure<E = unknown> {
  /** What was thrown. */
  readonly value: E;
  private trail: string[] | null = null; // not #trail: that was measured to make failures slower

  /**
   * Wraps what was thrown.
   *
   * @param value Anything; another Failure is unwrapped.
   */
  constructor(value: E | Failure<E>) {
    this.value = Failure.is(value) ? (value as Failure<E>).value : value as E;
  }

  /** True for a Failure of this or of another copy of this package. */
  static is(value: unknown): value is Failure {
    return isFailure(value);
  }

  /** The name of the error's class: the one it has on a wire where it has one. */
  get type(): string {
    return errorNames(this.value)[0] ?? typeof this.value;
  }

  /**
   * Looks whether the error is one of some kinds.
   *
   * @param classes Classes, or names as they appear on a wire; a name also matches the errors of a remote peer
   * and those whose class declares it as `static wireName`.
   * @returns The first that matches, or `undefined`.
   */
  check<C extends readonly (ErrorClass | string)[]>(...classes: C): C[number] | undefined {
    for (const kind of classes) {
      if (matches(this.value, kind)) return kind;
    }
    return undefined;
  }

  /**
   * As {@linkcode check}, but throws the original error when no kind matches: the usual first line of an
   * errback that handles some errors and leaves the rest to others.
   *
   * @param classes As for {@linkcode check}.
   * @returns The first that matches.
   * @throws The error itself, if it is none of them.
   */
  trap<C extends readonly (ErrorClass | string)[]>(...classes: C): C[number] {
    const kind = this.check(...classes);
    if (kind === undefined) throw this.value;
    return kind;
  }

  /** The error's message, or the value itself as text where it is no `Error`. */
  getErrorMessage(): string {
    const value: unknown = this.value;
    return value instanceof Error ? value.message : safeString(value);
  }

  /** The error's stack, then the generators that were waiting for it (with debugging on), outermost last. */
  getTraceback(): string {
    const value: unknown = this.value;
    const own = value instanceof Error ? (value.stack ?? String(value)) : `Thrown: ${safeString(value)}`;
    return this.trail === null ? own : [own, ...this.trail].join("\n");
  }

  /** One line: the kind of error and its message. */
  getBriefTraceback(): string {
    return `${this.type}: ${this.getErrorMessage()}`;
  }

  /** Writes the traceback to `write`, by default the console's error stream. */
  printTraceback(write: (text: string) => void = console.error): void {
    write(this.getTraceback());
  }

  /** Throws the original error. */
  raiseException(): never {
    throw this.value;
  }

  /** Notes one more place that was waiting for this error; called only while debugging is on. */
  addFrame(text: string): void {
    (this.trail ??= []).push(text);
  }

  /**
   * The same story of another error.
   *
   * @param value Takes the place of the error.
   * @returns A Failure that has been where this one has.
   */
  withValue<V>(value: V): Failure<V> {
    const other = new Failure<V>(value);
    other.trail = this.trail;
    return other;
  }

  /** `[Failure RangeError: too far]` */
  toString(): string {
    return `[Failure ${this.getBriefTraceback()}]`;
  }
}

brand(Failure.prototype, "Failure");

/**
 * The names by which an error can be recognised, most derived first: those that a remote peer sent with it,
 * or those of its classes (`static wireName` where a class declares one).
 */
export function errorNames(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  const { parents } = value as { parents?: unknown };
  if (Array.isArray(parents)) return parents as string[];
  const names: string[] = [];
  for (let proto = Object.getPrototypeOf(value); proto; proto = Object.getPrototypeOf(proto)) {
    const kind = Object.hasOwn(proto, "constructor") ? proto.constructor : undefined;
    if (typeof kind !== "function" || kind === Object) continue;
    names.push(wireNameOf(kind) ?? kind.name);
  }
  return names;
}

function matches(value: unknown, kind: ErrorClass | string): boolean {
  if (typeof kind === "string") return hasName(value, kind);
  if (value instanceof kind) return true;
  const wireName = wireNameOf(kind);
  return wireName !== undefined && hasName(value, wireName);
}

function hasName(value: unknown, name: string): boolean {
  return errorNames(value).includes(name);
}

function wireNameOf(kind: unknown): string | undefined {
  const declared = Object.hasOwn(kind as object, "wireName")
    ? (kind as { wireName?: unknown }).wireName
    : undefined;
  return typeof declared === "string" ? declared : undefined;
}

function safeString(value: unknown): string {
  try {
    return String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}
