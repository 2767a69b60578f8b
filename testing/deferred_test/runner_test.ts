import { assert, assertEquals, assertRejects } from "@std/assert";
import { Deferred, fail, reportError } from "@ropewalk/deferred";
import { Factory, Protocol } from "@ropewalk/protocols";
import type { ReactorTime } from "@ropewalk/reactor/core";
import { Clock } from "../clock.ts";
import { flushLoggedErrors } from "../logged_errors.ts";
import { SimulatedNetwork } from "../simulation/simulated_network.ts";
import { deferredTest, type DeferredTestFunction, runDeferredTest } from "./runner.ts";

async function failureOf(
  fn: DeferredTestFunction<Clock>,
  options: { timeoutSeconds?: number; reactor?: Clock } = {},
): Promise<string> {
  const { reactor = new Clock(), ...rest } = options;
  return String((await assertRejects(() => runDeferredTest({ reactor, ...rest }, fn), Error)).message);
}

function later(reactor: ReactorTime, seconds: number): Deferred<void> {
  const d = new Deferred<void>();
  reactor.callLater(seconds, () => d.callback());
  return d;
}

deferredTest("a deferredTest with a name and a function has a clock, and awaits its Deferred", (t) => {
  assertEquals(t.reactor.seconds(), 0);
  return later(t.reactor, 100).addCallback(() => assertEquals(t.reactor.seconds(), 100));
});

deferredTest("a deferredTest awaits a promise, too, and leaves its clock alone", async (t) => {
  await t.reactor.settle();
  assertEquals(t.reactor.seconds(), 0);
});

deferredTest("a deferredTest may use a whole network", { reactor: () => new SimulatedNetwork() }, (t) => {
  const host = t.reactor.addHost("host");
  return later(host.reactor, 5).addCallback(() => assertEquals(t.reactor.seconds(), 5));
});

Deno.test("a deferredTest fails as what it throws, or what its Deferred fails with", async () => {
  assertEquals(
    await failureOf(() => {
      throw new RangeError("thrown");
    }),
    "thrown",
  );
  assertEquals(await failureOf(() => fail(new RangeError("fired"))), "fired");
  assertEquals(await failureOf(() => Promise.reject(new RangeError("rejected"))), "rejected");
});

Deno.test("a deferredTest whose Deferred never fires fails at once on a clock on which nothing is left", async () => {
  let cancelled = false;
  const message = await failureOf(() => new Deferred(() => void (cancelled = true)));
  assert(message.includes("nothing is left that could fire it: [Deferred not fired]"), message);
  assert(cancelled);
});

Deno.test("a deferredTest is given as much virtual time as its time-out says", async () => {
  const late = await failureOf((t) => later(t.reactor, 11), { timeoutSeconds: 10 });
  assert(late.includes("due in 11.000 s"), late);
  assert(late.includes("its virtual time is over (10 s)"), late);
  const byHand = await failureOf((t) => t.reactor.advance(11), { timeoutSeconds: 10 });
  assert(byHand.includes("The test took 11 s of virtual time"), byHand);
});

Deno.test("a deferredTest that says nothing of its time has 120 seconds", async () => {
  await runDeferredTest({ reactor: new Clock() }, (t) => later(t.reactor, 120));
  const late = await failureOf((t) => later(t.reactor, 120.001));
  assert(late.includes("its virtual time is over (120 s)"), late);
});

Deno.test("a deferredTest that is still running after its time-out in real time fails, and is cancelled", async () => {
  let cancelled = false;
  const message = await failureOf(
    () => new Promise(() => {}),
    { timeoutSeconds: 0.01 },
  );
  assert(message.includes("still running after 0.01 s: [Deferred not fired]"), message);
  const reactor: ReactorTime = {
    seconds: () => 0,
    callLater: () => {
      throw new Error("unused");
    },
    getDelayedCalls: () => [],
  };
  await assertRejects(
    () =>
      runDeferredTest({ reactor, timeoutSeconds: 0.01 }, () => new Deferred(() => void (cancelled = true))),
    Error,
    "still running",
  );
  assert(cancelled);
});

