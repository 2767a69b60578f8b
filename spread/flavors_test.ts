/** Copies, caches, views, avatars, paging and publishing between two brokers that are joined in memory. */
import {
  AllowAnonymousAccess,
  Anonymous,
  InMemoryUsernamePasswordDatabase,
  Portal,
  UsernamePassword,
} from "@ropewalk/cred";
import { UnauthorizedLogin, UnhandledCredentials } from "@ropewalk/cred";
import { Deferred, succeed } from "@ropewalk/deferred";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { assertNoResult, failureResultOf, flushLoggedErrors, successResultOf } from "@ropewalk/testing";
import { Avatar } from "./avatar.ts";
import { Cacheable, RemoteCache, type RemoteCacheObserver } from "./cacheable.ts";
import { Copyable, RemoteCopy } from "./copyable.ts";
import { DeadReferenceError, NoSuchMethod, PBConnectionLost, PBError, RemoteError } from "./errors.ts";
import { CallbackPageCollector, FilePager, getAllPages, StringPager } from "./paging.ts";
import { Publishable, type PublishedState, RemotePublished, whenReady } from "./publishable.ts";
import { AsReferenceable, Referenceable, Root } from "./referenceable.ts";
import type { RemoteReference } from "./remote_reference.ts";
import { setUnjellyableForClass } from "./security.ts";
import { join } from "./_support_test.ts";
import { Viewable } from "./viewable.ts";

class Thermometer extends Cacheable {
  static readonly wireName = "flavors.Thermometer";
  degrees = 20;
  readonly observers: RemoteCacheObserver[] = [];
  readonly stopped: unknown[] = [];
  override getStateToCacheAndObserveFor(_perspective: unknown, observer: RemoteCacheObserver): unknown {
    this.observers.push(observer);
    return { degrees: this.degrees };
  }
  override stoppedObserving(_perspective: unknown, observer: RemoteCacheObserver): void {
    assert(this.observers.includes(observer));
    this.stopped.push(observer);
  }
}
class RemoteThermometer extends RemoteCache {
  degrees = 0;
  observe_degrees(degrees: number): string {
    this.degrees = degrees;
    return "noted";
  }
}
setUnjellyableForClass(Thermometer, RemoteThermometer);

class Giving extends Root {
  thing: unknown = null;
  got: unknown = null;
  remote_give(): unknown {
    return this.thing;
  }
  remote_take(thing: unknown): void {
    this.got = thing;
  }
  remote_is(thing: unknown): boolean {
    return thing === this.thing;
  }
}

Deno.test("a cache is sent once, told of changes, one object however often it comes, and at home itself", () => {
  const giving = new Giving();
  const thermometer = giving.thing = new Thermometer();
  const { root, pump } = join(giving);
  const [one, two] = [root.callRemote("give"), root.callRemote("give")];
  pump.flush();
  const cache = successResultOf(one) as RemoteThermometer;
  assert(cache instanceof RemoteThermometer && successResultOf(two) === cache);
  assertEquals(thermometer.observers.length, 1);
  const told = thermometer.observers[0]!.callRemote("degrees", 25);
  const isHome = root.callRemote("is", cache);
  pump.flush();
  assertEquals([successResultOf(told), cache.degrees, successResultOf(isHome)], ["noted", 25, true]);
  const nothing = thermometer.observers[0]!.callRemote("nosuch");
  pump.flush();
  assertEquals(failureResultOf(nothing, RemoteError).getErrorMessage(), "No such method: observe_nosuch");
  flushLoggedErrors(NoSuchMethod);
});

