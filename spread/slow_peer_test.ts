/** Peers that do not read, and peers that do not begin. */
import { Deferred } from "@ropewalk/deferred";
import { assert, assertEquals } from "@std/assert";
import { IPv4Address } from "@ropewalk/reactor/core";
import { Clock, failureResultOf, StringTransportWithDisconnection, successResultOf } from "@ropewalk/testing";
import type { Broker } from "./broker.ts";
import type { BrokerOptions } from "./broker_options.ts";
import { PBClientFactory } from "./client_factory.ts";
import { PBServerFactory } from "./server_factory.ts";
import { RemoteError } from "./errors.ts";
import { Root } from "./referenceable.ts";
import type { RemoteReference } from "./remote_reference.ts";
import { join, unhex } from "./_support_test.ts";

const address = new IPv4Address("TCP", "127.0.0.1", 1);
const KIB = 1024;

class Store extends Root {
  calls = 0;
  readonly later: Deferred<unknown>[] = [];
  remote_get(): Uint8Array {
    this.calls++;
    return new Uint8Array(64 * KIB);
  }
  remote_wait(): Deferred<unknown> {
    const d = new Deferred<unknown>();
    this.later.push(d);
    return d;
  }
}

/** A client that has asked for 100 answers of 64 KiB in one piece, and reads none yet. */
function greedy(options: BrokerOptions) {
  const store = new Store();
  const joined = join(store, { server: options });
  joined.pump.flush();
  joined.client.transport.pauseProducing();
  let answered = 0;
  for (let i = 0; i < 100; i++) joined.root.callRemote("get").addCallbacks(() => answered++, () => {});
  joined.pump.flush();
  return { store, ...joined, answered: () => answered };
}

Deno.test("a peer that does not read its answers is not listened to until it does, even within one piece", () => {
  const { store, client, pump, answered } = greedy({});
  // 1 MiB of answers, and what was under way beside it.
  assert(store.calls >= 16 && store.calls <= 20, `${store.calls} calls were served`);
  assertEquals(answered(), 0);
  client.transport.resumeProducing();
  pump.flush();
  assertEquals([store.calls, answered()], [100, 100]);
});

Deno.test("how much may be unsent can be chosen", () => {
  const few = greedy({ maxUnsentBytes: 256 * KIB }).store.calls;
  assert(few >= 4 && few <= 6, `${few} calls were served`);
  assertEquals(greedy({ maxUnsentBytes: Infinity }).store.calls, 100);
});

Deno.test("answers that come later hold the peer's next calls up", () => {
  const store = new Store();
  const { client, pump, root } = join(store);
  pump.flush();
  for (let i = 0; i < 40; i++) root.callRemote("wait");
  pump.flush();
  client.transport.pauseProducing();
  for (const d of store.later) d.callback(new Uint8Array(64 * KIB));
  root.callRemote("get");
  pump.flush();
  assertEquals(store.calls, 0);
  client.transport.resumeProducing();
  pump.flush();
  assertEquals(store.calls, 1);
});

Deno.test("a connection closes while its peer is held up, and what waits is not dealt with", () => {
  const { store, client, server, pump } = greedy({});
  const { calls } = store;
  server.transport.loseConnection();
  client.transport.resumeProducing();
  pump.flush();
  assert(server.disconnected && client.disconnected);
  assertEquals(store.calls, calls);
});

Deno.test("a client reads on whatever its peer does", () => {
  const store = new Store();
  const { client, server, pump, root } = join(new Store());
  client.setNameForLocal("root", store);
  pump.flush();
  server.transport.pauseProducing();
  for (let i = 0; i < 40; i++) server.remoteForName("root").callRemote("get");
  pump.flush();
  assertEquals([store.calls, root.luid], [40, "root"]);
});

class Calls extends Root {
  readonly running: Deferred<number>[] = [];
  remote_wait(): Deferred<number> {
    const d = new Deferred<number>();
    this.running.push(d);
    return d;
  }
  async remote_promise(): Promise<number> {
    return await this.remote_wait();
  }
  remote_back(peer: RemoteReference): Deferred<unknown> {
    return peer.callRemote("wait");
  }
}

for (const method of ["wait", "promise"]) {
  Deno.test(`a peer has so many calls answered at a time, and the others wait their turn (${method})`, async () => {
    const calls = new Calls();
    const { pump, root, server } = join(calls, { server: { maxUnansweredCalls: 8 } });
    pump.flush();
    const answers: unknown[] = [];
    for (let i = 0; i < 20; i++) root.callRemote(method).addCallback((answer) => answers.push(answer));
    pump.flush();
    assertEquals(calls.running.length, 8);
    const began: number[] = [];
    for (let i = 0; i < 20; i++) {
      calls.running[i]!.callback(i);
      for (let turn = 0; turn < 5; turn++) await Promise.resolve();
      pump.flush();
      began.push(calls.running.length);
    }
    // Half of them have to be answered before others are begun.
    assertEquals(began.slice(0, 10), [8, 8, 8, 12, 12, 12, 12, 16, 16, 16]);
    assertEquals(answers, Array.from({ length: 20 }, (_, i) => i));
    assert(!server.disconnected);
  });
}

