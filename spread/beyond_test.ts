/** What two Ropewalk peers can do that Twisted cannot. */
import { CancelledError, Deferred } from "@ropewalk/deferred";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { assertNoResult, failureResultOf, flushLoggedErrors, successResultOf } from "@ropewalk/testing";
import { currentCall } from "./current_call.ts";
import { JellyError, PBError, ProtocolError, RemoteError } from "./errors.ts";
import { AsReferenceable, Referenceable, Root } from "./referenceable.ts";
import type { RemoteReference } from "./remote_reference.ts";
import { revoke } from "./revoke.ts";
import { hex, join } from "./_support_test.ts";

class Drawer extends Referenceable {
  constructor(readonly label: string) {
    super();
  }
  remote_label(): string {
    return this.label;
  }
  remote_inner(name: string): Drawer {
    return new Drawer(`${this.label}/${name}`);
  }
}
class Desk extends Root {
  readonly late: Deferred<Drawer>[] = [];
  cancelled = 0;
  signal: AbortSignal | null = null;
  returned = false;
  made = 0;
  remote_open(label: string): Drawer {
    return new Drawer(label);
  }
  remote_openLate(): Deferred<Drawer> {
    const d = new Deferred<Drawer>();
    this.late.push(d);
    return d;
  }
  remote_broken(): Drawer {
    throw new PBError("it is stuck");
  }
  remote_number(): number {
    return 1;
  }
  remote_work(): Deferred<string> {
    return new Deferred<string>(() => void this.cancelled++);
  }
  remote_download(): Promise<string> {
    const { signal } = currentCall();
    this.signal = signal;
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  }
  async *remote_count(to: number): AsyncGenerator<number> {
    try {
      for (let i = 0; i < to; i++) {
        this.made++;
        yield await Promise.resolve(i);
      }
    } finally {
      this.returned = true;
    }
  }
}

function desk(agreed = true) {
  const server = new Desk();
  const joined = join(server, agreed ? { client: { extensions: true } } : {});
  return { ...joined, desk: server, root: joined.root as unknown as RemoteReference<Desk> };
}

Deno.test("peers find each other out by a second version, and not unless they are asked to", () => {
  const quiet = desk(false);
  assert(!quiet.client.agreed && !quiet.server.agreed);
  const asked = desk();
  assert(asked.client.agreed && asked.server.agreed);
});

Deno.test("a chain of calls on results that are not there yet takes one round trip", () => {
  const { root, pump } = desk();
  const inner = root.pipeline("open", "a").pipeline("inner", "b").pipeline("inner", "c");
  const label = inner.callRemote("label");
  assertNoResult(label);
  pump.pump();
  pump.pump();
  assertEquals(successResultOf(label), "a/b/c");
  const after = inner.callRemote("label");
  pump.flush();
  assertEquals(successResultOf(after), "a/b/c");
  assertEquals(typeof successResultOf(inner.result).callRemote, "function");
});

Deno.test("calls wait at the peer for a result that takes its time", () => {
  const { root, pump, desk: server } = desk();
  const drawer = root.pipeline("openLate");
  const label = drawer.callRemote("label");
  pump.flush();
  assertNoResult(label);
  server.late[0]!.callback(new Drawer("late"));
  pump.flush();
  assertEquals(successResultOf(label), "late");
});

Deno.test("what is called on a failure fails with it; on a number, in words", () => {
  const { root, pump } = desk();
  const broken = root.pipeline("broken");
  const label = broken.callRemote("label");
  const deeper = broken.pipeline("inner", "x");
  const number = (root as unknown as RemoteReference).pipeline("number").callRemote("label");
  pump.flush();
  for (const d of [label, broken.result, deeper.result]) {
    assertEquals(failureResultOf(d as Deferred<unknown>, RemoteError).getErrorMessage(), "it is stuck");
  }
  assert(failureResultOf(number).getErrorMessage().includes("no object"));
  assertEquals(flushLoggedErrors(), []);
});

