/**
 * The types that AMP's arguments and responses can have.
 * @module
 */
import { decodeUtf8Strictly, encodeUtf8, fromLatin1, hasHighBytes, latin1 } from "../bytes.ts";
import { type Box, encodeKey, encodeValue, lengthPrefix, MAX_VALUE_LENGTH, parseBoxes } from "./box.ts";
import { InvalidSignature, TooLong } from "./errors.ts";
import { ZonedDate } from "./zoned_date.ts";

/** Options of every type of argument. */
export interface ArgumentOptions<O extends boolean> {
  /** Whether it may be left out. @default false */
  optional?: O;
}

/**
 * A type of argument. A new one says how a value becomes a one-byte string (a character for each byte) and comes back.
 *
 * @typeParam Out What a responder or caller gets.
 * @typeParam In What may be sent.
 * @typeParam O Whether it may be left out.
 *
 * @example
 * ```ts
 * import { Argument } from "@ropewalk/protocols/amp";
 *
 * class Colour extends Argument<string> {
 *   override encode(colour: string) {
 *     return colour.slice(1);
 *   }
 *   override decode(text: string) {
 *     return "#" + text;
 *   }
 * }
 * ```
 */
export abstract class Argument<Out, In = Out, const O extends boolean = false> {
  /** Whether it may be left out. */
  readonly optional: O;
  /** Only for the compiler: what is got and what is sent. */
  declare readonly types: { out: Out; in: In };

  /**
   * Makes a type.
   *
   * @param options Whether it may be left out.
   */
  constructor(options: ArgumentOptions<O> = {}) {
    this.optional = (options.optional ?? false) as O;
  }

  /** The bytes of a value, as a one-byte string. */
  abstract encode(value: In): string;
  /** The value of some bytes. */
  abstract decode(text: string): Out;
}

/** Any type of argument. */
// deno-lint-ignore no-explicit-any -- `in` and `out` stand in both directions, so nothing narrower takes them all
export type AnyArgument = Argument<any, any, boolean>;
/** Names and their types. */
export type ArgumentMap = Readonly<Record<string, AnyArgument>>;

/** What may be sent for a map of arguments. */
export type Sent<M extends ArgumentMap> =
  & { [K in keyof M as M[K]["optional"] extends true ? never : K]: M[K]["types"]["in"] }
  & { [K in keyof M as M[K]["optional"] extends true ? K : never]?: M[K]["types"]["in"] | undefined };

/** What is got for a map of arguments; an optional one that was left out is `undefined`. */
export type Received<M extends ArgumentMap> =
  & { [K in keyof M as M[K]["optional"] extends true ? never : K]: M[K]["types"]["out"] }
  & { [K in keyof M as M[K]["optional"] extends true ? K : never]: M[K]["types"]["out"] | undefined };

function wrong(expected: string, value: unknown): InvalidSignature {
  return new InvalidSignature(`Cannot send ${String(value)}: ${expected} is needed`);
}

/** A whole number of any size, as decimal digits: a `number` while that is exact, else a `bigint`. */
export class Integer<const O extends boolean = false> extends Argument<number, number | bigint, O> {
  /** The digits. */
  override encode(value: number | bigint): string {
    if (typeof value === "bigint") return String(value);
    if (!Number.isInteger(value)) throw wrong("a whole number", value);
    return Number.isSafeInteger(value) ? String(value + 0) : String(BigInt(value));
  }

  /** The number. Beyond 2^53 it is a `bigint`, whatever the type says. */
  override decode(text: string): number {
    if (!/^[+-]?\d+$/.test(text)) throw new RangeError("Cannot read an integer");
    const number = Number(text);
    return Number.isSafeInteger(number) ? number : BigInt(text) as unknown as number;
  }
}

/** Bytes. */
export class String_<const O extends boolean = false> extends Argument<Uint8Array, Uint8Array, O> {
  /** The bytes. */
  override encode(value: Uint8Array): string {
    if (!(value instanceof Uint8Array)) throw wrong("a Uint8Array", value);
    return latin1(value);
  }

  /** The bytes, as a copy. */
  override decode(text: string): Uint8Array {
    return fromLatin1(text);
  }
}

