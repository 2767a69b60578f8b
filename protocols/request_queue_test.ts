import { CancelledError, type Deferred, Failure, TimeoutError } from "@ropewalk/deferred";
import { ConnectionLost } from "@ropewalk/reactor/core";
import { assertNoResult, Clock, failureResultOf, StringTransport, successResultOf } from "@ropewalk/testing";
import { assert, assertEquals } from "@std/assert";
import { lost } from "./_connect_test.ts";
import { LineReceiver } from "./line_receiver.ts";
import { RequestQueue } from "./request_queue.ts";

function client(timeoutSeconds: number | null = 10) {
  const protocol = new LineReceiver();
  const queue = new RequestQueue<string, number>(protocol, { timeoutSeconds });
  const clock = new Clock();
  const transport = new StringTransport({ reactor: clock });
  protocol.makeConnection(transport);
  return { queue, clock, transport };
}

Deno.test("RequestQueue answers requests in their order, well or not", () => {
  const { queue, clock } = client();
  const [a, b, c] = [queue.push(1), queue.push(2), queue.push(3)];
  assertEquals([queue.first, queue.length], [1, 3]);
  assert(queue.answer("one"));
  assertEquals([queue.first, queue.length], [2, 2]);
  assert(queue.fail(new RangeError("two")));
  assert(queue.answer("three"));
  assertEquals([successResultOf(a), successResultOf(c)], ["one", "three"]);
  failureResultOf(b, RangeError);
  assertEquals([queue.first, queue.length, queue.answer("?"), queue.fail(new Error("?"))], [
    undefined,
    0,
    false,
    false,
  ]);
  assertEquals(clock.getDelayedCalls(), []);
});

Deno.test("RequestQueue can be asked again from inside an answer", () => {
  const { queue } = client();
  const seen: unknown[] = [];
  const ask = (n: number): Deferred<unknown> =>
    queue.push(n).addCallback((text) => {
      seen.push([n, text, queue.length]);
      if (n < 3) ask(n + 1);
    });
  ask(1);
  for (const text of ["a", "b", "c"]) queue.answer(text);
  assertEquals(seen, [[1, "a", 0], [2, "b", 0], [3, "c", 0]]);
});

Deno.test("RequestQueue keeps the place of a request that was cancelled", () => {
  const { queue } = client();
  const [a, b] = [queue.push(1), queue.push(2)];
  a.cancel();
  failureResultOf(a, CancelledError);
  queue.answer("for a");
  queue.answer("for b");
  assertEquals(successResultOf(b), "for b");
});

Deno.test("RequestQueue gives each request its time, then fails all and loses the connection", () => {
  const { queue, clock, transport } = client();
  const first = queue.push(1);
  clock.advance(6);
  const second = queue.push(2);
  clock.advance(3);
  queue.answer("in time");
  clock.advance(6);
  assertEquals(successResultOf(first), "in time");
  assertNoResult(second);
  const third = queue.push(3);
  clock.advance(1);
  failureResultOf(second, TimeoutError);
  failureResultOf(third, TimeoutError);
  assert(transport.disconnecting);
  failureResultOf(queue.push(4), TimeoutError);
  assertEquals(clock.getDelayedCalls(), []);
});

Deno.test("RequestQueue without a limit of time sets no timer, and fails with the connection", () => {
  const { queue, clock } = client(null);
  const a = queue.push(1);
  assertEquals(clock.getDelayedCalls(), []);
  queue.failAll(lost());
  queue.failAll(new Failure(new Error("a later reason")));
  failureResultOf(a, ConnectionLost);
  failureResultOf(queue.push(2), ConnectionLost);
  assert(queue.gone!.check(ConnectionLost));
  assert(!queue.answer("late"));
});

Deno.test("RequestQueue stays small however many requests go through it while some wait", () => {
  const { queue } = client();
  queue.push(-1);
  for (let i = 0; i < 5000; i++) {
    queue.push(i);
    queue.answer(`${i}`);
    assertEquals(queue.length, 1);
  }
  assertEquals(queue.first, 4999);
});

Deno.test("RequestQueue gives a request its own time, whatever those before it were given", () => {
  for (const before of [60, null]) {
    for (const isAnswered of [true, false]) {
      const { queue, clock, transport } = client(before);
      queue.push(1).addErrback(() => {});
      queue.timeoutSeconds = 5;
      const late = queue.push(2);
      if (isAnswered) queue.answer("one");
      clock.advance(4);
      assertNoResult(late);
      clock.advance(1);
      assertEquals((failureResultOf(late, TimeoutError).value as TimeoutError).seconds, 5);
      assert(transport.disconnecting);
      assertEquals(clock.getDelayedCalls(), []);
    }
  }
});
