// The part of @std/cli/parse-args that this project uses, typed: named strings, booleans, lists.

/** Options of {@linkcode parseArgs}. */
export interface ParseOptions<B extends string, S extends string, C extends string> {
  boolean?: readonly B[];
  string?: readonly S[];
  collect?: readonly C[];
  negatable?: readonly string[];
  alias?: Readonly<Record<string, string | readonly string[]>>;
  default?: Readonly<Record<string, unknown>>;
  stopEarly?: boolean;
  "--"?: boolean;
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** What {@linkcode parseArgs} returns. */
export type Args<B extends string, S extends string, C extends string> =
  & { [K in B]: boolean }
  & { [K in Exclude<S, C>]: string | undefined }
  & { [K in C]: string[] }
  & { _: (string | number)[]; "--"?: string[] };

/** Reads command-line arguments. */
export function parseArgs<B extends string = never, S extends string = never, C extends string = never>(
  args: readonly string[],
  options?: ParseOptions<B, S, C>,
): Args<B, S, C>;
