/** Caches and copies between two brokers that are joined in memory. */
import type { Deferred } from "@ropewalk/deferred";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { failureResultOf, flushLoggedErrors, successResultOf } from "@ropewalk/testing";
import { Cacheable, RemoteCache, type RemoteCacheObserver } from "./cacheable.ts";
import { Copyable, RemoteCopy } from "./copyable.ts";
import { DeadReferenceError, NoSuchMethod, RemoteError } from "./errors.ts";
import { Referenceable } from "./referenceable.ts";
import { setUnjellyableForClass } from "./security.ts";
import { Giving, join } from "./_support_test.ts";

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
