import { InMemoryUsernamePasswordDatabase, Portal, UsernamePassword } from "@ropewalk/cred";
import { CancelledError, Deferred, fail, succeed } from "@ropewalk/deferred";
import { type ClientEndpoint, ConnectionRefusedError, IPv4Address } from "@ropewalk/reactor/core";
import { assert, assertEquals } from "@std/assert";
import {
  assertNoResult,
  Clock,
  connectedServerAndClient,
  failureResultOf,
  flushLoggedErrors,
  type IOPump,
  successResultOf,
} from "@ropewalk/testing";
import { Avatar } from "./avatar.ts";
import type { Broker } from "./broker.ts";
import { PBConnectionLost, RemoteError } from "./errors.ts";
import { LastingClient } from "./lasting_client.ts";
import { Root } from "./referenceable.ts";
import { PBServerFactory } from "./server_factory.ts";

const address = new IPv4Address("TCP", "127.0.0.1", 1);

class Slow extends Root {
  readonly calls: Deferred<number>[] = [];
  remote_slow(): Deferred<number> {
    const d = new Deferred<number>();
    this.calls.push(d);
    return d;
  }
}

/** A server in memory that may be down, and an endpoint to it. */
class Net implements ClientEndpoint {
  attempts = 0;
  down = false;
  pump!: IOPump;
  server!: Broker;
  constructor(readonly factory: PBServerFactory) {}
  connect<P>(factory: { buildProtocol(address: never): P | null }): Deferred<P> {
    this.attempts++;
    if (this.down) return fail(new ConnectionRefusedError());
    const { pump, server, client } = connectedServerAndClient(
      this.factory.buildProtocol(address),
      factory.buildProtocol(address as never) as never,
      { greet: false },
    );
    this.pump = pump;
    this.server = server as Broker;
    return succeed(client as P);
  }
}

function lasting(net: Net, options: { credentials?: UsernamePassword } = {}) {
  const clock = new Clock();
  const client = new LastingClient<Slow>(net, { reactor: clock, random: () => 0, ...options });
  return { clock, client };
}

Deno.test("a lasting client connects again, with growing delays, and then calls", () => {
  const net = new Net(new PBServerFactory(new Slow()));
  net.down = true;
  const { clock, client } = lasting(net);
  const d = client.whenConnected();
  client.start();
  client.start();
  assertEquals(net.attempts, 1);
  for (const delay of [1, 1.5, 2.25]) {
    const before = net.attempts;
    clock.advance(delay - 0.01);
    assertEquals(net.attempts, before);
    clock.advance(0.01);
    assertEquals(net.attempts, before + 1);
  }
  net.down = false;
  clock.advance(4);
  net.pump.flush();
  assertEquals(successResultOf(d).luid, "root");
  client.stop();
});

Deno.test("a call in flight fails when the connection is lost; an idempotent one is tried again", () => {
  const slow = new Slow();
  const net = new Net(new PBServerFactory(slow));
  const { clock, client } = lasting(net);
  client.start();
  net.pump.flush();
  const once = client.callRemote("slow");
  const again = client.callIdempotent("slow");
  net.pump.flush();
  net.server.transport.loseConnection();
  net.pump.flush();
  failureResultOf(once, PBConnectionLost);
  assertNoResult(again);
  assertEquals(client.reference, null);
  clock.advance(1);
  net.pump.flush();
  assertEquals(slow.calls.length, 3);
  slow.calls[2]!.callback(42);
  net.pump.flush();
  assertEquals(successResultOf(again), 42);
  client.stop();
});

class User extends Avatar {
  perspective_slow(): number {
    return 7;
  }
}
const portal = new Portal({ requestAvatar: () => ({ avatar: new User() }) }, [
  new InMemoryUsernamePasswordDatabase({ alice: "secret" }),
]);

Deno.test("a lasting client logs in on every connection", () => {
  const net = new Net(new PBServerFactory(portal));
  const { clock, client } = lasting(net, { credentials: new UsernamePassword("alice", "secret") });
  client.start();
  net.pump.flush();
  for (let i = 0; i < 3; i++) {
    const d = client.callRemote("slow");
    net.pump.flush();
    assertEquals(successResultOf(d), 7);
    net.server.transport.loseConnection();
    net.pump.flush();
    clock.advance(1);
    net.pump.flush();
  }
  assertEquals(net.attempts, 4);
  client.stop();
});

Deno.test("a login that is refused is not tried again, and fails what waits", () => {
  const net = new Net(new PBServerFactory(portal));
  const { clock, client } = lasting(net, { credentials: new UsernamePassword("alice", "wrong") });
  const d = client.callIdempotent("slow");
  client.start();
  net.pump.flush();
  failureResultOf(d, RemoteError);
  flushLoggedErrors();
  clock.advance(100);
  assertEquals(net.attempts, 1);
});

Deno.test("a client that is stopped gives up, wherever it is", () => {
  const net = new Net(new PBServerFactory(new Slow()));
  net.down = true;
  const { clock, client } = lasting(net);
  const d = client.callIdempotent("slow");
  const cancelled = client.whenConnected();
  client.start();
  cancelled.cancel();
  failureResultOf(cancelled, CancelledError);
  client.stop();
  failureResultOf(d, CancelledError);
  clock.advance(100);
  assertEquals([net.attempts, clock.getDelayedCalls().length], [1, 0]);
  net.down = false;
  client.start();
  net.pump.flush();
  assert(client.reference !== null);
  client.stop();
  net.pump.flush();
  assert(net.server.disconnected);
});
