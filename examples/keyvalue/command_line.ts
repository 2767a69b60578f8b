/**
 * Reads command lines: names with a value each, told apart from what nobody knows.
 */
import { parseArgs } from "@std/cli/parse-args";

/**
 * @param args What stands behind the program's name.
 * @param defaults The options there are, as they are without being given.
 * @returns The options, numbers where the default is one; or `"help"`.
 * @throws {RangeError} In words, for what cannot be.
 */
export function readCommandLine<T extends Record<string, string | number>>(
  args: readonly string[],
  defaults: T,
): T | "help" {
  const given = parseArgs(args, {
    string: Object.keys(defaults),
    boolean: ["help"],
    unknown: (argument) => {
      throw new RangeError(`unknown argument: ${argument}`);
    },
  }) as Record<string, string | boolean | undefined>;
  if (given.help) return "help";
  const options: Record<string, string | number> = { ...defaults };
  for (const [name, fallback] of Object.entries(defaults)) {
    const text = given[name];
    if (typeof text !== "string") continue;
    options[name] = typeof fallback === "string" ? text : toNumber(name, text);
    if (text === "") throw new RangeError(`--${name} needs a value`);
  }
  return options as T;
}

function toNumber(name: string, text: string): number {
  const value = Number(text);
  const isPort = name.endsWith("port");
  const most = isPort ? 65_535 : 1e9;
  if (text.trim() === "" || !(value >= 0 && value <= most) || (isPort && !Number.isInteger(value))) {
    throw new RangeError(
      `--${name} takes a ${isPort ? "whole " : ""}number from 0 to ${most}, not "${text}"`,
    );
  }
  return value;
}
