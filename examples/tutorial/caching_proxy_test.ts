import { Deferred } from "@ropewalk/deferred";
import { ConnectionLost } from "@ropewalk/reactor/core";
import { assertNoResult, Clock, failureResultOf, successResultOf } from "@ropewalk/testing";
import { assertEquals } from "@std/assert";
import { CachingFetch, MAX_PAGES } from "./caching_proxy.ts";

function start() {
  const clock = new Clock();
  const fetches: Deferred<Uint8Array>[] = [];
  let cancelled = 0;
  const cache = new CachingFetch(clock, 5, () => {
    const d = new Deferred<Uint8Array>(() => void cancelled++);
    fetches.push(d);
    return d;
  });
  const get = (url = "http://a.example/") => cache.fetch(url);
  return { clock, fetches, get, cancelled: () => cancelled };
}

const page = new TextEncoder().encode("page");

Deno.test("many ask, one fetch answers all, and its page is kept for five seconds", () => {
  const { clock, fetches, get } = start();
  const asked = [get(), get(), get()];
  asked.forEach(assertNoResult);
  fetches[0]!.callback(page);
  assertEquals(asked.map(successResultOf), [page, page, page]);
  clock.advance(4.9);
  assertEquals(successResultOf(get()), page);
  assertEquals(fetches.length, 1);
  clock.advance(0.1);
  assertNoResult(get());
  assertEquals(fetches.length, 2);
});

Deno.test("a failure goes to all who wait, and is not kept", () => {
  const { fetches, get } = start();
  const asked = [get(), get()];
  fetches[0]!.errback(new ConnectionLost());
  for (const d of asked) failureResultOf(d, ConnectionLost);
  assertNoResult(get());
  assertEquals(fetches.length, 2);
});

Deno.test("one who hangs up leaves the others their fetch; the last ends it", () => {
  const { fetches, get, cancelled } = start();
  const one = get();
  const other = get();
  one.cancel();
  failureResultOf(one, "CancelledError");
  assertEquals(cancelled(), 0);
  other.cancel();
  failureResultOf(other, "CancelledError");
  assertEquals([cancelled(), fetches.length], [1, 1]);
  assertNoResult(get()); // begins anew
  assertEquals(fetches.length, 2);
});

Deno.test("so many pages are kept, and no more", () => {
  const { fetches, get } = start();
  for (let i = 0; i <= MAX_PAGES; i++) {
    const d = get(`http://a.example/${i}`);
    fetches[i]!.callback(page);
    successResultOf(d);
  }
  assertNoResult(get("http://a.example/0"));
  assertEquals(successResultOf(get("http://a.example/1")), page);
});
