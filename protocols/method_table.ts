/**
 * `MethodTable`: methods by name, to be served through any door: JSON-RPC, XML-RPC, AMP, Perspective Broker.
 *
 * ```text
 *                       ┌─ JSON-RPC  (positions or names)
 *   MethodTable ────────┼─ XML-RPC   (positions)
 *   names, functions,   ├─ AMP       (names, with types)
 *   optional types      └─ PB        (positions)
 * ```
 * @module
 */

/** A function of a table; what it returns may be a Deferred or a promise. */
// deno-lint-ignore no-explicit-any -- a table holds functions of any arguments
export type Method = (...args: any[]) => unknown;

/** How AMP carries a method: its types, from `@ropewalk/protocols/amp`. */
export interface MethodTypes {
  /** The type of each parameter, in the order of the function's. */
  readonly arguments: Readonly<Record<string, unknown>>;
  /** The type of the result. */
  readonly result: unknown;
}

/** What is known of a method. */
export interface MethodEntry {
  /** Its name on every wire. */
  readonly name: string;
  /** The function. */
  readonly call: Method;
  /** The names of its parameters, in order, so that it can be called by name; `null` if they are not known. */
  readonly parameters: readonly string[] | null;
  /** How AMP carries it; `null` if AMP does not. */
  readonly types: MethodTypes | null;
}

/** Options of {@linkcode MethodTable.add}. */
export interface MethodOptions {
  /** The names of the parameters, in order. @default the names of `types.arguments` */
  parameters?: readonly string[];
  /** How AMP carries it. */
  types?: MethodTypes;
}

/** There is no such method. */
export class NoSuchMethodError extends Error {
  /** Stable identifier of this kind of error. */
  readonly code = "NO_SUCH_METHOD";
  /** The name of the class. */
  override readonly name = "NoSuchMethodError";
  /**
   * Tells which.
   *
   * @param method Its name.
   */
  constructor(readonly method: string) {
    super(`There is no method ${method}`);
  }
}

/** The arguments do not fit the method. */
export class BadArgumentsError extends Error {
  /** Stable identifier of this kind of error. */
  readonly code = "BAD_ARGUMENTS";
  /** The name of the class. */
  override readonly name = "BadArgumentsError";
}

/**
 * Methods by name. Only what was added can be called.
 *
 * @example
 * ```ts
 * import { MethodTable } from "@ropewalk/protocols";
 * import { assertEquals } from "@std/assert";
 *
 * const table = new MethodTable();
 * table.add("sum", (a: number, b: number) => a + b, { parameters: ["a", "b"] });
 * assertEquals(table.call("sum", [1, 2]), 3);
 * assertEquals(table.call("sum", { b: 2, a: 1 }), 3);
 * ```
 */
export class MethodTable {
  readonly #entries = new Map<string, MethodEntry>();

  /** Adds a method, or replaces one of the same name. */
  add(name: string, call: Method, options: MethodOptions = {}): this {
    const parameters = options.parameters ?? (options.types ? Object.keys(options.types.arguments) : null);
    this.#entries.set(name, { name, call, parameters, types: options.types ?? null });
    return this;
  }

  /**
   * Adds the methods of an object whose names begin with a prefix, under the rest of their names.
   *
   * @param object The object; its classes' methods count too.
   * @param prefix What exposes a method: `"jsonrpc_"`.
   */
  addMethods(object: object, prefix: string): this {
    const seen = new Set<string>();
    for (let at: object = object; at !== Object.prototype && at !== null; at = Object.getPrototypeOf(at)) {
      for (const name of Object.getOwnPropertyNames(at)) {
        if (!name.startsWith(prefix) || name.length === prefix.length || seen.has(name)) continue;
        seen.add(name);
        const method = (object as Record<string, unknown>)[name];
        if (typeof method === "function") this.add(name.slice(prefix.length), method.bind(object));
      }
    }
    return this;
  }

  /** What is known of a method, or `undefined`. */
  get(name: string): MethodEntry | undefined {
    return this.#entries.get(name);
  }

  /** All methods, in the order in which they were added. */
  [Symbol.iterator](): IterableIterator<MethodEntry> {
    return this.#entries.values();
  }

  /**
   * Calls a method.
   *
   * @param name Its name.
   * @param args Its arguments, in order or by name.
   * @returns What the function returns: a value, a Deferred or a promise.
   * @throws {NoSuchMethodError} If there is none.
   * @throws {BadArgumentsError} If the names are not those of its parameters.
   */
  call(name: string, args: readonly unknown[] | Readonly<Record<string, unknown>> = []): unknown {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw new NoSuchMethodError(name);
    return entry.call(...(Array.isArray(args) ? args : inOrder(entry, args as Record<string, unknown>)));
  }

  /**
   * Gives an object a method for each of the table's, with a prefix: `remote_` makes a PB root of it, `xmlrpc_` an
   * XML-RPC resource, `jsonrpc_` a JSON-RPC resource.
   *
   * @param object The object; it is changed.
   * @param prefix What its dispatcher looks for.
   */
  exposeOn<T extends object>(object: T, prefix: string): T {
    for (const { name } of this) {
      Object.defineProperty(object, prefix + name, {
        value: (...args: unknown[]) => this.call(name, args),
        configurable: true,
      });
    }
    return object;
  }
}

function inOrder({ name, parameters }: MethodEntry, args: Record<string, unknown>): unknown[] {
  if (parameters === null) {
    throw new BadArgumentsError(`Cannot call ${name} by name: its parameters have none`);
  }
  for (const given of Object.keys(args)) {
    if (!parameters.includes(given)) {
      throw new BadArgumentsError(`Cannot call ${name}: it has no parameter ${given}`);
    }
  }
  return parameters.map((parameter) => Object.hasOwn(args, parameter) ? args[parameter] : undefined);
}
