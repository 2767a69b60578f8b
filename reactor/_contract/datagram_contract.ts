/**
 * UDP as only a system's own sockets show it: before they are bound, when they are closed, and in what they take.
 * @module
 */
import { Deferred } from "@ropewalk/deferred";
import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { existsSync, readdirSync } from "node:fs";
import { CannotListenError, MessageLengthError } from "../core/errors.ts";
import type { DatagramHandler, DatagramTransport } from "../core/interfaces.ts";
import { cleaning, closing, type Host } from "./contract.ts";
import { later, portOf } from "./recorder.ts";

/** Notes what it hears. */
class Ear implements DatagramHandler {
  readonly heard: string[] = [];
  readonly calls: string[] = [];
  #waiting: Deferred<void> | null = null;

  doStart(): void {
    this.calls.push("doStart");
  }

  makeConnection(_transport: DatagramTransport): void {
    this.calls.push("makeConnection");
  }

  doStop(): void {
    this.calls.push("doStop");
  }

  datagramReceived(data: Uint8Array): void {
    this.heard.push(data.length < 100 ? new TextDecoder().decode(data) : `${data.length} bytes`);
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.callback();
  }

  /** Fires when so many datagrams have come. */
  async count(n: number): Promise<void> {
    while (this.heard.length < n) await (this.#waiting = new Deferred<void>());
  }
}

/** How many descriptors the process has open; 0 where the system does not tell, and on Deno, which runs other tests too. */
function descriptors(): number {
  return "Deno" in globalThis || !existsSync("/proc/self/fd") ? 0 : readdirSync("/proc/self/fd").length;
}

/** Declares the tests. */
export function datagramContract({ name, make, test: declare }: Host): void {
  const test = cleaning(declare);
  const local = { hostname: "127.0.0.1" };

  test(`${name}: what is written before a UDP port is closed leaves first, even before it is bound`, async () => {
    const reactor = make();
    const ear = new Ear();
    const there = closing(reactor.listenUDP(0, ear, local));
    await there.ready;
    const to = { host: "127.0.0.1", port: portOf(there) };
    const bound = reactor.listenUDP(0, new Ear(), local);
    await bound.ready;
    for (const text of ["one", "two", "three"]) bound.write(text, to);
    await bound.stopListening();
    await ear.count(3);
    const unbound = reactor.listenUDP(0, new Ear(), local);
    unbound.write("four", to);
    await unbound.stopListening();
    await ear.count(4);
    assertEquals(ear.heard, ["one", "two", "three", "four"]);
    assertEquals(reactor.stats().ports.length, 1);
  });

  test(`${name}: a UDP port that is closed before it is bound says so, and its protocol is left alone`, async () => {
    const reactor = make();
    const ear = new Ear();
    const port = reactor.listenUDP(0, ear, local);
    const { ready } = port;
    await port.stopListening();
    await ready;
    assertEquals([ear.calls, reactor.stats().ports], [[], []]);
    port.startListening();
    await port.ready;
    await port.stopListening();
    assertEquals(ear.calls, ["doStart", "makeConnection", "doStop"]);
  });

  test(`${name}: a UDP port that cannot be bound leaves its protocol alone, and may be closed`, async () => {
    const reactor = make();
    const ear = new Ear();
    const before = descriptors();
    const port = reactor.listenUDP(0, ear, { hostname: "192.0.2.1" }); // nobody's
    let error: unknown;
    await port.ready.addErrback((failure) => void (error = failure.value));
    assertInstanceOf(error, CannotListenError);
    await port.stopListening();
    assertEquals([ear.calls, reactor.stats().ports], [[], []]);
    await later(reactor, 0.01);
    assertEquals(descriptors(), before);
  });

  test(`${name}: a UDP port takes its settings before it is bound, and keeps them when it listens again`, async () => {
    const reactor = make();
    const [mouth, ear] = [new Ear(), new Ear()];
    const there = closing(reactor.listenUDP(0, ear, { hostname: "0.0.0.0" }));
    await there.ready;
    const port = closing(reactor.listenMulticast(0, mouth, { hostname: "0.0.0.0" }));
    port.setBroadcastAllowed(true);
    port.setTTL(1);
    port.setLoopbackMode(true);
    const group = `239.255.${Math.floor(Math.random() * 255)}.1`;
    await port.setOutgoingInterface("127.0.0.1");
    await port.joinGroup(group, "127.0.0.1");
    await port.leaveGroup(group, "127.0.0.1");
    const everybody = { host: "127.255.255.255", port: portOf(there) };
    port.write("once", everybody);
    await ear.count(1);
    await port.stopListening();
    port.startListening();
    await port.ready;
    port.write("again", everybody);
    await ear.count(2);
    assertThrows(() => port.setTTL(256), RangeError, "256");
  });

  test(`${name}: a UDP port that is closed joins no group`, async () => {
    const port = make().listenMulticast(0, new Ear(), local);
    await port.ready;
    await port.stopListening();
    let message = "";
    await port.joinGroup("239.1.2.3").addErrback((failure) => void (message = failure.getErrorMessage()));
    assertEquals(message, "Cannot join a group: the port is closed");
  });

  test(`${name}: a datagram is copied as it is written, whatever holds its bytes`, async () => {
    const reactor = make();
    const ear = new Ear();
    const [there, here] = [ear, new Ear()].map((handler) => closing(reactor.listenUDP(0, handler, local)));
    await there!.ready;
    const to = { host: "127.0.0.1", port: portOf(there!) };
    for (const bytes of [Buffer.from("first"), new TextEncoder().encode("first")]) {
      here!.write(bytes, to);
      bytes.fill(120);
    }
    await ear.count(2);
    assertEquals(ear.heard, ["first", "first"]);
  });

  test(`${name}: the largest datagram that the network has arrives, and a larger one is refused`, async () => {
    const reactor = make();
    for (const [hostname, largest] of [["127.0.0.1", 65_507], ["::1", 65_527]] as const) {
      const ear = new Ear();
      const port = closing(reactor.listenUDP(0, ear, { hostname }));
      await port.ready;
      const to = { host: hostname, port: portOf(port) };
      assertThrows(() => port.write(new Uint8Array(largest + 1), to), MessageLengthError);
      port.write(new Uint8Array(largest), to);
      await ear.count(1);
      assertEquals(ear.heard, [`${largest} bytes`]);
    }
  });

  test(`${name}: a connected port knows its peer by any text of its address, and takes no name`, async () => {
    const reactor = make();
    const ear = new Ear();
    const [there, here] = [new Ear(), ear].map((handler) =>
      closing(reactor.listenUDP(0, handler, { hostname: "::1" }))
    );
    await there!.ready;
    await here!.ready;
    for (const host of ["localhost", "1.2.3", "1:2", "999.1.1.1"]) {
      assertThrows(() => here!.connect(host, portOf(there!)), RangeError, "an address is needed");
    }
    here!.connect("0:0:0:0:0:0:0:1", portOf(there!));
    there!.write("hello", { host: "::1", port: portOf(here!) });
    await ear.count(1);
    assert(ear.heard.includes("hello"));
  });

  test(`${name}: an address of the other family is refused at the caller`, async () => {
    const reactor = make();
    for (const [hostname, other] of [["127.0.0.1", "::1"], ["::1", "127.0.0.1"]] as const) {
      const port = closing(reactor.listenUDP(0, new Ear(), { hostname }));
      await port.ready;
      assertThrows(() => port.write("x", { host: other, port: 9 }), RangeError, `${other} is of IPv`);
      assertThrows(() => port.connect(other, 9), RangeError, `${other} is of IPv`);
    }
  });

  test(`${name}: a number that is no UDP port is refused at once`, () => {
    const reactor = make();
    for (const port of [-1, 65_536, 1.5, NaN]) {
      assertThrows(() => reactor.listenUDP(port, new Ear(), local), RangeError, `${port}`);
    }
    assertEquals(reactor.stats().ports, []);
  });
}