Deno.test("a cache that is given up is paid for at once, and its owner told once", () => {
  const giving = new Giving();
  const thermometer = giving.thing = new Thermometer();
  const { root, pump } = join(giving);
  const calls = [root.callRemote("give"), root.callRemote("give")];
  pump.flush();
  const cache = successResultOf(calls[0]!) as RemoteThermometer;
  cache[Symbol.dispose]();
  cache[Symbol.dispose]();
  // An update that crosses the news is answered, and does nothing.
  const told = thermometer.observers[0]!.callRemote("degrees", 30);
  pump.flush();
  assertEquals(thermometer.stopped, thermometer.observers);
  successResultOf(told);
  const again = root.callRemote("give");
  pump.flush();
  assert(successResultOf(again) !== cache);
  assertEquals(thermometer.observers.length, 2);
});

Deno.test("a cache that comes again while it is being given up is the same object", () => {
  const giving = new Giving();
  const thermometer = giving.thing = new Thermometer();
  const { root, pump } = join(giving);
  const first = root.callRemote("give");
  pump.flush();
  const cache = successResultOf(first) as RemoteThermometer;
  const second = root.callRemote("give");
  cache[Symbol.dispose]();
  pump.flush();
  assert(successResultOf(second) === cache);
  assertEquals(thermometer.stopped, []);
});

Deno.test("what a cache's state says of its broker and number is not believed", () => {
  class Forger extends Thermometer {
    static override readonly wireName = "flavors.Thermometer";
    override getStateToCacheAndObserveFor(perspective: unknown, observer: RemoteCacheObserver): unknown {
      super.getStateToCacheAndObserveFor(perspective, observer);
      return { broker: "mine", luid: 99, degrees: 3 };
    }
  }
  const giving = new Giving();
  const thermometer = giving.thing = new Forger();
  const { root, pump } = join(giving);
  const given = root.callRemote("give");
  pump.flush();
  const cache = successResultOf(given) as RemoteThermometer;
  const isHome = root.callRemote("is", cache);
  pump.flush();
  assertEquals([cache.degrees, successResultOf(isHome)], [3, true]);
  cache[Symbol.dispose]();
  pump.flush();
  assertEquals(thermometer.stopped, thermometer.observers);
});

Deno.test("when the connection is lost, caches stop being observed", () => {
  const giving = new Giving();
  const thermometer = giving.thing = new Thermometer();
  const { root, pump, client } = join(giving);
  const d = root.callRemote("give");
  pump.flush();
  successResultOf(d);
  client.transport.loseConnection();
  pump.flush();
  assertEquals(thermometer.stopped, thermometer.observers);
  assertThrows(() => thermometer.observers[0]!.callRemote("degrees", 1), DeadReferenceError);
});

Deno.test("a cacheable whose message could not be sent is not observed", () => {
  const { root } = join(new Giving());
  const thermometer = new Thermometer();
  failureResultOf(root.callRemote("take", thermometer, "x".repeat(700_000)));
  assertEquals(thermometer.stopped.length, 1);
});

Deno.test("references and caches are given back when they are collected", async () => {
  const giving = new Giving();
  const thermometer = new Thermometer();
  const counted = new Referenceable();
  giving.thing = [thermometer, counted];
  const { root, pump, server } = join(giving);
  // In a function of its own, so that nothing on this stack keeps them.
  const receive = () => {
    for (let i = 0; i < 2; i++) {
      root.callRemote("give").addCallback((pair) => void (pair as unknown[]).length);
    }
    pump.flush();
  };
  receive();
  assertEquals(server.references, 1);
  const { gc } = globalThis as { gc?: () => void };
  assert(gc !== undefined, "run with --v8-flags=--expose-gc");
  for (let i = 0; i < 20 && server.references > 0; i++) {
    await Promise.resolve();
    await new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        port2.close();
        resolve(null);
      };
      port2.postMessage(null);
    });
    gc();
    pump.flush();
  }
  assertEquals(server.references, 0);
  assertEquals(thermometer.stopped.length, 1);
});

Deno.test("an error in getStateToCopy fails the call once, at its sender", () => {
  class Broken extends Copyable {
    override getStateToCopy(): unknown {
      throw new RangeError("no state");
    }
  }
  const { root, pump } = join(new Giving());
  failureResultOf(root.callRemote("take", new Broken()), RangeError);
  const d = root.callRemote("take", 1);
  pump.flush();
  successResultOf(d);
});

