/**
 * What a peer may send: which kinds of value, and which local classes stand for which remote types.
 * @module
 */
import { InsecureJelly } from "./errors.ts";

/** A class whose instances can be made without arguments. */
// deno-lint-ignore no-explicit-any -- constructors' parameters are contravariant: only `any` takes every class
export type AnyClass<T extends object = object> = abstract new (...args: any[]) => T;

/** The name a class goes by on the wire: its own `static wireName`, else its name. */
export function wireNameOf(cls: AnyClass): string {
  const declared = Object.hasOwn(cls, "wireName") ? (cls as { wireName?: unknown }).wireName : undefined;
  return typeof declared === "string" ? declared : cls.name;
}

const registry = new Map<string, AnyClass>();
const factories = new Map<string, (state: unknown) => unknown>();

/**
 * Chooses the local class for a remote type, for all connections of this program.
 *
 * For a `RemoteCopy` or `RemoteCache` it says what a remote `Copyable` or `Cacheable` becomes; any other class with a
 * method `setCopyableState`, or none, will do for a copy. A class of errors is what remote failures of that type
 * become: it is made with the message.
 *
 * @param name The type's name on the wire (`"pond.SenderPond"`), or a local class that goes by it.
 * @param cls The class whose instances the copies are; it is made without arguments.
 */
export function setUnjellyableForClass(name: string | AnyClass, cls: AnyClass): void {
  registry.set(typeof name === "string" ? name : wireNameOf(name), cls);
}

/**
 * As {@linkcode setUnjellyableForClass}, with a function that makes the local value out of the state.
 *
 * @param name The type's name on the wire, or a local class that goes by it.
 * @param factory Called with the state.
 */
export function setUnjellyableFactoryForClass(
  name: string | AnyClass,
  factory: (state: unknown) => unknown,
): void {
  factories.set(typeof name === "string" ? name : wireNameOf(name), factory);
}

/** The class registered for a type. */
export function registeredClass(name: string): AnyClass | undefined {
  return registry.get(name);
}

/** The function registered for a type. */
export function registeredFactory(name: string): ((state: unknown) => unknown) | undefined {
  return factories.get(name);
}

const SIMPLE = ["None", "boolean", "unicode", "datetime", "time", "date", "timedelta", "decimal"];
const SETS = ["set", "frozenset"];
const BASIC = ["dictionary", "list", "tuple", "reference", "dereference", "unpersistable"];
const FLAVOURS = ["remote", "local", "lcache", "cached"];
const EVERY_VALUE = [...SIMPLE, ...SETS, ...BASIC, ...FLAVOURS];

/**
 * Which kinds of value are let in. The default, {@linkcode globalSecurity}, lets in every value of the table in the
 * documentation, references, and the types that were registered with {@linkcode setUnjellyableForClass}; classes,
 * modules and functions of a peer are never looked up by name.
 *
 * @example
 * ```ts
 * import { SecurityOptions } from "@ropewalk/spread";
 * import { assertEquals } from "@std/assert";
 *
 * const strict = new SecurityOptions().allowBasicTypes();
 * strict.disallowTypes("decimal");
 * assertEquals(strict.isTypeAllowed("decimal"), false);
 * assertEquals(strict.isTypeAllowed("list"), true);
 * ```
 */
export class SecurityOptions {
  readonly #types = new Set<string>([...SIMPLE, ...SETS, ...FLAVOURS]);
  readonly #modules = new Set<string>();
  readonly #classes = new Map<string, AnyClass>();
  #refused: Set<string> | null = null;
  #everything = false;

  /** True if every kind of plain value is let in: then they need not be looked up one by one. */
  get everyValueAllowed(): boolean {
    return this.#everything;
  }

  /** Lets in lists, tuples, dictionaries and what refers to them. */
  allowBasicTypes(): this {
    return this.allowTypes(...BASIC);
  }

  /** Lets in types by their names on the wire: `"set"`, `"decimal"`, `"pond.SenderPond"`. */
  allowTypes(...names: string[]): this {
    for (const name of names) {
      this.#types.add(name);
      this.#refused?.delete(name);
    }
    this.#everything = EVERY_VALUE.every((name) => this.#types.has(name));
    return this;
  }

  /** Refuses types that were let in, or registered for the whole program. */
  disallowTypes(...names: string[]): this {
    for (const name of names) {
      this.#types.delete(name);
      (this.#refused ??= new Set()).add(name);
    }
    this.#everything = EVERY_VALUE.every((name) => this.#types.has(name));
    return this;
  }

  /** Lets in classes of whole modules, as far as they were given to {@linkcode allowInstancesOf} or registered. */
  allowModules(...names: string[]): this {
    for (const name of names) this.#modules.add(name);
    return this;
  }

  /** Lets in instances of local classes, and sends them; a class goes by its `static wireName`, else its name. */
  allowInstancesOf(...classes: AnyClass[]): this {
    for (const cls of classes) this.#classes.set(wireNameOf(cls), cls);
    return this;
  }

  /** Whether a kind of value, or a registered type, is let in. */
  isTypeAllowed(name: string): boolean {
    if (this.#types.has(name)) return true;
    if (this.#refused !== null && this.#refused.has(name)) return false;
    return registry.has(name) || factories.has(name) || this.#classes.has(name);
  }

  /** Whether a module is let in. */
  isModuleAllowed(name: string): boolean {
    return this.#modules.has(name);
  }

  /** Whether instances of a class are let in and sent. */
  isClassAllowed(cls: AnyClass): boolean {
    return this.#classes.get(wireNameOf(cls)) === cls;
  }

  /** The class that was allowed under a name. */
  allowedClass(name: string): AnyClass | undefined {
    return this.#classes.get(name);
  }
}

/** The options in force where a connection was given none. */
export const globalSecurity: SecurityOptions = new SecurityOptions().allowBasicTypes();

/** Refuses something whose type is not let in; the words are Twisted's. */
export function insecure(type: string): InsecureJelly {
  const dot = type.lastIndexOf(".");
  if (dot < 0) return new InsecureJelly(type);
  return new InsecureJelly(`Module ${type.slice(0, dot)} not allowed (in type ${type}).`);
}
