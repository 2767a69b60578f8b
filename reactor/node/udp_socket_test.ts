import { assert, assertEquals, assertFalse } from "@std/assert";
import type { Socket } from "node:dgram";
import { ipAddress, type IPv4Address, type IPv6Address } from "../core/addresses.ts";
import { MOST_WAITING, targetOf, UDPSocket } from "./udp_socket.ts";

/** A socket of the host's that notes what is asked of it, and is as slow as a test wants. */
class SlowSocket {
  readonly asked: string[] = [];
  /** What the host calls when it is through with the last of {@linkcode asked}. */
  done: ((error?: Error) => void) | null = null;

  send(bytes: Uint8Array, ...rest: unknown[]): void {
    if (this.done !== null) throw new Error("asked for two things at once");
    const [port] = rest.length > 1 ? rest : [null];
    this.asked.push(`${new TextDecoder().decode(bytes)} ${port}`);
    this.done = rest.at(-1) as () => void;
  }

  connect(port: number, host: string, done: () => void): void {
    this.asked.push(`connect ${host}:${port}`);
    this.done = done;
  }

  close(done: () => void): void {
    this.asked.push("close");
    done();
  }

  /** It is through, with everything if `all`. */
  proceed(error?: Error): void {
    const { done } = this;
    this.done = null;
    done!(error);
  }
}

function make(): { host: SlowSocket; socket: UDPSocket; errors: Error[] } {
  const host = new SlowSocket();
  const errors: Error[] = [];
  return { host, errors, socket: new UDPSocket(host as unknown as Socket, (error) => errors.push(error)) };
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const to = { host: "192.0.2.1", port: 7 };

Deno.test("an answer to a link-local address goes by the interface that it came from", () => {
  assertEquals(targetOf(ipAddress("UDP", "fe80::1%eth0", 7) as IPv6Address), {
    host: "fe80::1%eth0",
    port: 7,
  });
  assertEquals(targetOf(ipAddress("UDP", "192.0.2.1", 7) as IPv4Address), { host: "192.0.2.1", port: 7 });
  assertEquals(targetOf({ host: "fe80::1%eth0", port: 7, scopeId: "eth0" }), {
    host: "fe80::1%eth0",
    port: 7,
  });
});

Deno.test("UDPSocket sends in order, one at a time, once it is bound and connected, and closes after that", () => {
  const { host, socket, errors } = make();
  let closed = false;
  socket.send(bytes("one"), null);
  socket.send(bytes("two"), null);
  assertEquals(host.asked, []);
  socket.opened(to);
  socket.close(() => closed = true);
  assertEquals(host.asked, ["connect 192.0.2.1:7"]);
  host.proceed();
  host.proceed(new Error("no route"));
  assertFalse(closed);
  host.proceed();
  assertEquals(host.asked, ["connect 192.0.2.1:7", "one null", "two null", "close"]);
  assertEquals([closed, errors.map((error) => error.message)], [true, ["no route"]]);
});

Deno.test("UDPSocket tells of what the host throws, and goes on", () => {
  const { host, socket, errors } = make();
  host.send = () => {
    throw new Error("not connected");
  };
  socket.opened(null);
  for (let i = 0; i < 3; i++) socket.send(bytes("x"), null);
  assertEquals(errors.length, 3);
});

Deno.test("UDPSocket that could not be bound forgets what it was to send, and is closed", () => {
  const { host, socket } = make();
  let closed = false;
  socket.send(bytes("one"), to);
  socket.close(() => closed = true);
  socket.failedToOpen();
  assertEquals([closed, host.asked], [true, ["close"]]);
});

Deno.test("UDPSocket gives up what the host is too slow to send when it has to close now", () => {
  const { host, socket, errors } = make();
  let closed = 0;
  socket.opened(null);
  assert(socket.isIdle);
  for (const text of ["one", "two"]) socket.send(bytes(text), to);
  assertFalse(socket.isIdle);
  socket.close(() => closed++);
  socket.closeNow();
  socket.closeNow();
  host.proceed(new Error("closed"));
  assertEquals([closed, host.asked, errors], [1, ["one 7", "close"], []]);
});

Deno.test("UDPSocket takes a limited amount while it cannot send, and more when some has left", () => {
  const { host, socket } = make();
  socket.opened(null);
  const large = new Uint8Array(60_000);
  let taken = 0;
  while (socket.send(large, to)) taken++;
  assert(taken * large.length > MOST_WAITING / 2 && taken * large.length < MOST_WAITING * 1.1, `${taken}`);
  assertFalse(socket.send(bytes(""), to));
  host.proceed();
  assert(socket.send(bytes(""), to));

  const other = make();
  other.socket.opened(null);
  let small = 0;
  while (small < 1e6 && other.socket.send(bytes(""), to)) small++;
  assert(small > 10_000 && small < 100_000, `${small}`);
  for (let i = 0; i < small; i++) other.host.proceed();
  assertEquals([other.host.asked.length, other.host.done], [small, null]);
});