Deno.test("a call made while a value is being written goes out after it, whole", () => {
  const giving = new Giving();
  const { root, pump } = join(giving);
  let inner: Deferred<unknown> | null = null;
  class Nested extends Copyable {
    static readonly wireName = "flavors.Nested";
    override getStateToCopy(): unknown {
      inner = root.callRemote("take", "inner");
      return { a: 1 };
    }
  }
  class RemoteNested extends RemoteCopy {}
  setUnjellyableForClass(Nested, RemoteNested);
  const outer = root.callRemote("take", new Nested());
  pump.flush();
  successResultOf(outer);
  successResultOf(inner!);
  assertEquals(giving.got, "inner");
});

class Board extends Viewable {
  view_who(user: User, word: string): string {
    return `${user.name}: ${word}`;
  }
}
const board = new Board();
class User extends Avatar {
  static left: string[] = [];
  constructor(readonly name: string, readonly mind: RemoteReference | null) {
    super();
  }
  perspective_board(): Board {
    return board;
  }
  perspective_isBoard(thing: unknown): boolean {
    return thing === board;
  }
  perspective_isMe(thing: unknown): boolean {
    return thing === this;
  }
  perspective_say(word: string): unknown {
    return this.mind?.callRemote("hear", word);
  }
  remote_backdoor(): void {}
}
class Mind extends Referenceable {
  remote_hear(word: string): string {
    return `heard ${word}`;
  }
}
function portal() {
  User.left = [];
  return new Portal({
    requestAvatar(id: unknown, mind: unknown) {
      const name = typeof id === "string" ? id : "guest";
      return { avatar: new User(name, mind as RemoteReference), logout: () => User.left.push(name) };
    },
  }, [new InMemoryUsernamePasswordDatabase({ alice: "secret", bob: "b" }), new AllowAnonymousAccess()]);
}

Deno.test("a user logs in, calls perspective_ methods only, and is called back", () => {
  const { factory, pump } = join(portal());
  const login = factory.login<User>(new UsernamePassword("alice", "secret"), new Mind());
  pump.flush();
  const avatar = successResultOf(login);
  const said = avatar.callRemote("say", "hello");
  const back = (avatar as unknown as RemoteReference).callRemote("backdoor");
  const me = (avatar as unknown as RemoteReference).callRemote("isMe", avatar);
  pump.flush();
  assertEquals(successResultOf(said), "heard hello");
  assertEquals(failureResultOf(back).getErrorMessage(), "No such method: perspective_backdoor");
  assertEquals(successResultOf(me), true);
  flushLoggedErrors(NoSuchMethod);
});

Deno.test("several avatars on one connection see one object each in their own name", () => {
  const { factory, pump } = join(portal());
  const logins = [["alice", "secret"], ["bob", "b"]].map(([name, password]) =>
    factory.login(new UsernamePassword(name!, password!))
  );
  pump.flush();
  const avatars = logins.map((login) => successResultOf(login));
  const boards = avatars.map((avatar) => avatar.callRemote("board"));
  pump.flush();
  const views = boards.map((d) => successResultOf(d) as RemoteReference);
  const said = views.map((view) => view.callRemote("who", "hi"));
  const home = avatars[0]!.callRemote("isBoard", views[1]);
  pump.flush();
  assertEquals(said.map((d) => successResultOf(d)), ["alice: hi", "bob: hi"]);
  assertEquals(successResultOf(home), true);
});

Deno.test("logout runs once: when the avatar is given up, or else when the connection is lost", () => {
  const { factory, pump, client } = join(portal());
  const one = factory.login(new UsernamePassword("alice", "secret"));
  const two = factory.login(new Anonymous());
  pump.flush();
  successResultOf(two);
  successResultOf(one)[Symbol.dispose]();
  pump.flush();
  assertEquals(User.left, ["alice"]);
  client.transport.loseConnection();
  pump.flush();
  assertEquals(User.left, ["alice", "guest"]);
});

