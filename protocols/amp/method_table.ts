/**
 * A `MethodTable` served by AMP.
 * @module
 */
import type { MethodTable } from "../method_table.ts";
import { CommandLocator } from "./locator.ts";
import type { AnyArgument, ArgumentMap } from "./arguments.ts";
import { Command, type CommandClass } from "./command.ts";

/**
 * The command by which AMP calls a method of a table: its arguments are the method's, its response is `{ result }`.
 *
 * @param name The method's name.
 * @param types Its types.
 */
export function methodCommand<M extends ArgumentMap, R extends AnyArgument>(
  name: string,
  types: { readonly arguments: M; readonly result: R },
): CommandClass & { readonly arguments: M; readonly response: { result: R } } {
  return class extends Command {
    static override commandName = name;
    static override arguments: M = types.arguments;
    static override response: { result: R } = { result: types.result };
  };
}

/**
 * Responders for the methods of a table that have types; the others are not there for AMP.
 *
 * @example
 * ```ts
 * import { MethodTable } from "@ropewalk/protocols";
 * import { AMP, Integer, tableLocator } from "@ropewalk/protocols/amp";
 *
 * const table = new MethodTable();
 * table.add("sum", (a: number, b: number) => a + b, {
 *   types: { arguments: { a: new Integer(), b: new Integer() }, result: new Integer() },
 * });
 * const amp = new AMP({ locator: tableLocator(table) });
 * ```
 */
export function tableLocator(table: MethodTable): CommandLocator {
  const locator = new CommandLocator();
  for (const { name, types } of table) {
    if (types === null) continue;
    const command = methodCommand(name, types as { arguments: ArgumentMap; result: AnyArgument });
    locator.respond(command, (args) => answer(table.call(name, args)) as never);
  }
  return locator;
}

function answer(result: unknown): unknown {
  const later = result as
    | { then?: unknown; addCallback?: (f: (value: unknown) => unknown) => unknown }
    | null;
  if (typeof later?.addCallback === "function") return later.addCallback((value) => ({ result: value }));
  if (typeof later?.then === "function") {
    return (result as PromiseLike<unknown>).then((value) => ({ result: value }));
  }
  return { result };
}
