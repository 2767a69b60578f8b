/** Published objects: their states are kept on the other side. */
import { Deferred, succeed } from "@ropewalk/deferred";
import { assertEquals } from "@std/assert";
import { assertNoResult, failureResultOf, successResultOf } from "@ropewalk/testing";
import { PBConnectionLost, PBError } from "./errors.ts";
import { Publishable, type PublishedState, RemotePublished, whenReady } from "./publishable.ts";
import { setUnjellyableForClass } from "./security.ts";
import { Giving, join } from "./_support_test.ts";

const disk = new Map<string, PublishedState>();
class Page extends Publishable {
  static readonly wireName = "flavors.Page";
  asked = 0;
  text = "one";
  override getStateToPublish(): unknown {
    this.asked++;
    return { text: this.text };
  }
}
class RemotePage extends RemotePublished {
  text = "";
  protected override load(name: string): PublishedState | null {
    return disk.get(name) ?? null;
  }
  protected override save(name: string, kept: PublishedState): void {
    disk.set(name, kept);
  }
}
setUnjellyableForClass(Page, RemotePage);

Deno.test("a published object sends its state only to those whose copy is out of date", () => {
  disk.clear();
  const giving = new Giving();
  const page = giving.thing = new Page("front", 1000);
  const fetch = (): RemotePage => {
    const { root, pump } = join(giving);
    const d = whenReady(root.callRemote("give") as Deferred<RemotePage>);
    pump.flush();
    return successResultOf(d);
  };
  assertEquals([fetch().text, page.asked], ["one", 1]);
  assertEquals([fetch().text, page.asked], ["one", 1]);
  page.text = "two";
  page.republish(2000);
  assertEquals([fetch().text, page.asked], ["two", 2]);
});

Deno.test("what a published state says of its broker and number is not believed", () => {
  disk.clear();
  const giving = new Giving();
  giving.thing = Object.assign(new Page("forged", 1), {
    getStateToPublish: () => ({ text: "three", broker: "mine", luid: 99 }),
  });
  const { root, pump } = join(giving);
  const d = whenReady(root.callRemote("give") as Deferred<RemotePage>);
  pump.flush();
  const page = successResultOf(d);
  const isHome = root.callRemote("is", page);
  pump.flush();
  assertEquals([page.text, successResultOf(isHome)], ["three", true]);
});

Deno.test("who waits for a published object hears that its state does not come: the connection is lost", () => {
  disk.clear();
  const giving = new Giving();
  giving.thing = Object.assign(new Page("slow", 1), { getStateToPublish: () => new Deferred() });
  const { root, client, pump } = join(giving);
  const received: RemotePage[] = [];
  let called = 0;
  const d = (root.callRemote("give") as Deferred<RemotePage>).addCallback((page) => {
    received.push(page);
    page.callWhenActivated(() => called++);
    return page;
  });
  const ready = whenReady(d);
  pump.flush();
  assertNoResult(ready);
  client.transport.loseConnection();
  pump.flush();
  failureResultOf(ready, PBConnectionLost);
  failureResultOf(whenReady(succeed(received[0]!)), PBConnectionLost); // also who asks later
  assertEquals([called, received[0]!.isActivated], [0, false]);
});

Deno.test("a published state that fails to be made, or to be kept, fails those who wait for it", () => {
  disk.clear();
  const giving = new Giving();
  const { root, pump } = join(giving);
  giving.thing = Object.assign(new Page("broken", 1), {
    getStateToPublish: () => {
      throw new PBError("not today");
    },
  });
  const d = whenReady(root.callRemote("give") as Deferred<RemotePage>);
  pump.flush();
  assertEquals((failureResultOf(d).value as Error).message, "not today");
  class Full extends RemotePage {
    protected override save(): void {
      throw new RangeError("the disk is full");
    }
  }
  setUnjellyableForClass("flavors.Full", Full);
  giving.thing = Object.assign(new Page("full", 1), { getTypeToCopy: () => "flavors.Full" });
  const full = whenReady(root.callRemote("give") as Deferred<RemotePage>);
  pump.flush();
  failureResultOf(full, RangeError);
  failureResultOf(whenReady(succeed(1 as unknown as RemotePage)), TypeError);
});
