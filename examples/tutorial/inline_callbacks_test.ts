import { Deferred, ensureDeferred, fail, succeed } from "@ropewalk/deferred";
import { ConnectionLost } from "@ropewalk/reactor/core";
import { Clock, failureResultOf, successResultOf } from "@ropewalk/testing";
import { assertEquals, assertRejects } from "@std/assert";
import {
  NotSold,
  type Shop,
  worthAsGenerator,
  worthWithAwait,
  worthWithCallbacks,
} from "./inline_callbacks.ts";

const shop = (price: Deferred<number>): Shop => ({ price: () => price, stock: () => succeed(5) });

Deno.test("all three work it out, and deal with the one error they know", async () => {
  for (const worth of [worthWithCallbacks, worthAsGenerator]) {
    assertEquals(successResultOf(worth(shop(succeed(12)), "rope")), 60);
    assertEquals(successResultOf(worth(shop(fail(new NotSold())), "sand")), 0);
    failureResultOf(worth(shop(fail(new ConnectionLost())), "rope"), ConnectionLost);
  }
  assertEquals(await worthWithAwait(shop(succeed(12)), "rope"), 60);
  assertEquals(await worthWithAwait(shop(fail(new NotSold())), "sand"), 0);
  await assertRejects(() => worthWithAwait(shop(fail(new ConnectionLost())), "rope"), ConnectionLost);
});

Deno.test("a time-out on callbacks and on a generator cancels what they wait for; `await` cannot", async () => {
  const clock = new Clock();
  for (const worth of [worthWithCallbacks, worthAsGenerator]) {
    let cancelled = false;
    const price = new Deferred<number>(() => void (cancelled = true));
    const result = worth(shop(price), "rope").addTimeout(3, clock);
    clock.advance(3);
    failureResultOf(result, "TimeoutError");
    assertEquals(cancelled, true);
  }
  const price = new Deferred<number>();
  const result = ensureDeferred(worthWithAwait(shop(price), "rope")).addTimeout(3, clock);
  clock.advance(3);
  failureResultOf(result, "TimeoutError");
  assertEquals(price.called, false);
  price.callback(1);
  await price;
});
