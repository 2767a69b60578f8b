/**
 * `Jellier`: turns values into jelly, straight into banana bytes.
 *
 * A list, dictionary or other container that comes up twice in one value must be wrapped where it stood first:
 * `[reference 1 [list …]]`, and `[dereference 1]` after that. Whether it comes up again is not known when it is written, so
 * the place where each container begins is kept, and the wrappers that turn out to be needed are put in at the end.
 * @module
 */
import { CalendarDate, DateTime, Decimal, TimeDelta, TimeOfDay } from "./dates.ts";
import { JellyError } from "./errors.ts";
import type { JellyInvoker } from "./invokers.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import { Output } from "./_output.ts";
import { globalSecurity, type SecurityOptions, wireNameOf } from "./security.ts";
import { Float, FrozenSet, Kwargs, Tuple } from "./values.ts";
import {
  DEREFERENCE,
  DICTIONARY,
  LIST_WORD,
  NONE,
  REFERENCE,
  TUPLE,
  UNPERSISTABLE,
  WORD_BYTES,
} from "./_vocabulary.ts";

/** An object that knows how it is sent. */
export interface Jellyable {
  /** Writes this object to a jellier. */
  jellyFor(jellier: Jellier): void;
}

const encoder = new TextEncoder();
const atom = (text: string): Uint8Array => {
  const out = new Output(false);
  out.text(text);
  return out.take();
};
const listOf = (count: number, ...elements: Uint8Array[]): Uint8Array => {
  const out = new Output(false);
  out.list(count);
  for (const element of elements) out.raw(element);
  return out.take();
};

const TRUE = listOf(2, atom("boolean"), atom("true"));
const FALSE = listOf(2, atom("boolean"), atom("false"));
const SET = atom("set");
const FROZENSET = atom("frozenset");

// A place where `[reference n` … has to be put in.
interface Wrapper {
  readonly at: number;
  readonly number: number;
}

/** Writes values as jelly. */
export class Jellier {
  /**
   * Where the bytes go.
   * @ignore
   */
  readonly out: Output;
  /** The connection, or `null` where there is none. */
  readonly invoker: JellyInvoker | null;
  /** For whom the value is meant: the avatar whose peer gets it, or `null`. */
  perspective: unknown = null;
  readonly #security: SecurityOptions;
  readonly #maxDepth: number;
  #start = 0;
  #depth = 0;
  #deepest = 0;
  #references = 0;
  // Containers met in this value: where they begin, or minus the number under which they are known.
  #first: object | null = null;
  #firstAt = 0;
  #met: Map<object, number> | null = null;
  #wrappers: Wrapper[] | null = null;
  // What was registered for this message, to be taken back should it fail.
  #registered: object[] | null = null;
  #cached: object[] | null = null;

  /**
   * Makes one.
   * @ignore
   */
  constructor(
    out: Output,
    invoker: JellyInvoker | null = null,
    security: SecurityOptions = globalSecurity,
    maxDepth: number = DEFAULT_LIMITS.maxDepth,
  ) {
    this.out = out;
    this.invoker = invoker;
    this.#security = security;
    // The message itself takes some levels.
    this.#maxDepth = maxDepth - 10;
  }

  /**
   * Writes a whole value. Containers that are shared within it, or lead back to themselves, keep their identity.
   *
   * @throws {BananaError} If something in it is too long, or an integer too large.
   * @throws {JellyError} If it is nested too deep, or holds references of another connection.
   */
  jelly(value: unknown, perspective: unknown = null): void {
    this.begin(perspective);
    this.write(value);
    this.end();
  }

  /** Begins a value of several parts, such as the arguments of a call. */
  begin(perspective: unknown): void {
    this.perspective = perspective;
    this.#start = this.out.length;
    this.#depth = 0;
    this.#deepest = 0;
  }

