/**
 * Runs the measurements in `bench/`, one after another so that they don't disturb each other.
 *
 * ```sh
 * deno task bench              # all of them
 * deno task bench deferred pb  # those with one of these words in their name
 * deno task bench protocols --rounds=2  # what begins with -- is for the measurement itself
 * ```
 *
 * Each is a program that prints a table: a rival's CPU time per unit of work divided by ours, so more is
 * better. They start rivals (Node, Python), so they may run programs.
 * @module
 */
import { filesOf } from "./_files.ts";

async function main(): Promise<number> {
  const all = await filesOf(/\.bench\.ts$/, "bench");
  const options = Deno.args.filter((arg) => arg.startsWith("--"));
  const words = Deno.args.filter((arg) => !arg.startsWith("--"));
  const wanted = all.filter((path) => words.length === 0 || words.some((word) => path.includes(word)));
  if (wanted.length === 0) {
    console.error(`No such measurement. There are:\n${all.join("\n")}`);
    return 2;
  }
  let failed = 0;
  for (const path of wanted) {
    console.log(`\n# ${path}`);
    const started = performance.now();
    const child = new Deno.Command("deno", { args: ["task", "bench:one", path, ...options] }).spawn();
    const { success } = await child.status;
    if (!success) failed++;
    console.log(
      `# ${success ? "ended" : "FAILED"} after ${((performance.now() - started) / 1000).toFixed(0)} s`,
    );
  }
  return failed === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
