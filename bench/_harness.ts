/**
 * What the benchmarks share: running the sides in processes of their own, one after the other, and printing a table.
 *
 * A figure is CPU time, user and system, of the whole process (its compiler and collector threads too) for one unit of
 * work. A ratio is the rival's figure divided by ours, so more is better. Rounds are alternated and the median of the
 * rounds' ratios counts: a machine that is busy elsewhere slows both sides of a round.
 * @module
 */

/** Runs a program that prints one line of JSON, and returns that. */
export async function ask<T>(command: string, args: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await new Deno.Command(command, { args: [...args] }).output();
  if (code !== 0) {
    throw new Error(`${command} ${args.join(" ")} failed:\n${new TextDecoder().decode(stderr)}`);
  }
  return JSON.parse(new TextDecoder().decode(stdout)) as T;
}

/** The middle one of some numbers. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Prints a table of Markdown, with columns as wide as they need to be. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]!.length))
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`;
  console.log(line(head));
  console.log(`| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`);
  for (const row of rows) console.log(line(row));
}

/** The machine and the versions, so that a table can be placed. */
export function describeHost(): string {
  return `${Deno.version.deno} (V8 ${Deno.version.v8}), ${Deno.build.os} ${Deno.build.arch}, ` +
    `${navigator.hardwareConcurrency} cores`;
}