Deno.test("calls that wait for their own caller are never held up by the limit: those beyond it fail", () => {
  const [calls, mine] = [new Calls(), new Calls()];
  const { pump, root } = join(calls, { server: { maxUnansweredCalls: 3 } });
  pump.flush();
  const asked = Array.from({ length: 5 }, () => root.callRemote("back", mine));
  pump.flush();
  assertEquals(mine.running.length, 3);
  for (const d of asked.slice(3)) {
    assert(failureResultOf(d, RemoteError).getErrorMessage().startsWith("Cannot take a call: 3 "));
  }
  for (const d of mine.running) d.callback(7);
  pump.flush();
  assertEquals(asked.slice(0, 3).map((d) => successResultOf(d)), [7, 7, 7]);
});

Deno.test("a call of our own opens the way again for a peer that is held up, since its answer comes that way", () => {
  const [calls, mine] = [new Calls(), new Calls()];
  const { pump, root, server, client } = join(calls, { server: { maxUnansweredCalls: 2 } });
  client.setNameForLocal("root", mine);
  pump.flush();
  const asked = Array.from({ length: 3 }, () => root.callRemote("wait"));
  pump.flush();
  assertEquals(calls.running.length, 2);
  const back = server.remoteForName("root").callRemote("wait");
  pump.flush();
  failureResultOf(asked[2]!, RemoteError);
  mine.running[0]!.callback(1);
  calls.running[0]!.callback(2);
  pump.flush();
  assertEquals([successResultOf(back), successResultOf(asked[0]!)], [1, 2]);
});

Deno.test("calls that are answered at once are never too many, nor those whose connection is gone", () => {
  const store = new Store();
  const { pump, root, server } = join(store, { server: { maxUnansweredCalls: 1, maxUnsentBytes: Infinity } });
  pump.flush();
  for (let i = 0; i < 50; i++) root.callRemote("get");
  pump.flush();
  assertEquals(store.calls, 50);
  root.callRemote("wait").addErrback(() => {});
  pump.flush();
  server.transport.abortConnection();
  pump.flush();
  store.later[0]!.callback(1);
  assert(server.disconnected);
});

Deno.test("a program that has a producer of its own on the transport paces the connection itself", () => {
  const store = new Store();
  const { client, server, pump, root } = join(store, { server: { maxUnsentBytes: 64 * KIB } });
  pump.flush();
  const told: string[] = [];
  server.transport.registerProducer({
    pauseProducing: () => told.push("pause"),
    resumeProducing: () => told.push("resume"),
    stopProducing: () => {},
  }, true);
  client.transport.pauseProducing();
  for (let i = 0; i < 40; i++) root.callRemote("get");
  pump.flush();
  assertEquals([store.calls, told[0]], [40, "pause"]);
  server.transport.unregisterProducer();
  for (let i = 0; i < 40; i++) root.callRemote("get");
  pump.flush();
  assert(store.calls < 80, "the brake is back");
  client.transport.resumeProducing();
  pump.flush();
  assertEquals(store.calls, 80);
});

function begun(broker: Broker): { clock: Clock; transport: StringTransportWithDisconnection } {
  const clock = new Clock();
  const transport = new StringTransportWithDisconnection({ reactor: clock });
  transport.protocol = broker;
  broker.makeConnection(transport);
  return { clock, transport };
}

Deno.test("a handshake takes 30 seconds at the most, on either side", () => {
  for (
    const broker of [
      new PBServerFactory(new Store()).buildProtocol(address),
      new PBClientFactory().buildProtocol(address),
    ]
  ) {
    const { clock, transport } = begun(broker);
    broker.dataReceived(unhex("0282"));
    clock.advance(29.9);
    assert(transport.connected);
    clock.advance(0.1);
    assert(!transport.connected && broker.disconnected);
  }
});

Deno.test("the time for the handshake can be chosen, and ends with it or the connection", () => {
  const server = (options: BrokerOptions) => new PBServerFactory(new Store(), options).buildProtocol(address);
  const short = begun(server({ handshakeSeconds: 5 }));
  short.clock.advance(5);
  assert(!short.transport.connected);
  assertEquals(begun(server({ handshakeSeconds: Infinity })).clock.getDelayedCalls(), []);
  const through = server({});
  const { clock, transport } = begun(through);
  through.dataReceived(unhex("02827062"));
  assertEquals(clock.getDelayedCalls(), []);
  clock.advance(31);
  assert(transport.connected);
  const lost = begun(server({}));
  lost.transport.loseConnection();
  assertEquals(lost.clock.getDelayedCalls(), []);
});
