/**
 * Long work behind a page: done at once, while everybody else waits, or in steps.
 *
 *     deno run --allow-net examples/tutorial/web_fibonacci.ts
 *     curl 'http://127.0.0.1:8000/inline?n=30'
 *     curl 'http://127.0.0.1:8000/cooperate?n=30'
 *
 * What is new since web_fetch.ts: work that keeps the processor busy. While `/inline` works, nothing else is answered.
 * `/cooperate` does the same work a thousand steps at a time, and the reactor has its turn in between.
 */
import { Deferred } from "@ropewalk/deferred";
import { Cooperator, reactor, type ReactorTime } from "@ropewalk/reactor";
import { type Request, Resource, Site } from "@ropewalk/web";
import { serve } from "./_command.ts";

export const MAX_N = 35;
const STEPS = 1000;

/** The n-th number of Fibonacci, on purpose the slow way: the result is how many ones were counted. */
export function fibonacci(n: number): number {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

/** The same way, in steps: yields after each thousand. */
export function* fibonacciSteps(n: number): Generator<void, number, undefined> {
  const todo = [n];
  let sum = 0;
  for (let steps = 1; todo.length > 0; steps++) {
    const next = todo.pop()!;
    if (next < 2) sum += next;
    else todo.push(next - 1, next - 2);
    if (steps % STEPS === 0) yield;
  }
  return sum;
}

/**
 * Does it in steps, between everything else that `clock` has to do. Cancelling stops the work.
 *
 * @param timeSliceSeconds How long it works before the others have their turn.
 */
export function cooperatively(clock: ReactorTime, n: number, timeSliceSeconds = 0.01): Deferred<number> {
  let result = 0;
  function* work() {
    result = yield* fibonacciSteps(n);
  }
  const task = new Cooperator({ reactor: clock, timeSliceSeconds }).cooperate(work());
  const done = new Deferred<number>(() => task.stop());
  task.whenDone().addCallbacks(() => done.callback(result), (failure) => done.errback(failure));
  return done;
}

class Fibonacci extends Resource {
  override isLeaf = true;

  constructor(readonly compute: (clock: ReactorTime, n: number) => number | Deferred<number>) {
    super();
  }

  render_GET(request: Request): string | Deferred<string> {
    request.setHeader("Content-Type", "text/plain; charset=utf-8");
    const n = Number(request.args.get("n") ?? "20");
    if (!Number.isInteger(n) || n < 0 || n > MAX_N) {
      request.setResponseCode(400);
      return `n is a whole number from 0 to ${MAX_N}\n`;
    }
    const result = this.compute(request.reactor, n);
    return typeof result === "number" ? `${result}\n` : result.addCallback((value) => `${value}\n`);
  }
}

export function tree(): Resource {
  const root = new Resource();
  root.putChild("inline", new Fibonacci((_clock, n) => fibonacci(n)));
  root.putChild("cooperate", new Fibonacci((clock, n) => cooperatively(clock, n)));
  return root;
}

const HELP = `Serves numbers that take long to find: /inline?n=30 and /cooperate?n=30.

  --port PORT        (8000)`;

if (import.meta.main) {
  Deno.exit(
    await serve(
      HELP,
      { port: 8000 },
      ({ port }) => reactor.listenTCP(port, new Site(tree()), { hostname: "127.0.0.1" }),
    ),
  );
}
