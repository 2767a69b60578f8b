/** Long data in pages. */
import { Deferred } from "@ropewalk/deferred";
import { assert, assertEquals } from "@std/assert";
import { failureResultOf, flushLoggedErrors, successResultOf } from "@ropewalk/testing";
import { NoSuchMethod, RemoteError } from "./errors.ts";
import { CallbackPageCollector, FilePager, getAllPages, StringPager } from "./paging.ts";
import { Root } from "./referenceable.ts";
import type { RemoteReference } from "./remote_reference.ts";
import { join } from "./_support_test.ts";

class Paging extends Root {
  data = new Uint8Array(0);
  fail = false;
  remote_string(collector: RemoteReference, size: number): void {
    new StringPager(collector, this.data, size).start();
  }
  remote_file(collector: RemoteReference): void {
    const chunks = [this.data.subarray(0, 10), this.data.subarray(10)];
    new FilePager(collector, chunks, 100).start();
  }
  remote_refuse(_collector: RemoteReference): void {
    throw new NoSuchMethod("no pages");
  }
}

Deno.test("long data comes in pages, whole and in order", async () => {
  const paging = new Paging();
  const { root, pump } = join(paging);
  for (const length of [0, 1, 100, 1001]) {
    paging.data = Uint8Array.from({ length }, (_, i) => i % 251);
    for (const method of ["string", "file"]) {
      const d = getAllPages(root, method, 100);
      for (let i = 0; i < 60; i++) {
        pump.flush();
        await Promise.resolve();
      }
      const pages = successResultOf(d) as Uint8Array[];
      assertEquals(pages.flatMap((page) => [...page]), [...paging.data]);
      assert(pages.every((page) => page.length <= 100));
    }
  }
});

Deno.test("a pager that loses its peer stops, and so does a collector", () => {
  const paging = new Paging();
  paging.data = new Uint8Array(1000);
  const { root, pump, server } = join(paging);
  const refused = getAllPages(root, "refuse");
  pump.flush();
  failureResultOf(refused, RemoteError);
  flushLoggedErrors();
  const collected = getAllPages(root, "nosuch");
  server.transport.loseConnection();
  pump.flush();
  failureResultOf(collected);
});

Deno.test("no more than a few pages are under way at a time", () => {
  let unanswered = 0;
  let most = 0;
  const answers: Deferred<void>[] = [];
  class Slow extends CallbackPageCollector {
    override remote_gotPage(page: unknown): void {
      most = Math.max(most, ++unanswered);
      super.remote_gotPage(page);
      const d = new Deferred<void>();
      answers.push(d);
      return d as never;
    }
  }
  const paging = new Paging();
  paging.data = new Uint8Array(2000);
  const { root, pump } = join(paging);
  let pages: unknown[] = [];
  root.callRemote("string", new Slow((all) => pages = all), 100);
  pump.flush();
  while (answers.length > 0) {
    unanswered--;
    answers.shift()!.callback();
    pump.flush();
  }
  assertEquals([pages.length, most], [20, 4]);
});