Deno.test("a deferredTest that leaves a call, a port or a connection fails, and names where each was made", async () => {
  const call = await failureOf((t) => void t.reactor.callLater(5, () => {}));
  assert(/a call that is due in 5.000 s, made\n.*runner_test.ts/.test(call), call);

  class Named extends Protocol {}
  const network = new SimulatedNetwork();
  const { reactor } = network.addHost("host");
  const message = (await assertRejects(
    () =>
      runDeferredTest({ reactor }, () => {
        reactor.listenTCP(80, Factory.forProtocol(Named));
        reactor.listenUDP(81, { makeConnection() {}, doStop() {}, datagramReceived() {} });
        reactor.connectTCP("host", 80, Factory.forProtocol(Named));
        network.run(1);
      }),
    Error,
  )).message;
  assert(/a port that listens on 0.0.0.0:80 \(listenTCP\), made\n.*runner_test.ts/.test(message), message);
  assert(/a port that listens on 0.0.0.0:81 \(listenUDP\)/.test(message), message);
  assert(/a connection of a Named with 10.0.0.1:80 \(connectTCP\)/.test(message), message);
});

Deno.test("a deferredTest that puts everything away leaves the reactor as it was", async () => {
  const network = new SimulatedNetwork();
  const { reactor } = network.addHost("host");
  const factory = Factory.forProtocol(Protocol);
  const before = Object.getOwnPropertyNames(reactor);
  await runDeferredTest({ reactor }, (t) => {
    const port = t.reactor.listenTCP(80, factory);
    t.addCleanup(() => port.stopListening());
    t.reactor.callLater(5, () => {}).cancel();
    const connector = t.reactor.connectTCP("host", 80, factory);
    network.run(1);
    t.addCleanup(() => (connector.disconnect(), network.run(1)));
  });
  assertEquals(Object.getOwnPropertyNames(reactor), before);
  assert(!Object.hasOwn(factory, "buildProtocol"));
});

Deno.test("cleanups run last first, each awaited, and go on after one that fails", async () => {
  const seen: string[] = [];
  const message = await failureOf((t) => {
    t.addCleanup((name: string) => void seen.push(name), "first");
    t.addCleanup(() => {
      throw new RangeError("in a cleanup");
    });
    t.addCleanup(() => later(t.reactor, 3).addCallback(() => void seen.push(`at ${t.reactor.seconds()}`)));
    throw new TypeError("in the test");
  });
  assertEquals(seen, ["at 3", "first"]);
  assert(/in the test[^]*and then:[^]*in a cleanup/.test(message), message);
});

Deno.test("a deferredTest fails on errors that were reported and not taken", async () => {
  const message = await failureOf(() => reportError(new RangeError("unnoticed")));
  assert(message.includes("1 errors were logged and not flushed"), message);
  await runDeferredTest({}, () => {
    reportError(new RangeError("expected"));
    assertEquals(flushLoggedErrors(RangeError).length, 1);
  });
});

Deno.test("a test that is a generator, and so does nothing, fails", async () => {
  const message = await failureOf(function* () {
    yield 1;
  });
  assert(message.includes("wrap it in inlineCallbacks"), message);
});

Deno.test("a deferredTest that was handed no clock waits for what fires in real time", async () => {
  let fired = false;
  await runDeferredTest({ timeoutSeconds: 5 }, () => {
    const d = new Deferred<void>();
    const channel = new MessageChannel(); // something outside, that a turn of the host's loop brings about
    channel.port1.onmessage = () => {
      channel.port1.close();
      channel.port2.close();
      fired = true;
      d.callback();
    };
    channel.port2.postMessage(null);
    return d;
  });
  assert(fired);
});
