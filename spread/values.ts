/**
 * Values that Python has and JavaScript has not: tuples, floats that look like integers, frozen sets, keyword
 * arguments, and what could not be sent.
 * @module
 */

const TUPLE_BRAND = Symbol.for("ropewalk.Tuple");
const FLOAT_BRAND = Symbol.for("ropewalk.Float");
const FROZEN_SET_BRAND = Symbol.for("ropewalk.FrozenSet");
const KWARGS_BRAND = Symbol.for("ropewalk.Kwargs");

function branded(value: unknown, brand: symbol): boolean {
  return typeof value === "object" && value !== null && (value as Record<symbol, unknown>)[brand] === true;
}

/**
 * A Python tuple: an array that travels as a tuple. Make one with {@linkcode tuple}; `map`, `filter` and the like give
 * plain arrays.
 */
export class Tuple<T = unknown> extends Array<T> {
  /** `map` and its kin make plain arrays. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }
  /** True for a tuple of this or of another copy of this package. */
  static is(value: unknown): value is Tuple {
    return branded(value, TUPLE_BRAND);
  }
}
Object.defineProperty(Tuple.prototype, TUPLE_BRAND, { value: true });

/**
 * Makes a tuple.
 *
 * @example
 * ```ts
 * import { tuple } from "@ropewalk/spread";
 * import { assertEquals } from "@std/assert";
 *
 * const [x, y] = tuple(3, "four");
 * assertEquals([x, y], [3, "four"]);
 * ```
 */
export function tuple<T extends unknown[]>(...items: T): T & Tuple<T[number]> {
  const made = new Tuple<unknown>();
  for (const item of items) made.push(item);
  return made as unknown as T & Tuple<T[number]>;
}

/** A number that travels as a Python float even where it is a whole number: `new Float(2)` is `2.0`. */
export class Float {
  /**
   * Makes one.
   *
   * @param value The number.
   */
  constructor(readonly value: number) {}
  /** True for a Float of this or of another copy of this package. */
  static is(value: unknown): value is Float {
    return branded(value, FLOAT_BRAND);
  }
  /** The number itself, so that it can be reckoned with. */
  valueOf(): number {
    return this.value;
  }
}
Object.defineProperty(Float.prototype, FLOAT_BRAND, { value: true });

/** A Python frozenset: a Set that travels as one. What comes in as a frozenset is one of these. */
export class FrozenSet<T = unknown> extends Set<T> {
  /** True for a FrozenSet of this or of another copy of this package. */
  static is(value: unknown): value is FrozenSet {
    return branded(value, FROZEN_SET_BRAND);
  }
}
Object.defineProperty(FrozenSet.prototype, FROZEN_SET_BRAND, { value: true });

/** Keyword arguments: the last argument of a call from Python that has some, their names its fields. */
export class Kwargs {
  /** The arguments by name. */
  [name: string]: unknown;
  /** True for Kwargs of this or of another copy of this package. */
  static is(value: unknown): value is Kwargs {
    return branded(value, KWARGS_BRAND);
  }
}
Object.defineProperty(Kwargs.prototype, KWARGS_BRAND, { value: true });

/**
 * Keyword arguments for a call: give them as its last argument.
 *
 * @param named The arguments. `pbanswer: false` among them asks for no answer, and is not sent.
 *
 * @example
 * ```ts
 * import { kwargs, type RemoteReference } from "@ropewalk/spread";
 *
 * function get(store: RemoteReference, key: string) {
 *   return store.callRemote("get", key, kwargs({ dflt: null }));
 * }
 * ```
 */
export function kwargs(named: Readonly<Record<string, unknown>>): Kwargs {
  const made = new Kwargs();
  for (const name of Object.keys(named)) setField(made, name, named[name]);
  return made;
}

/** Sets a field of an object by a name that comes from outside: `__proto__` is a name like any other. */
export function setField(object: object, name: string, value: unknown): void {
  if (name === "__proto__") {
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
  } else (object as Record<string, unknown>)[name] = value;
}

/** In place of something that its owner could not send. */
export class Unpersistable {
  /**
   * Makes one.
   *
   * @param reason Why, in the owner's words.
   */
  constructor(readonly reason: string) {}
  /** `Unpersistable(instance of class X deemed insecure)` */
  toString(): string {
    return `Unpersistable(${this.reason})`;
  }
}

/**
 * Looks a key up in a dictionary that came from Python, by value: bytes and tuples are found too, for which a `Map`
 * goes by identity.
 *
 * @param dictionary A Map, or the plain object that a dictionary with text keys becomes.
 * @returns The value, or `undefined`. For bytes and tuples the time is that of a walk over all keys.
 *
 * @example
 * ```ts
 * import { dictGet, tuple } from "@ropewalk/spread";
 * import { assertEquals } from "@std/assert";
 *
 * const board = new Map<unknown, string>([[tuple(0, 1), "rook"]]);
 * assertEquals(dictGet(board, tuple(0, 1)), "rook");
 * ```
 */
export function dictGet<V>(
  dictionary: ReadonlyMap<unknown, V> | Readonly<Record<string, V>>,
  key: unknown,
): V | undefined {
  if (!(dictionary instanceof Map)) {
    return typeof key === "string" && Object.hasOwn(dictionary, key)
      ? (dictionary as Record<string, V>)[key]
      : undefined;
  }
  if (dictionary.has(key) || typeof key !== "object" || key === null) return dictionary.get(key);
  for (const [candidate, value] of dictionary) if (sameKey(candidate, key)) return value;
  return undefined;
}

function sameKey(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  if (a instanceof Uint8Array) {
    return b instanceof Uint8Array && a.length === b.length && a.every((byte, i) => byte === b[i]);
  }
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => sameKey(item, b[i]));
  }
  if (a instanceof Set) {
    if (!(b instanceof Set) || a.size !== b.size) return false;
    const others = [...b];
    return [...a].every((item) => others.some((other) => sameKey(item, other)));
  }
  return a.constructor === b.constructor && String(a) === String(b) && String(a) !== "[object Object]";
}
