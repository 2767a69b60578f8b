import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import {
  CancelledError,
  type Deferred,
  DeferredQueue,
  QueueOverflow,
  QueueUnderflow,
} from "@ropewalk/deferred";
import { Fifo } from "./_fifo.ts";

Deno.test("items go to those who wait in the order they came, then lie in the queue", () => {
  const queue = new DeferredQueue<number>();
  const seen: string[] = [];
  queue.get().addCallback((n) => void seen.push(`a${n}`));
  queue.get().addCallback((n) => void seen.push(`b${n}`));
  assertEquals(queue.waiting.length, 2);
  for (const n of [1, 2, 3, 4]) queue.put(n);
  assertEquals([seen, queue.pending], [["a1", "b2"], [3, 4]]);
  queue.get().addCallback((n) => void seen.push(`c${n}`));
  assertEquals([seen, queue.pending], [["a1", "b2", "c3"], [4]]);
});

Deno.test("undefined and null are items like any other", () => {
  const queue = new DeferredQueue<null | undefined>();
  const seen: unknown[] = [];
  queue.put(undefined);
  queue.put(null);
  queue.get().addCallback((item) => void seen.push(item));
  queue.get().addCallback((item) => void seen.push(item));
  assertEquals(seen, [undefined, null]);
});

Deno.test("a full queue refuses items with QueueOverflow, but not while somebody waits", () => {
  for (const queue of [new DeferredQueue<number>({ size: 2 }), new DeferredQueue<number>(2)]) {
    queue.put(1);
    queue.put(2);
    const error = assertThrows(() => queue.put(3), QueueOverflow, "it holds 2 already");
    assertEquals(error.code, "QUEUE_OVERFLOW");
    assertEquals(queue.pending, [1, 2]);
  }
  const direct = new DeferredQueue<number>({ size: 0 });
  let seen = 0;
  direct.get().addCallback((n) => void (seen = n));
  direct.put(5);
  assertEquals(seen, 5);
  assertThrows(() => direct.put(6), QueueOverflow);
});

Deno.test("too many who wait are refused with QueueUnderflow", () => {
  for (const queue of [new DeferredQueue<number>({ backlog: 1 }), new DeferredQueue<number>(null, 1)]) {
    queue.get();
    const error = assertThrows(() => queue.get(), QueueUnderflow, "1 are waiting already");
    assertEquals(error.code, "QUEUE_UNDERFLOW");
  }
  const none = new DeferredQueue<number>(undefined, 0);
  assertThrows(() => none.get(), QueueUnderflow);
  none.put(1);
  none.get();
});

Deno.test("a get that is cancelled leaves the line; after it fired cancel changes nothing", () => {
  const queue = new DeferredQueue<string>();
  const first = queue.get();
  const second = queue.get();
  const errors: unknown[] = [];
  first.addErrback((failure) => void errors.push(failure.value));
  first.cancel();
  assertInstanceOf(errors[0], CancelledError);
  assertEquals(queue.waiting, [second]);
  queue.put("for the second");
  second.cancel();
  let seen = "";
  second.addCallback((text) => void (seen = text));
  assertEquals(seen, "for the second");
});

Deno.test("a reader that puts and gets again from its callback keeps the order", () => {
  const queue = new DeferredQueue<number>();
  const seen: number[] = [];
  const read = (): Deferred<void> =>
    queue.get().addCallback((n) => {
      seen.push(n);
      if (n < 5) queue.put(n + 1);
      read();
    });
  read();
  queue.put(1);
  assertEquals(seen, [1, 2, 3, 4, 5]);
});

Deno.test("Fifo keeps its order through a hundred thousand items, and lets one go from the middle", () => {
  const fifo = new Fifo<number>();
  let next = 0;
  for (let i = 0; i < 100_000; i++) {
    fifo.push(i);
    if (i % 3 === 2) assertEquals(fifo.shift(), next++);
  }
  fifo.remove(50_000);
  fifo.remove(-1);
  const rest = fifo.toArray();
  assertEquals(rest.length, fifo.size);
  assertEquals([rest[0], rest.includes(50_000)], [next, false]);
  while (fifo.size > 0) fifo.shift();
  assertEquals([fifo.shift(), fifo.size], [undefined, 0]);
});