  /** Ends a value that {@linkcode begin} began. */
  end(): void {
    if (this.#first === null) return;
    this.#first = null;
    this.#met?.clear();
    this.#references = 0;
    const wrappers = this.#wrappers;
    if (wrappers === null) return;
    this.#wrappers = null;
    if (this.#deepest * 2 > this.#maxDepth) throw this.#tooDeep();
    this.#wrap(wrappers);
  }

  /** After the last value of a message: what it referred to is the peer's now. */
  commit(): void {
    this.#registered = null;
    this.#cached = null;
  }

  /** After a value that could not be written: forgets everything about it. */
  rollBack(): void {
    this.#first = null;
    this.#met = null;
    this.#wrappers = null;
    this.#references = 0;
    for (const target of this.#registered ?? []) this.invoker!.unregisterReference(target);
    for (const cacheable of this.#cached ?? []) this.invoker!.uncacheRemotely(cacheable);
    this.commit();
  }

  /** Writes one value, or part of one. */
  write(value: unknown): void {
    switch (typeof value) {
      case "string":
        this.out.unicode(value);
        return;
      case "number":
        if (Number.isSafeInteger(value) && !Object.is(value, -0)) this.out.int(value);
        else this.out.float(value);
        return;
      case "boolean":
        this.out.raw(value ? TRUE : FALSE);
        return;
      case "bigint":
        this.out.bigint(value);
        return;
      case "undefined":
        this.none();
        return;
      case "object":
        if (value === null) this.none();
        else this.#object(value);
        return;
      default:
        this.unpersistable(`${typeof value} deemed insecure`);
    }
  }

  /** Writes `[None]`. */
  none(): void {
    this.out.list(1);
    this.out.word(NONE, WORD_BYTES[NONE]!);
  }

  /** Writes a note that something could not be sent. */
  unpersistable(reason: string): void {
    this.out.list(2);
    this.out.word(UNPERSISTABLE, WORD_BYTES[UNPERSISTABLE]!);
    this.out.string(encoder.encode(reason));
  }

  /** Writes a reference through which the peer can call `target`. */
  remote(target: object, word: number): void {
    const number = this.#needInvoker().registerReference(target);
    (this.#registered ??= []).push(target);
    this.pair(word, number);
  }

  /** Writes `[word number]`, for example `[local 3]`. */
  pair(word: number, number: number | string): void {
    this.out.list(2);
    this.out.word(word, WORD_BYTES[word]!);
    if (typeof number === "number") this.out.int(number);
    else this.out.text(number);
  }

  /** Writes an object as its type's name and its state; shared ones keep their identity. */
  copy(object: object, type: string, getState: () => unknown): void {
    if (this.#known(object)) return;
    this.#enter(1);
    this.out.list(2);
    this.out.text(type);
    this.write(getState());
    this.#depth -= 1;
  }

  /** Writes a cacheable: with its state the first time, by its number after that. */
  cache(cacheable: object, type: string, getState: (observer: object) => unknown, cachedWord: number): void {
    const invoker = this.#needInvoker();
    const known = invoker.cachedAs(cacheable);
    if (known !== 0) {
      (this.#cached ??= []).push(cacheable);
      this.pair(cachedWord, known);
      return;
    }
    const number = invoker.cacheRemotely(cacheable, this.perspective);
    (this.#cached ??= []).push(cacheable);
    this.#enter(1);
    this.out.list(3);
    this.out.text(type);
    this.out.int(number);
    this.write(getState(invoker.observerOf(cacheable)));
    this.#depth -= 1;
  }

  #needInvoker(): JellyInvoker {
    if (this.invoker === null) throw new JellyError("Cannot send a reference: there is no connection");
    return this.invoker;
  }

  #object(value: object): void {
    if (Array.isArray(value)) {
      this.#sequence(value, Tuple.is(value) ? TUPLE : LIST_WORD);
      return;
    }
    const proto = Object.getPrototypeOf(value);
    if (proto === Object.prototype || proto === null) {
      this.fields(value as Record<string, unknown>, true);
    } else if (value instanceof Uint8Array) this.out.string(value);
    else if (typeof (value as Partial<Jellyable>).jellyFor === "function") {
      (value as Jellyable).jellyFor(this);
    } else if (value instanceof Map) this.#map(value);
    else if (value instanceof Set) this.#set(value);
    else this.#platform(value);
  }

  #platform(value: object): void {
    const out = this.out;
    if (value instanceof Decimal) {
      out.list(3);
      out.text("decimal");
      out.bigint(value.value);
      out.int(value.exponent);
    } else if (value instanceof DateTime) this.#atoms("datetime", value.toWire());
    else if (value instanceof Date) this.#atoms("datetime", DateTime.fromDate(value).toWire());
    else if (value instanceof CalendarDate) this.#atoms("date", value.toWire());
    else if (value instanceof TimeOfDay) this.#atoms("time", value.toWire());
    else if (value instanceof TimeDelta) this.#atoms("timedelta", value.toWire());
    else if (Float.is(value)) out.float(value.value);
    else if (Kwargs.is(value)) this.fields(value, true);
    else if (this.#security.isClassAllowed(value.constructor as never)) {
      this.copy(value, wireNameOf(value.constructor as never), () => ({ ...value }));
    } else {
      const name = value.constructor?.name ?? "Object";
      this.unpersistable(`instance of class ${name} deemed insecure`);
    }
  }

  #atoms(kind: string, text: string): void {
    this.out.list(2);
    this.out.text(kind);
    this.out.text(text);
  }

  #sequence(items: readonly unknown[], word: number): void {
    if (this.#known(items)) return;
    this.#enter(1);
    const count = items.length;
    this.out.list(count + 1);
    this.out.word(word, WORD_BYTES[word]!);
    for (let i = 0; i < count; i++) this.write(items[i]);
    this.#depth -= 1;
  }

  /** Writes the fields of an object as a dictionary; `shared` if it may come up again in the same value. */
  fields(object: Readonly<Record<string, unknown>>, shared: boolean): void {
    if (shared && this.#known(object)) return;
    this.#enter(2);
    const names = Object.keys(object);
    const out = this.out;
    out.list(names.length + 1);
    out.word(DICTIONARY, WORD_BYTES[DICTIONARY]!);
    for (const name of names) {
      out.key(name);
      this.write(object[name]);
    }
    this.#depth -= 2;
  }

  #map(map: ReadonlyMap<unknown, unknown>): void {
    if (this.#known(map)) return;
    this.#enter(2);
    this.out.list(map.size + 1);
    this.out.word(DICTIONARY, WORD_BYTES[DICTIONARY]!);
    for (const [key, value] of map) {
      this.out.list(2);
      this.write(key);
      this.write(value);
    }
    this.#depth -= 2;
  }

  #set(set: ReadonlySet<unknown>): void {
    if (this.#known(set)) return;
    this.#enter(1);
    this.out.list(set.size + 1);
    this.out.raw(FrozenSet.is(set) ? FROZENSET : SET);
    for (const item of set) this.write(item);
    this.#depth -= 1;
  }

  #enter(levels: number): void {
    this.#depth += levels;
    if (this.#depth > this.#deepest) {
      this.#deepest = this.#depth;
      if (this.#depth > this.#maxDepth) throw this.#tooDeep();
    }
  }

  #tooDeep(): JellyError {
    return new JellyError("Cannot send a value: it is nested too deep");
  }

  // Writes a container that was met before as a dereference; else notes where it begins.
  #known(object: object): boolean {
    if (this.#first === null) {
      this.#first = object;
      this.#firstAt = this.out.length;
      return false;
    }
    if (this.#met === null) this.#met = new Map();
    if (this.#met.size === 0) this.#met.set(this.#first, this.#firstAt);
    const place = this.#met.get(object);
    if (place === undefined) {
      this.#met.set(object, this.out.length);
      return false;
    }
    let number = -place;
    if (place >= 0) {
      number = ++this.#references;
      (this.#wrappers ??= []).push({ at: place, number });
      this.#met.set(object, -number);
    }
    this.pair(DEREFERENCE, number);
    return true;
  }

  #wrap(wrappers: Wrapper[]): void {
    wrappers.sort((a, b) => a.at - b.at);
    const out = this.out;
    const written = out.bytes.slice(this.#start, out.length);
    out.length = this.#start;
    let done = 0;
    for (const { at, number } of wrappers) {
      const until = at - this.#start;
      out.raw(written.subarray(done, until));
      done = until;
      out.list(3);
      out.word(REFERENCE, WORD_BYTES[REFERENCE]!);
      out.int(number);
    }
    out.raw(written.subarray(done));
  }
}
