/** Peers that do not read, and peers that do not begin. */
import { Deferred } from "@ropewalk/deferred";
import { assert, assertEquals } from "@std/assert";
import { IPv4Address } from "@ropewalk/reactor/core";
import { Clock, StringTransportWithDisconnection } from "@ropewalk/testing";
import type { Broker, BrokerOptions } from "./broker.ts";
import { PBClientFactory } from "./client_factory.ts";
import { PBServerFactory } from "./server_factory.ts";
import { Root } from "./referenceable.ts";
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
