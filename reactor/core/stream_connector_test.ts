import type { Failure } from "@ropewalk/deferred";
import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { Clock } from "@ropewalk/testing";
import { noUpgrades, settle, ToldReactor } from "./_told_reactor_test.ts";
import { PipeAddress } from "./addresses.ts";
import { ConnectionRefusedError, NoRouteError, TimeoutError, UserError } from "./errors.ts";
import type { HostStream } from "./host_network.ts";
import { StreamConnector } from "./stream_connector.ts";

/** A connector whose attempts succeed and fail when the test says so. */
function attempts(
  options: { prepare?: boolean; doStart?: () => void; timeoutSeconds?: number; built?: () => void } = {},
) {
  const clock = new Clock();
  const reactor = new ToldReactor(clock);
  const events: string[] = [];
  const reasons: unknown[] = [];
  const dialled: { succeed(): void; fail(error: Error): void }[] = [];
  const stream: HostStream = {
    localAddress: new PipeAddress(),
    remoteAddress: new PipeAddress(),
    read: () => new Promise(() => {}),
    write: (data) => Promise.resolve(data.length),
    closeWrite: () => Promise.resolve(),
    close: () => events.push("stream closed"),
  };
  const kind = {
    destination: new PipeAddress("there"),
    timeoutSeconds: options.timeoutSeconds ?? 30,
    dial() {
      const { promise, resolve, reject } = Promise.withResolvers<HostStream>();
      dialled.push({ succeed: () => resolve(stream), fail: reject });
      return { stream: promise, cancel: () => events.push("attempt cancelled") };
    },
    ...(options.prepare ? { prepare: () => new Promise<HostStream>(() => {}) } : {}),
  };
  const factory = {
    doStart: options.doStart ?? (() => void events.push("factory started")),
    doStop: () => void events.push("factory stopped"),
    buildProtocol() {
      events.push("protocol built");
      options.built?.();
      return { makeConnection() {}, dataReceived() {}, connectionLost() {} };
    },
    startedConnecting() {},
    clientConnectionFailed(_: unknown, reason: Failure) {
      reasons.push(reason.value);
      events.push("failed");
    },
    clientConnectionLost: () => void events.push("lost"),
  };
  const connector = new StreamConnector(reactor, factory, kind, noUpgrades);
  return { clock, connector, events, reasons, dialled, reactor };
}

Deno.test("an attempt that takes longer than timeoutSeconds is given up with TimeoutError, and comes too late after that", async () => {
  const { clock, connector, events, reasons, dialled, reactor } = attempts();
  connector.connect();
  clock.advance(29.9);
  assertEquals(events, ["factory started"]);
  clock.advance(0.1);
  assertEquals(events, ["factory started", "attempt cancelled", "failed", "factory stopped"]);
  assertInstanceOf(reasons[0], TimeoutError);
  assert(reasons[0].message.includes("30 s"), reasons[0].message);
  dialled[0]!.succeed();
  await settle();
  assertEquals(events.slice(4), ["stream closed"]);
  assertEquals(reactor.getDelayedCalls(), []);
});

Deno.test("the time-out covers what comes after connecting, and is over when the connection is there", async () => {
  const slow = attempts({ prepare: true });
  slow.connector.connect();
  slow.clock.advance(10);
  slow.dialled[0]!.succeed();
  await settle();
  slow.clock.advance(20);
  assertInstanceOf(slow.reasons[0], TimeoutError);
  assertEquals(slow.events, ["factory started", "stream closed", "failed", "factory stopped"]);

  const quick = attempts();
  quick.connector.connect();
  quick.dialled[0]!.succeed();
  await settle();
  assertEquals([quick.events, quick.reactor.getDelayedCalls()], [["factory started", "protocol built"], []]);
});

Deno.test("an attempt that fails says why, once, and leaves no time-out behind", async () => {
  for (const error of [new ConnectionRefusedError("no"), new NoRouteError("no")]) {
    const { connector, events, reasons, dialled, reactor } = attempts();
    connector.connect();
    dialled[0]!.fail(error);
    await settle();
    assertEquals([reasons, reactor.getDelayedCalls()], [[error], []]);
    assertEquals(events, ["factory started", "attempt cancelled", "failed", "factory stopped"]);
    assertThrows(() => connector.stopConnecting(), TypeError);
  }
});

Deno.test("an attempt that was stopped is stopped once, and a new one is not mistaken for it", async () => {
  const { connector, events, reasons, dialled } = attempts();
  connector.connect();
  assertThrows(() => connector.connect(), TypeError);
  connector.stopConnecting();
  assertInstanceOf(reasons[0], UserError);
  connector.connect();
  dialled[0]!.succeed();
  await settle();
  assertEquals(events.filter((event) => event === "protocol built"), []);
  dialled[1]!.succeed();
  await settle();
  assertEquals(events.filter((event) => event === "protocol built"), ["protocol built"]);
});

Deno.test("a factory that throws in doStart is not connected for, and neither is a time that is none", () => {
  const { clock, connector, events, dialled, reactor } = attempts({
    doStart: () => {
      throw new RangeError("on purpose");
    },
  });
  assertThrows(() => connector.connect(), RangeError, "on purpose");
  assertEquals([events, dialled.length, reactor.figures.attempts.size], [[], 0, 0]);
  assertEquals(clock.getDelayedCalls(), []);
  const late = attempts({ timeoutSeconds: -1 });
  assertThrows(() => late.connector.connect(), RangeError, "-1 seconds");
  assertEquals([late.events, late.reactor.figures.attempts.size], [[], 0]);
});

Deno.test("a connector that is disconnected while its protocol is built closes the connection", async () => {
  const { connector, events, dialled } = attempts({ built: () => connector.disconnect() });
  connector.connect();
  dialled[0]!.succeed();
  await settle();
  assertEquals(events, ["factory started", "protocol built", "stream closed", "lost", "factory stopped"]);
  connector.connect();
  assertEquals(dialled.length, 2);
});