/** Text as UTF-8. */
export class Unicode<const O extends boolean = false> extends Argument<string, string, O> {
  /** The bytes of the text. */
  override encode(value: string): string {
    if (typeof value !== "string") throw wrong("a string", value);
    return /^[\0-\x7f]*$/.test(value) ? value : latin1(encodeUtf8(value));
  }

  /** The text; malformed bytes are an error. */
  override decode(text: string): string {
    return hasHighBytes(text) ? decodeUtf8Strictly(fromLatin1(text)) : text;
  }
}

/** The name of a file, as UTF-8. */
export class Path<const O extends boolean = false> extends Unicode<O> {}

/** True or false. */
export class Boolean_<const O extends boolean = false> extends Argument<boolean, boolean, O> {
  /** `True` or `False`. */
  override encode(value: boolean): string {
    if (typeof value !== "boolean") throw wrong("true or false", value);
    return value ? "True" : "False";
  }

  /** Exactly `True` or `False`; anything else is an error. */
  override decode(text: string): boolean {
    if (text === "True") return true;
    if (text === "False") return false;
    throw new RangeError("Cannot read a boolean");
  }
}

/** A number of double precision, as Python writes it. */
export class Float<const O extends boolean = false> extends Argument<number, number, O> {
  /** As Python's `repr` has it. */
  override encode(value: number): string {
    if (typeof value !== "number") throw wrong("a number", value);
    if (Number.isNaN(value)) return "nan";
    if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
    if (Object.is(value, -0)) return "-0.0";
    const text = String(value);
    return /[.e]/.test(text) ? text : `${text}.0`;
  }

  /** The number. */
  override decode(text: string): number {
    const special = /^([+-]?)(inf(?:inity)?|nan)$/i.exec(text);
    if (special !== null) {
      return special[2]![0]!.toLowerCase() === "n" ? NaN : special[1] === "-" ? -Infinity : Infinity;
    }
    if (!/^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text)) throw new RangeError("Cannot read a float");
    return Number(text);
  }
}

