/**
 * Deferreds against native promises and async functions, and against Twisted under CPython.
 *
 *     deno run --allow-run --allow-read --allow-env bench/deferred.bench.ts [rounds]
 *
 * Prints the table that stands in `docs/performance.md`. Needs `/usr/bin/python3` with Twisted.
 * @module
 */
import { ask, describeHost, median, printTable } from "./_harness.ts";

const PYTHON = "/usr/bin/python3";
const WORK = new URL("deferred_work.ts", import.meta.url).pathname;
const TWISTED = new URL("deferred_twisted.py", import.meta.url).pathname;

interface Row {
  readonly key: string;
  readonly work: string;
  readonly rival: string;
  readonly gate: number;
  readonly goal: number;
  readonly twisted: { readonly key: string; readonly gate: number };
}

const ROWS: readonly Row[] = [
  {
    key: "four",
    work: "create, 4 callbacks, fire",
    rival: "promise, 4 × then",
    gate: 2.5,
    goal: 4,
    twisted: { key: "four", gate: 60 },
  },
  {
    key: "one",
    work: "create, 1 callback, fire",
    rival: "promise, then",
    gate: 2.5,
    goal: 4,
    twisted: { key: "one", gate: 60 },
  },
  {
    key: "returned",
    work: "fired Deferred returned",
    rival: "promise returned from then",
    gate: 2.5,
    goal: 4,
    twisted: { key: "returned", gate: 60 },
  },
  {
    key: "yield",
    work: "inlineCallbacks, 3 × yield",
    rival: "async function, 3 × await",
    gate: 0.8,
    goal: 1.2,
    twisted: { key: "yield", gate: 60 },
  },
  {
    key: "delegate",
    work: "inlineCallbacks, 3 × yield*",
    rival: "async function, 3 × await",
    gate: 0.5,
    goal: 0.8,
    twisted: { key: "yield", gate: 40 },
  },
  {
    key: "yieldNew",
    work: "3 × yield succeed(n)",
    rival: "3 × await Promise.resolve(n)",
    gate: 0.8,
    goal: 1.2,
    twisted: { key: "yieldNew", gate: 60 },
  },
  {
    key: "delegateNew",
    work: "3 × yield* succeed(n)",
    rival: "3 × await Promise.resolve(n)",
    gate: 0.5,
    goal: 0.8,
    twisted: { key: "yieldNew", gate: 40 },
  },
];

/** Asks both sides of a row, ours and the promises'. */
async function askBoth(
  key: string,
  mode: string,
  flags: string[] = [],
): Promise<[ours: number, rival: number]> {
  const side = (name: string) =>
    ask<number>(Deno.execPath(), ["run", "--allow-env", "--no-check", ...flags, WORK, key, name, mode]);
  return [await side("ropewalk"), await side("promise")];
}

const rounds = Number(Deno.args[0] ?? 5);
const ratios = new Map<string, number[]>();
const ours = new Map<string, number[]>();
const note = (map: Map<string, number[]>, key: string, value: number) => {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
};

for (let round = 0; round < rounds; round++) {
  const twisted = await ask<Record<string, number>>(PYTHON, [TWISTED]);
  for (const row of ROWS) {
    for (const mode of ["fresh", "mixed"]) {
      const [mine, theirs] = await askBoth(row.key, mode);
      note(ratios, `${row.key} ${mode}`, theirs / mine);
      note(ratios, `${row.key} ${mode} twisted`, twisted[row.twisted.key]! / mine);
      note(ours, `${row.key} ${mode}`, mine);
    }
  }
}

const times = (key: string) => `${median(ratios.get(key)!).toFixed(median(ratios.get(key)!) < 20 ? 2 : 0)}×`;
console.log(`Deno ${describeHost()}; medians of ${rounds} alternated rounds`);
printTable(
  ["work", "ns", "rival", "ratio", "after a mix", "gate, goal", "to Twisted", "after a mix", "gate, goal"],
  ROWS.map((row) => [
    row.work,
    `${median(ours.get(`${row.key} fresh`)!).toFixed(0)}, ${
      median(ours.get(`${row.key} mixed`)!).toFixed(0)
    }`,
    row.rival,
    times(`${row.key} fresh`),
    times(`${row.key} mixed`),
    `${row.gate}×, ${row.goal}×`,
    times(`${row.key} fresh twisted`),
    times(`${row.key} mixed twisted`),
    `${row.twisted.gate}×, 100×`,
  ]),
);
console.log();
const memory: string[][] = [];
for (const callbacks of [0, 1, 4]) {
  const [mine, theirs] = await askBoth(`bytes${callbacks}`, "fresh", ["--v8-flags=--expose-gc"]);
  memory.push([
    `${callbacks}`,
    mine.toFixed(0),
    theirs.toFixed(0),
    `${(theirs / mine).toFixed(2)}×`,
    callbacks === 0 ? "" : "2×",
  ]);
}
printTable(["pending, callbacks", "bytes", "of a promise with as many thens", "ratio", "gate"], memory);
