/**
 * Workers that share two connections: each takes a turn, and gives it back at the end of the block.
 * Run: `deno run examples/deferred/turns.ts`
 * @module
 */
import {
  type Deferred,
  DeferredSemaphore,
  gatherResults,
  inlineCallbacks,
  succeed,
} from "@ropewalk/deferred";

/** Does the jobs, at most two at a time. */
export function work(jobs: readonly string[], doJob: (job: string) => Deferred<string>): Deferred<string[]> {
  const connections = new DeferredSemaphore(2);
  const worker = inlineCallbacks(function* (job: string) {
    using _held = yield* connections.acquire();
    return yield* doJob(job);
  });
  return gatherResults(jobs.map((job) => worker(job)));
}

if (import.meta.main) {
  work(["sweep", "mop", "polish"], (job) => succeed(`${job}: done`)).addCallback((lines) => {
    console.log(lines.join("\n"));
  });
}
