/**
 * Runs every check of the project one after another, prints what each took, and sums them up:
 * a test counts as itself, any other check as one.
 *
 * ```sh
 * deno task ok            # before a commit
 * deno task ok lint docs  # only these
 * deno task ci            # as continuous integration does: the lock file frozen, real peers too
 * ```
 * @module
 */
import { type Outcome, run } from "./_command.ts";

/** One check. */
interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** Whether it prints the summaries of `deno test`, whose tests are counted. */
  readonly tests?: boolean;
  /** Whether only continuous integration runs it: it takes long, or needs programs from outside. */
  readonly outside?: boolean;
}

/** Passed and failed, of one step or of all. */
export interface Count {
  readonly passed: number;
  readonly failed: number;
}

/** All checks together end within this time, whatever hangs. */
const LIMIT_SECONDS = 18 * 60;

const STEPS: readonly Step[] = [
  { name: "test", command: ["deno", "task", "test"], tests: true },
  { name: "examples", command: ["deno", "task", "test:docs"], tests: true },
  { name: "format", command: ["deno", "fmt", "--check"] },
  { name: "lint", command: ["deno", "lint"] },
  { name: "types", command: ["deno", "check", "--lock=peers.lock"] },
  { name: "layers", command: ["deno", "task", "layers"] },
  { name: "house", command: ["deno", "task", "house"] },
  { name: "docs", command: ["deno", "task", "docs"] },
  { name: "publish", command: ["deno", "task", "publish"] },
  { name: "start", command: ["deno", "task", "start:check"], outside: true },
  { name: "registry", command: ["deno", "task", "publish:local"], outside: true },
  { name: "interop", command: ["deno", "task", "interop"], tests: true, outside: true },
];

/**
 * Sums up the summaries that `deno test` printed.
 *
 * A test that was left out counts as failed: here nothing is skipped. So does a run that ended badly without
 * saying which test failed (a type error, a module that throws), and one in which there was no test.
 *
 * @param output What was printed, without colours.
 * @param ok Whether the command ended well.
 * @returns The sums.
 */
export function countTests(output: string, ok: boolean): Count {
  let passed = 0, failed = 0;
  for (const [line] of output.matchAll(/^(ok|FAILED) \| \d+ passed.*$/gm)) {
    passed += Number(/(\d+) passed/.exec(line)![1]);
    failed += Number(/(\d+) failed/.exec(line)?.[1] ?? 0);
    failed += Number(/(\d+) ignored/.exec(line)?.[1] ?? 0);
  }
  if (failed === 0 && (!ok || passed === 0)) failed = 1;
  return { passed, failed };
}

/**
 * The words of a command in the README: what is promised there is what is run here.
 *
 * @param readme Its text.
 * @param task `"start"` or `"test"`.
 * @returns The program and its arguments.
 */
export function readmeCommand(readme: string, task: string): string[] {
  const command = new RegExp(`^npx .*\\btask ${task}\\b`, "m").exec(readme)?.[0];
  if (command === undefined) throw new Error(`Cannot find the command with "task ${task}" in README.md`);
  return command.split(/\s+/);
}

function report(step: Step, outcome: Outcome, { passed, failed }: Count, shown: boolean): void {
  if (failed > 0 && !shown) console.error(outcome.text);
  const verdict = failed === 0 ? "ok    " : "FAILED";
  const detail = step.tests ? `  ${passed} passed, ${failed} failed` : "";
  console.log(`${verdict}  ${step.name.padEnd(8)} ${outcome.seconds.toFixed(1).padStart(6)} s${detail}`);
}

async function main(): Promise<number> {
  const ci = Deno.args.includes("--ci");
  const wanted = Deno.args.filter((argument) => !argument.startsWith("-"));
  const unheard = wanted.filter((name) => !STEPS.some((step) => step.name === name));
  if (unheard.length > 0) {
    console.error(`No check ${unheard.join(", ")}. There are: ${STEPS.map(({ name }) => name).join(", ")}`);
    return 2;
  }
  const steps = STEPS.filter(({ name, outside }) =>
    wanted.length === 0 ? ci || !outside : wanted.includes(name)
  );
  const lock = await Deno.readTextFile("deno.lock");
  let passed = 0, failed = 0;
  // Said by .ci/run, which installs them: a peer that no test asks for yet is missed all the same.
  if (Deno.args.includes("--peers-missing")) {
    console.log("FAILED  peers: not all of them could be installed");
    failed++;
  }
  for (const step of steps) {
    const command = ci && step.name === "test"
      ? readmeCommand(await Deno.readTextFile("README.md"), "test")
      : step.command;
    if (ci) console.log(`— ${step.name}: ${command.join(" ")}`);
    const timeoutSeconds = Math.max(1, LIMIT_SECONDS - performance.now() / 1000);
    const outcome = await run(command, { show: ci, timeoutSeconds });
    const count = step.tests
      ? countTests(outcome.text, outcome.ok)
      : { passed: +outcome.ok, failed: +!outcome.ok };
    report(step, outcome, count, ci);
    passed += count.passed;
    failed += count.failed;
  }
  if (ci) {
    // `deno task test` writes what it resolved: a lock file that was not complete has changed by now.
    const frozen = await Deno.readTextFile("deno.lock") === lock;
    console.log(frozen ? "ok      lock" : "FAILED  lock: deno.lock does not match what is imported");
    passed += +frozen;
    failed += +!frozen;
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
