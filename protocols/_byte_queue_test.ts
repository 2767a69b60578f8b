import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { ByteQueue } from "./_byte_queue.ts";

const bytes = (...all: number[]) => Uint8Array.from(all);

Deno.test("ByteQueue looks at a chunk in place and copies only what is left of it", () => {
  const queue = new ByteQueue();
  const chunk = bytes(1, 2, 3);
  queue.take(chunk);
  assert(queue.bytes === chunk);
  queue.start = 1;
  queue.settle();
  chunk.fill(9);
  assertEquals(queue.takeAll(), bytes(2, 3));
});

Deno.test("ByteQueue gives away views that are never written to again", () => {
  const queue = new ByteQueue();
  const chunk = bytes(1, 2, 3, 4);
  queue.take(chunk);
  const first = queue.takeView(2);
  queue.settle();
  chunk.fill(9);
  queue.append(bytes(5, 6));
  const second = queue.takeView(3);
  queue.settle();
  queue.append(bytes(7, 8));
  queue.append(new Uint8Array(100));
  assertEquals(first, bytes(1, 2));
  assertEquals(second, bytes(3, 4, 5));
});

Deno.test("ByteQueue puts back the end of what it gave without a copy", () => {
  const queue = new ByteQueue();
  queue.take(bytes(1, 2, 3));
  const all = queue.takeAll();
  const epoch = queue.epoch;
  queue.putBack(all.subarray(1));
  assertEquals(queue.epoch, epoch);
  assertEquals(queue.takeAll(), bytes(2, 3));
  queue.putBack(bytes(7)); // something else altogether
  assertEquals(queue.takeAll(), bytes(7));
  queue.putBack(all.subarray(0, 1)); // not the end
  assertEquals(queue.takeAll(), bytes(1));
});

Deno.test("ByteQueue copies each byte a bounded number of times, whatever is taken and given", () => {
  // One byte in, one byte out, with much waiting: a queue that moves all of it each time copies 10^9 bytes here.
  const queue = new ByteQueue();
  queue.append(new Uint8Array(100_000));
  const one = bytes(1);
  const started = queue.epoch;
  let moved = 0;
  let memory = queue.bytes;
  for (let i = 0; i < 10_000; i++) {
    queue.start++;
    queue.append(one);
    if (queue.bytes !== memory) moved++;
    memory = queue.bytes;
  }
  assertEquals(queue.epoch - started, 10_000);
  assert(moved <= 2, `moved ${moved} times`);
});

Deno.test("ByteQueue keeps its bytes through any sequence of its methods", () => {
  const step = fc.oneof(
    fc.record({ op: fc.constant("take" as const), data: fc.uint8Array({ maxLength: 40 }) }),
    fc.record({ op: fc.constant("append" as const), data: fc.uint8Array({ maxLength: 40 }) }),
    fc.record({ op: fc.constant("view" as const), n: fc.nat(50) }),
    fc.record({ op: fc.constant("skip" as const), n: fc.nat(50) }),
    fc.record({ op: fc.constant("settle" as const) }),
    fc.record({ op: fc.constant("back" as const), n: fc.nat(10) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = new ByteQueue();
      let model: number[] = [];
      let chunk: Uint8Array | null = null;
      const given: [Uint8Array, number[]][] = [];
      const settle = () => {
        queue.settle();
        chunk?.fill(0xee); // the reactor uses its buffer again
        chunk = null;
      };
      for (const s of steps) {
        if (s.op === "take") {
          settle();
          chunk = s.data.slice();
          queue.take(chunk);
          model.push(...s.data);
        } else if (s.op === "append") {
          const passing = s.data.slice();
          queue.append(passing);
          passing.fill(0xdd);
          model.push(...s.data);
        } else if (s.op === "view") {
          const n = Math.min(s.n, queue.length);
          given.push([queue.takeView(n), model.slice(0, n)]);
          model = model.slice(n);
        } else if (s.op === "skip") {
          const n = Math.min(s.n, queue.length);
          queue.start += n;
          model = model.slice(n);
        } else if (s.op === "back") {
          const all = queue.takeAll();
          queue.putBack(all.subarray(Math.min(s.n, all.length)));
          model = model.slice(Math.min(s.n, model.length));
        } else {
          settle();
        }
        assertEquals(queue.length, model.length);
      }
      settle();
      for (const [view, expected] of given) assertEquals([...view], expected);
      assertEquals([...queue.takeAll()], model);
    }),
    { numRuns: 300 },
  );
});