const DECIMAL = /^[+-]?((\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?|inf(inity)?|s?nan\d*)$/i;

/** A decimal number, kept as text, so that `1.50` stays `1.50`; also `NaN`, `Infinity`, `-0`. */
export class Decimal<const O extends boolean = false> extends Argument<string, string | number | bigint, O> {
  /** The text. */
  override encode(value: string | number | bigint): string {
    const text = String(value);
    if (!DECIMAL.test(text)) throw wrong("a decimal number", value);
    return text;
  }

  /** The text, as it came. */
  override decode(text: string): string {
    if (!DECIMAL.test(text)) throw new RangeError("Cannot read a decimal number");
    return text;
  }
}

/** A moment with its zone. What is got is a `Date` too; a plain `Date` is sent as UTC. */
export class DateTime<const O extends boolean = false> extends Argument<ZonedDate, Date, O> {
  /** 32 characters. */
  override encode(value: Date): string {
    if (!(value instanceof Date) || Number.isNaN(value.getTime())) throw wrong("a valid Date", value);
    return (value instanceof ZonedDate ? value : new ZonedDate(value)).toWire();
  }

  /** The date. */
  override decode(text: string): ZonedDate {
    return ZonedDate.fromWire(text);
  }
}

/**
 * An open file or socket, which Twisted passes over a UNIX socket beside the box. Neither Deno nor Node can pass one, so
 * that whoever sends or receives it gets a clear error instead of a hang; one that is optional may be left out.
 */
export class Descriptor<const O extends boolean = false> extends Argument<never, number, O> {
  /** Refuses. @throws {InvalidSignature} Always. */
  override encode(_value: number): string {
    throw new InvalidSignature("Cannot send a descriptor: this host cannot pass one to another process");
  }

  /** Refuses. @throws {InvalidSignature} Always. */
  override decode(_text: string): never {
    throw new InvalidSignature("Cannot take a descriptor: this host cannot receive one from another process");
  }
}

/** A list of values of one type; all of it must fit into one value of 65,535 bytes. */
export class ListOf<A extends AnyArgument, const O extends boolean = false>
  extends Argument<A["types"]["out"][], readonly A["types"]["in"][], O> {
  /**
   * Makes the type.
   *
   * @param elementType The type of the elements.
   * @param options Whether the list may be left out.
   */
  constructor(readonly elementType: A, options: ArgumentOptions<O> = {}) {
    super(options);
  }

  /** Each element with two bytes of length in front. */
  override encode(values: readonly A["types"]["in"][]): string {
    let text = "";
    for (const value of values) {
      const element = this.elementType.encode(value);
      if (element.length > MAX_VALUE_LENGTH) throw new TooLong("an element", false, element.length);
      text += lengthPrefix(element.length) + element;
    }
    return text;
  }

  /** The elements. */
  override decode(text: string): A["types"]["out"][] {
    const values: A["types"]["out"][] = [];
    for (let at = 0; at < text.length;) {
      const length = text.charCodeAt(at) * 256 + text.charCodeAt(at + 1);
      at += 2;
      if (!(at + length <= text.length)) throw new RangeError("Cannot read a list: it is cut off");
      values.push(this.elementType.decode(text.substring(at, at + length)));
      at += length;
    }
    return values;
  }
}

/** A list of small tables, each of the same names and types; all of it must fit into one value of 65,535 bytes. */
export class AmpList<M extends ArgumentMap, const O extends boolean = false>
  extends Argument<Received<M>[], readonly Sent<M>[], O> {
  readonly #names: Names;

  /**
   * Makes the type.
   *
   * @param subargs The names and types.
   * @param options Whether the list may be left out.
   */
  constructor(readonly subargs: M, options: ArgumentOptions<O> = {}) {
    super(options);
    this.#names = namesOf(subargs);
  }

  /** One box for each table. */
  override encode(rows: readonly Sent<M>[]): string {
    const { names, keys } = this.#names;
    let text = "";
    for (const row of rows as readonly Record<string, unknown>[]) {
      for (let i = 0; i < names.length; i++) {
        const name = names[i]!;
        const value = encodeArgument(name, this.subargs[name]!, row[name]);
        if (value !== null) text += encodeKey(keys[i]!) + value;
      }
      text += "\0\0";
    }
    return text;
  }

  /** The tables. */
  override decode(text: string): Received<M>[] {
    return parseBoxes(text).map((box) => decodeArguments(this.subargs, box, this.#names) as Received<M>);
  }
}

const OURS: ReadonlySet<unknown> = new Set([
  Integer,
  String_,
  Unicode,
  Path,
  Boolean_,
  Float,
  Decimal,
  DateTime,
  Descriptor,
  ListOf,
  AmpList,
]);

/** Whether a type is one of those above, and so are those inside it: they make nothing but bytes. */
export function isOurs(type: AnyArgument): boolean {
  if (!OURS.has(type.constructor)) return false;
  if (type instanceof ListOf) return isOurs(type.elementType);
  return type instanceof AmpList ? Object.values(type.subargs as ArgumentMap).every(isOurs) : true;
}

/** A name as a key on the wire: its bytes, as a one-byte string. */
export function wireKey(name: string): string {
  return latin1(encodeUtf8(name));
}

/** The names of a map, and the keys that they are on the wire, in the order of those. */
export interface Names {
  readonly names: readonly string[];
  readonly keys: readonly string[];
}

/** Those of a map. */
export function namesOf(types: ArgumentMap): Names {
  const pairs = Object.keys(types).map((name) => [wireKey(name), name] as const);
  pairs.sort(([a], [b]) => a < b ? -1 : 1);
  return { names: pairs.map(([, name]) => name), keys: pairs.map(([key]) => key) };
}

/** A value with its length, or `null` if it is optional and left out. */
export function encodeArgument(name: string, type: AnyArgument, value: unknown): string | null {
  if (value === undefined || value === null) {
    if (type.optional) return null;
    throw new InvalidSignature(`Cannot send without ${name}: it is not optional`);
  }
  return encodeValue(name, type.encode(value));
}

/**
 * The values of a box.
 *
 * @throws {InvalidSignature} If one is missing that is not optional.
 */
export function decodeArguments(
  types: ArgumentMap,
  box: Box,
  { names, keys }: Names,
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (let i = 0; i < names.length; i++) {
    const name = names[i]!;
    const text = box.get(keys[i]!);
    if (text !== undefined) values[name] = types[name]!.decode(text);
    else if (types[name]!.optional) values[name] = undefined;
    else throw new InvalidSignature(`Cannot take a box: ${name} is missing`);
  }
  return values;
}
