/**
 * What the programs here have in common: their command lines, and how a server begins and ends.
 * @module
 */
import type { ProtocolFactory } from "@ropewalk/reactor/core";
import { readCommandLine } from "../keyvalue/command_line.ts";

/** Takes what is told to who started a program. */
export type Say = (text: string) => void;

/**
 * Reads a command line; says what is wrong with it, or what was asked for by `--help`.
 *
 * @param read Reads it: `"help"` where that is wanted.
 * @param help The help.
 * @param say Takes it.
 * @returns What was read, or the exit code of a program that is over.
 */
export function readOrSay<T extends object>(read: () => T | "help", help: string, say: Say): T | number {
  try {
    const options = read();
    if (options !== "help") return options;
    say(help);
    return 0;
  } catch (error) {
    say(`${(error as Error).message}\n\n${help}`);
    return 2;
  }
}

/** As {@linkcode readOrSay}, for a command line of options alone. */
export function optionsOrSay<T extends Record<string, string | number>>(
  args: readonly string[],
  defaults: T,
  help: string,
  say: Say,
): T | number {
  return readOrSay(() => readCommandLine(args, defaults), help, say);
}

/** A port that a server listens on. */
export interface Wanted {
  /** The port. */
  readonly port: number;
  /** The option that names another. */
  readonly option: string;
  /** Makes its protocols. */
  readonly factory: ProtocolFactory;
  /** What is said when it listens. */
  readonly told: (where: string) => string;
}

/**
 * Listens, and serves until Ctrl-C.
 *
 * @param host The address to listen on.
 * @param ports What is served.
 * @param say Takes where that is, or why it cannot be.
 * @returns The exit code.
 */
export async function serve(host: string, ports: readonly Wanted[], say: Say): Promise<number> {
  const { CannotListenError, reactor } = await import("@ropewalk/reactor");
  for (const { port: number, option, factory, told } of ports) {
    try {
      const port = reactor.listenTCP(number, factory, { hostname: host });
      await port.ready;
      say(told(String(port.getHost())));
    } catch (error) {
      if (!(error instanceof CannotListenError)) throw error;
      say(`${error.message}. Choose another port with --${option}.`);
      return 1;
    }
  }
  await reactor.run();
  return 0;
}

/** Why something failed, in words: the type of an error that has none, as that of a login that is refused. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { remoteType } = error as { remoteType?: string };
  return error.message || remoteType?.split(".").at(-1) || error.name;
}
