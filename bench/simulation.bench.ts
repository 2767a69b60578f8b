/**
 * Simulated connections against real ones of the same reactor interface on this machine.
 *
 *     deno run --allow-run --allow-read bench/simulation.bench.ts [rounds]
 *
 * @module
 */
import { ask, describeHost, median, printTable } from "./_harness.ts";

const WORK = new URL("simulation_work.ts", import.meta.url).pathname;
const ROUNDS = Number(Deno.args[0] ?? 5);

interface Figures {
  microseconds: number;
  wallSeconds: number;
}

const ours: Figures[] = [];
const rival: Figures[] = [];
for (let round = 0; round < ROUNDS; round++) {
  ours.push(await ask("deno", ["run", "--lock=peers.lock", "-A", WORK, "simulated"]));
  rival.push(await ask("deno", ["run", "--lock=peers.lock", "-A", WORK, "sockets"]));
}
const ratio = median(ours.map((figures, i) => rival[i]!.microseconds / figures.microseconds));
const middle = (figures: Figures[], key: keyof Figures, digits: number) =>
  median(figures.map((each) => each[key])).toFixed(digits);
console.log(
  `10,000 connections, 10 messages each, 500 connections at a time; ${ROUNDS} rounds; ${describeHost()}\n`,
);
printTable(["10,000 × 10 messages", "CPU µs/message", "wall s", "times as fast"], [
  ["simulated", middle(ours, "microseconds", 1), middle(ours, "wallSeconds", 2), ratio.toFixed(2)],
  ["DenoReactor over 127.0.0.1", middle(rival, "microseconds", 1), middle(rival, "wallSeconds", 2), "1"],
]);
