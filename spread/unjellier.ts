/**
 * `Unjellier`: makes values out of jelly, straight from the banana bytes of a message that is known to be whole.
 * @module
 */
import type { RemoteCache } from "./cacheable.ts";
import { CalendarDate, DateTime, Decimal, TimeDelta, TimeOfDay } from "./dates.ts";
import { InsecureJelly, JellyError } from "./errors.ts";
import type { UnjellyInvoker } from "./invokers.ts";
import { FLOAT, LIST, STRING, VOCAB } from "./_output.ts";
import type { Reader } from "./_reader.ts";
import {
  globalSecurity,
  insecure,
  registeredClass,
  registeredFactory,
  type SecurityOptions,
} from "./security.ts";
import { FrozenSet, Kwargs, setField, Tuple, Unpersistable } from "./values.ts";

/** An object that is filled with the state of a remote one. */
interface Fillable {
  setCopyableState(state: unknown): void;
}

/** What a class that stands for a remote `Cacheable` has on its prototype. */
export const REMOTE_CACHE: unique symbol = Symbol.for("ropewalk.RemoteCache") as never;

/** Reads values out of jelly. */
export class Unjellier {
  /** Where the bytes are. */
  readonly reader: Reader;
  /** For whom the value is meant: the avatar that is called, or `null`. */
  perspective: unknown = null;
  readonly #invoker: UnjellyInvoker | null;
  readonly #security: SecurityOptions;
  #known: Map<number, unknown> | null = null;
  // The number under which the container that comes next is to be known; 0 for none.
  #naming = 0;
  // How much may be read ahead to tell the kinds of dictionaries: hostile nesting must not cost quadratic time.
  #aheadBytes = 0;
  #last: (() => void)[] | null = null;

  constructor(
    reader: Reader,
    invoker: UnjellyInvoker | null = null,
    security: SecurityOptions = globalSecurity,
  ) {
    this.reader = reader;
    this.#invoker = invoker;
    this.#security = security;
  }

  /**
   * Reads a whole value.
   *
   * @throws {InsecureJelly} If something in it is not let in.
   * @throws {JellyError} If it makes no sense.
   */
  unjelly(perspective: unknown = null): unknown {
    this.begin(perspective);
    const value = this.read();
    this.end();
    return value;
  }

  /** Begins a value of several parts. */
  begin(perspective: unknown = null): void {
    this.perspective = perspective;
    this.#known = null;
    this.#naming = 0;
    this.#aheadBytes = 1 << 20;
    this.#last = null;
  }

  /** Ends a value that {@linkcode begin} began: objects that want to know that all is there are told. */
  end(): void {
    const last = this.#last;
    if (last === null) return;
    this.#last = null;
    for (const f of last) f();
  }

  /** Reads the arguments of a call: a tuple, or a list, of any values. */
  arguments(): unknown[] {
    const count = this.#openSequence();
    const items: unknown[] = [];
    for (let i = 0; i < count; i++) items.push(this.read());
    return items;
  }