Deno.test("an avatar that many share is logged out once for each who came in, whatever one of them throws", () => {
  const shared = new Mind(); // any Referenceable is one
  const left: string[] = [];
  const requestAvatar = (_id: unknown, mind: unknown) => ({
    avatar: shared,
    logout: () => {
      left.push(String(mind));
      if (mind === "b") throw new Error("cannot leave");
    },
  });
  const { factory, pump, server } = join(new Portal({ requestAvatar }, [new AllowAnonymousAccess()]));
  const logins = ["a", "b", "c"].map((mind) => factory.login(new Anonymous(), mind));
  pump.flush();
  const avatars = logins.map((login) => successResultOf(login));
  let more = 0;
  for (let i = 0; i < 100_000; i++) server.onRelease(shared, () => void more++);
  avatars[0]![Symbol.dispose](); // the one reference that they all are
  pump.flush();
  assertEquals([left, more], [["a", "b", "c"], 100_000]);
  assertEquals(flushLoggedErrors().length, 1);
});

Deno.test("who hangs up while being let in is logged out at once", () => {
  const late = new Deferred<{ avatar: User; logout: () => void }>();
  const left: string[] = [];
  const { factory, pump, client } = join(
    new Portal({ requestAvatar: () => late }, [new AllowAnonymousAccess()]),
  );
  const login = factory.login(new Anonymous());
  pump.flush();
  client.transport.loseConnection();
  pump.flush();
  failureResultOf(login, PBConnectionLost);
  late.callback({ avatar: new User("x", null), logout: () => left.push("x") });
  assertEquals(left, ["x"]);
});

Deno.test("logins that are refused look alike, and a challenge is answered once", () => {
  const { factory, pump, root } = join(portal());
  const wrong = factory.login(new UsernamePassword("alice", "wrong"));
  const nobody = factory.login(new UsernamePassword("nobody", "secret"));
  pump.flush();
  const [a, b] = [wrong, nobody].map((d) => failureResultOf(d, RemoteError).value as RemoteError);
  assertEquals([a!.remoteType, a!.message], [b!.remoteType, b!.message]);
  assertEquals(a!.parents.slice(0, 3), [
    "twisted.cred.error.UnauthorizedLogin",
    "twisted.cred.error.LoginFailed",
    "twisted.cred.error.Unauthorized",
  ]);
  assertEquals(flushLoggedErrors(UnauthorizedLogin).length, 2);
  const challenge = root.callRemote("login", "alice");
  pump.flush();
  const [, challenger] = successResultOf(challenge) as [Uint8Array, RemoteReference];
  const twice = [1, 2].map(() => challenger.callRemote("respond", new Uint8Array(16), null));
  const odd = root.callRemote("login", 7);
  pump.flush();
  for (const d of [...twice, odd]) failureResultOf(d, RemoteError);
  assertEquals(flushLoggedErrors().length, 3);
});

Deno.test("guests are refused where nobody lets them in", () => {
  const { factory, pump } = join(new Portal({ requestAvatar: () => ({ avatar: {} }) }));
  const d = factory.login(new Anonymous());
  pump.flush();
  assertEquals(
    (failureResultOf(d).value as RemoteError).remoteType,
    "twisted.cred.error.UnhandledCredentials",
  );
  assertEquals(flushLoggedErrors(UnhandledCredentials).length, 1);
  failureResultOf(factory.login({}), UnhandledCredentials);
});

Deno.test("an object of any class can be made callable under a prefix of its own", () => {
  const plain = { door_knock: (times: number) => "knock ".repeat(times).trim() };
  const { root, pump } = join(new AsReferenceable(plain, "door"));
  const d = root.callRemote("knock", 2);
  pump.flush();
  assertEquals(successResultOf(d), "knock knock");
});

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