Deno.test("with a peer that has not agreed, the same calls wait for each result", () => {
  const { root, pump, client } = desk(false);
  const label = root.pipeline("open", "a").pipeline("inner", "b").callRemote("label");
  const odd = (root as unknown as RemoteReference).pipeline("number").callRemote("label");
  pump.flush();
  assertEquals(successResultOf(label), "a/b");
  failureResultOf(odd, JellyError);
  assert(client.agreed);
});

Deno.test("nothing of it is said before it is agreed on, and a peer that says it loses the connection", () => {
  for (const word of ["cancel", "release", "ropewalk"]) {
    const { server, client, pump } = desk(false);
    const cancel = new TextEncoder().encode(word);
    client.transport.write(Uint8Array.of(2, 0x80, cancel.length, 0x82, ...cancel, 1, 0x81));
    pump.flush();
    assert(server.disconnected, word);
  }
  assert(ProtocolError !== undefined);
});

Deno.test("cancelling a call cancels the Deferred at the far side", () => {
  const { root, pump, desk: server } = desk();
  const d = root.callRemote("work");
  pump.flush();
  d.cancel();
  failureResultOf(d, CancelledError);
  pump.flush();
  assertEquals(server.cancelled, 1);
  assertEquals(flushLoggedErrors(), []);
});

Deno.test("cancelling a call aborts the signal at the far side, and so does losing the connection", async () => {
  for (const how of ["cancel", "lose"] as const) {
    const { root, pump, desk: server, client } = desk();
    const controller = new AbortController();
    const d = root.callRemote("download");
    const outcome = d.toPromise({ signal: controller.signal }).catch((error) => error);
    pump.flush();
    assert(server.signal !== null && !server.signal.aborted);
    if (how === "cancel") controller.abort();
    else client.transport.loseConnection();
    pump.flush();
    assert(server.signal.aborted, how);
    assert(await outcome instanceof Error);
  }
  flushLoggedErrors();
  assertThrows(() => currentCall(), TypeError);
});

Deno.test("an object that was taken back answers nobody any more", () => {
  const { root, pump } = desk();
  const drawer = new Drawer("mine");
  const kept = new AsReferenceable(drawer);
  class Lender extends Root {
    remote_both(): unknown[] {
      return [drawer, kept];
    }
  }
  const lent = join(new Lender());
  const both = lent.root.callRemote("both");
  lent.pump.flush();
  const [one, two] = successResultOf(both) as RemoteReference[];
  revoke(kept);
  const refused = two!.callRemote("label");
  const allowed = one!.callRemote("label");
  lent.pump.flush();
  assertEquals((failureResultOf(refused).value as RemoteError).remoteType, "ropewalk.Revoked");
  assertEquals(successResultOf(allowed), "mine");
  revoke(drawer);
  const gone = one!.callRemote("label");
  lent.pump.flush();
  failureResultOf(gone, RemoteError);
  assert(root !== null && pump !== null && hex(new Uint8Array()) === "");
});

/** Pumps while a promise is not settled. */
async function pumping<T>(pump: { flush(): boolean }, promise: Promise<T>): Promise<T> {
  let settled = false;
  promise.then(() => settled = true, () => settled = true);
  for (let i = 0; i < 1000 && !settled; i++) {
    pump.flush();
    await Promise.resolve();
  }
  return await promise;
}

Deno.test("an async iterable is iterated over from afar, with back-pressure", async () => {
  const { root, pump, desk: server } = desk(false);
  const counted = await pumping(
    pump,
    (async () => {
      const seen: number[] = [];
      for await (const n of await root.callRemote("count", 20)) {
        seen.push(n);
        assert(server.made <= seen.length + 9, "it runs ahead");
      }
      return seen;
    })(),
  );
  assertEquals(counted, Array.from({ length: 20 }, (_, i) => i));
});

Deno.test("leaving the loop ends the iterable at its owner, and gives the reference up", async () => {
  const { root, pump, desk: server, server: broker } = desk(false);
  await pumping(
    pump,
    (async () => {
      for await (const n of await root.callRemote("count", 1000)) if (n === 3) break;
    })(),
  );
  for (let i = 0; i < 50; i++) {
    pump.flush();
    await Promise.resolve();
  }
  assert(server.returned);
  assert(server.made < 20);
  assertEquals(broker.references, 0);
});