  #openSequence(): number {
    const reader = this.reader;
    if (reader.next() !== LIST || reader.value === 0) throw new JellyError("Arguments were expected");
    const count = reader.value - 1;
    const kind = reader.name();
    if (kind === "reference") {
      // Arguments that hold themselves.
      reader.integer();
      return this.#openSequence();
    }
    if (kind !== "tuple" && kind !== "list") throw new JellyError("Arguments were expected");
    return count;
  }

  /** Reads the keyword arguments of a call; `null` if there are none. */
  keywords(): Kwargs | null {
    const reader = this.reader;
    if (reader.next() !== LIST || reader.value === 0) throw new JellyError("Keyword arguments were expected");
    const count = reader.value - 1;
    if (reader.name() !== "dictionary") throw new JellyError("Keyword arguments were expected");
    if (count === 0) return null;
    const named = new Kwargs();
    for (let i = 0; i < count; i++) {
      this.#pair();
      const name = this.#key();
      const text = name instanceof Uint8Array ? new TextDecoder().decode(name) : name;
      if (typeof text !== "string") throw new JellyError("A keyword is no text");
      setField(named, text, this.read());
    }
    return named;
  }

  /** Reads one value, or part of one. */
  read(): unknown {
    const reader = this.reader;
    const type = reader.next();
    switch (type) {
      case LIST:
        return this.#list(reader.value);
      case STRING:
      case VOCAB:
        return reader.takeBytes(type);
      case FLOAT:
        return reader.float();
      default:
        return reader.number(type);
    }
  }

  #list(count: number): unknown {
    if (count === 0) throw new JellyError("A list has no type");
    const reader = this.reader;
    if (count === 2 && this.#security.everyValueAllowed && reader.passUnicode()) return this.#unicode();
    const kind = reader.name();
    const security = this.#security;
    if (!security.everyValueAllowed && !security.isTypeAllowed(kind)) throw insecure(kind);
    switch (kind) {
      case "unicode":
        this.#need(count, 2);
        return this.#unicode();
      case "None":
        return null;
      case "boolean":
        this.#string(count);
        return this.#word() === "true";
      case "list":
        return this.#fill(this.#name([]), count - 1);
      case "tuple":
        return this.#fill(this.#name(new Tuple<unknown>()), count - 1);
      case "dictionary":
        return this.#dictionary(count - 1);
      case "set":
        return this.#fillSet(this.#name(new Set<unknown>()), count - 1);
      case "frozenset":
        return this.#fillSet(this.#name(new FrozenSet<unknown>()), count - 1);
      case "reference":
        return this.#reference(count);
      case "dereference": {
        this.#need(count, 2);
        const number = reader.integer();
        if (!this.#known?.has(number)) throw new JellyError("A dereference leads nowhere");
        return this.#known.get(number);
      }
      case "datetime":
        return DateTime.fromWire(this.#text(count));
      case "date":
        return CalendarDate.fromWire(this.#text(count));
      case "time":
        return TimeOfDay.fromWire(this.#text(count));
      case "timedelta":
        return TimeDelta.fromWire(this.#text(count));
      case "decimal":
        return this.#decimal(count);
      case "unpersistable":
        return new Unpersistable(this.#text(count));
      default:
        return this.#flavour(kind, count);
    }
  }

  #unicode(): string {
    const type = this.reader.next();
    if (type !== STRING && type !== VOCAB) throw new JellyError("A string was expected");
    return this.reader.takeText(type);
  }

  // The next value; if it is text, then text that is likely to come again.
  #key(): unknown {
    const reader = this.reader;
    const { bytes, at } = reader;
    if (bytes[at] === 2 && bytes[at + 1] === LIST && this.#security.everyValueAllowed) {
      reader.at = at + 2;
      if (reader.passUnicode()) {
        const type = reader.next();
        if (type !== STRING && type !== VOCAB) throw new JellyError("A string was expected");
        return reader.takeName(type);
      }
      reader.at = at;
    }
    return this.read();
  }

  #flavour(kind: string, count: number): unknown {
    const invoker = this.#invoker;
    if (invoker !== null) {
      switch (kind) {
        case "remote":
          this.#need(count, 2);
          return invoker.remote(this.#number(), this.perspective);
        case "local":
          this.#need(count, 2);
          return invoker.local(this.#number());
        case "lcache":
          this.#need(count, 2);
          return invoker.localCache(this.reader.integer());
        case "cached":
          this.#need(count, 2);
          return invoker.cached(this.reader.integer());
      }
    }
    return this.#registered(kind, count);
  }

  // A number, or the name of an object that has one.
  #number(): number | string {
    const type = this.reader.peek();
    return type === STRING || type === VOCAB ? this.reader.name() : this.reader.integer();
  }

  #registered(kind: string, count: number): unknown {
    const security = this.#security;
    if (!security.isTypeAllowed(kind)) throw insecure(kind);
    const cls = security.allowedClass(kind) ?? registeredClass(kind);
    if (cls === undefined) {
      const factory = registeredFactory(kind);
      if (factory === undefined) throw insecure(kind);
      this.#need(count, 2);
      this.#naming = 0;
      return factory(this.read());
    }
    const made = new (cls as unknown as new () => object)();
    const isCache = (made as Record<symbol, unknown>)[REMOTE_CACHE] === true;
    if (isCache) {
      this.#need(count, 3);
      if (this.#invoker === null) throw new InsecureJelly(`There is no connection for ${kind}`);
      this.#invoker.newCache(this.reader.integer(), made);
    } else this.#need(count, 2);
    this.#name(made);
    const { broker, luid } = made as Partial<RemoteCache>;
    fill(made, this.read());
    // Whose a cache is, and which, is not for its state to say.
    if (isCache) Object.assign(made, { broker, luid });
    const { postUnjelly } = made as { postUnjelly?: () => void };
    if (typeof postUnjelly === "function") (this.#last ??= []).push(() => postUnjelly.call(made));
    return made;
  }

  #decimal(count: number): Decimal {
    this.#need(count, 3);
    const digits = this.read();
    if (typeof digits !== "number" && typeof digits !== "bigint") {
      throw new JellyError("A decimal is malformed");
    }
    if (typeof digits === "number" && !Number.isSafeInteger(digits)) {
      throw new JellyError("A decimal is malformed");
    }
    return new Decimal(BigInt(digits), this.reader.integer());
  }

  #fill(items: unknown[], count: number): unknown[] {
    for (let i = 0; i < count; i++) items.push(this.read());
    return items;
  }

  #fillSet(set: Set<unknown>, count: number): Set<unknown> {
    for (let i = 0; i < count; i++) set.add(this.read());
    return set;
  }

  // A dictionary is a plain object while its keys are text, and becomes a Map with the first that is not. One that can
  // be referred to from within has to be the right one from the beginning, so its keys are looked at beforehand.
  #dictionary(count: number): unknown {
    const named = this.#naming !== 0;
    if (named && !this.#keysAreText(count)) return this.#fillMap(this.#name(new Map()), count);
    const object: Record<string, unknown> = this.#name({});
    for (let i = 0; i < count; i++) {
      this.#pair();
      const key = this.#key();
      if (typeof key === "string") setField(object, key, this.read());
      else {
        const map = new Map<unknown, unknown>(Object.entries(object));
        map.set(key, this.read());
        return this.#fillMap(map, count - i - 1);
      }
    }
    return object;
  }

  #fillMap(map: Map<unknown, unknown>, count: number): Map<unknown, unknown> {
    for (let i = 0; i < count; i++) {
      this.#pair();
      const key = this.read();
      map.set(key, this.read());
    }
    return map;
  }

  #keysAreText(count: number): boolean {
    const reader = this.reader;
    const start = reader.at;
    let text = true;
    for (let i = 0; text && i < count; i++) {
      this.#pair();
      const key = reader.at;
      if (reader.next() !== LIST || reader.value !== 2 || reader.name() !== "unicode") text = false;
      reader.at = key;
      reader.skip();
      reader.skip();
    }
    this.#aheadBytes -= reader.at - start;
    if (this.#aheadBytes < 0) throw new JellyError("A value is too entangled");
    reader.at = start;
    return text;
  }

  #reference(count: number): unknown {
    this.#need(count, 3);
    const number = this.reader.integer();
    if (number <= 0) throw new JellyError("A reference has no number");
    this.#naming = number;
    const value = this.read();
    if (this.#naming === number) {
      this.#naming = 0;
      (this.#known ??= new Map()).set(number, value);
    }
    return value;
  }

  // Makes a new container known under the number that was announced for it, before it is filled.
  #name<T>(container: T): T {
    if (this.#naming !== 0) {
      (this.#known ??= new Map()).set(this.#naming, container);
      this.#naming = 0;
    }
    return container;
  }

  #pair(): void {
    if (this.reader.next() !== LIST || this.reader.value !== 2) {
      throw new JellyError("A dictionary is malformed");
    }
  }

  #need(count: number, wanted: number): void {
    if (count !== wanted) throw new JellyError("A list has the wrong length");
  }

  // The head of the string that is the only thing in a list; the place is before its payload.
  #string(count: number): number {
    this.#need(count, 2);
    const type = this.reader.next();
    if (type !== STRING && type !== VOCAB) throw new JellyError("A string was expected");
    this.#stringType = type;
    return type;
  }
  #stringType = STRING;

  #word(): string {
    return this.reader.takeText(this.#stringType);
  }

  #text(count: number): string {
    this.#string(count);
    return this.#word();
  }
}

function fill(made: object, state: unknown): void {
  if (typeof (made as Partial<Fillable>).setCopyableState === "function") {
    (made as Fillable).setCopyableState(state);
  } else if (typeof state === "object" && state !== null) {
    for (const name of Object.keys(state)) setField(made, name, (state as Record<string, unknown>)[name]);
  }
}
