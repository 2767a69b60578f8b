/**
 * UDP: datagrams, broadcast, multicast.
 * @module
 */
import { Deferred } from "@ropewalk/deferred";
import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import type { Address } from "../core/addresses.ts";
import { CannotListenError, MessageLengthError } from "../core/errors.ts";
import type { DatagramHandler, DatagramTransport } from "../core/interfaces.ts";
import { cleaning, closing, type Host } from "./contract.ts";
import { later, portOf, reported } from "./recorder.ts";

class Datagrams implements DatagramHandler {
  transport!: DatagramTransport;
  readonly got: [string, Address][] = [];
  readonly refused = new Deferred<void>();
  stopped = 0;
  #waiting: Deferred<[string, Address]> | null = null;

  makeConnection(transport: DatagramTransport): void {
    this.transport = transport;
  }

  datagramReceived(data: Uint8Array, address: Address): void {
    const datagram: [string, Address] = [new TextDecoder().decode(data), address];
    this.got.push(datagram);
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.callback(datagram);
  }

  connectionRefused(): void {
    if (!this.refused.called) this.refused.callback();
  }

  doStop(): void {
    this.stopped++;
  }

  /** Fires when so many have come in all. */
  async count(n: number): Promise<void> {
    while (this.got.length < n) await this.next();
  }

  next(): Deferred<[string, Address]> {
    return this.#waiting = new Deferred<[string, Address]>();
  }
}

const random = (): number => Math.floor(Math.random() * 255);

/** Declares the tests of UDP. */
export function udpContract({ name, make, test: declare, lacks = [], broadcastAddress }: Host): void {
  const test = cleaning(declare);
  const local = { hostname: "127.0.0.1" };

  test(`${name}: datagrams keep their bounds and say where they come from`, async () => {
    const reactor = make();
    const [one, two] = [new Datagrams(), new Datagrams()];
    const ports = [reactor.listenUDP(0, one, local), reactor.listenUDP(0, two, local)] as const;
    for (const port of ports) await port.ready;
    const arrived = two.next();
    one.transport.write("hello", { host: "127.0.0.1", port: portOf(ports[1]) });
    const [text, from] = await arrived;
    assertEquals([text, `${from}`], ["hello", `${ports[0].getHost()}`]);
    const back = one.next();
    two.transport.connect("127.0.0.1", portOf(ports[0]));
    two.transport.write(new Uint8Array([111, 107]));
    assertEquals((await back)[0], "ok");
    for (const port of ports) await port.stopListening();
    assertEquals([one.stopped, two.stopped], [1, 1]);
    one.transport.write("late", { host: "127.0.0.1", port: 9 }); // dropped in silence
  });

  test(`${name}: datagrams go over IPv6 where the host has it, connected or not`, async () => {
    const reactor = make();
    const [one, two] = [new Datagrams(), new Datagrams()];
    const ports = [one, two].map((handler) => closing(reactor.listenUDP(0, handler, { hostname: "::1" })));
    for (const port of ports) await port.ready;
    const arrived = two.next();
    one.transport.write("hello", { host: "::1", port: portOf(ports[1]!) });
    const [text, from] = await arrived;
    assertEquals([text, `${from}`], ["hello", `${ports[0]!.getHost()}`]);
    const back = one.next();
    two.transport.connect("::1", portOf(ports[0]!));
    two.transport.write("ok");
    assertEquals((await back)[0], "ok");
  });

  test(`${name}: a connected port takes nothing from others`, async () => {
    const reactor = make();
    const [one, two, three] = [new Datagrams(), new Datagrams(), new Datagrams()];
    const ports = [one, two, three].map((handler) => reactor.listenUDP(0, handler, local));
    for (const port of ports) await port.ready;
    one.transport.connect("127.0.0.1", portOf(ports[1]!));
    assertThrows(() => one.transport.connect("127.0.0.1", 9), TypeError);
    three.transport.write("stranger", { host: "127.0.0.1", port: portOf(ports[0]!) });
    await later(reactor, 0.02);
    const arrived = one.next();
    two.transport.write("friend", { host: "127.0.0.1", port: portOf(ports[0]!) });
    assertEquals((await arrived)[0], "friend");
    assertEquals(one.got.length, 1);
    for (const port of ports) await port.stopListening();
  });

  test(`${name}: a datagram that is too long, and one without an address, are refused at the caller`, async () => {
    const reactor = make();
    const handler = new Datagrams();
    const port = closing(reactor.listenUDP(0, handler, local));
    await port.ready;
    assertThrows(() => handler.transport.write("x"), TypeError);
    const to = { host: "127.0.0.1", port: 9 };
    assertThrows(() => handler.transport.write(new Uint8Array(70_000), to), MessageLengthError);
    assertThrows(() => handler.transport.connect("localhost", 9), Error);
    assertThrows(() => handler.transport.write("x", { host: "127.0.0.1", port: 65_536 }), RangeError);
  });

  test(`${name}: datagrams longer than maxPacketBytes are dropped`, async () => {
    const reactor = make();
    const [one, two] = [new Datagrams(), new Datagrams()];
    const ports = [
      reactor.listenUDP(0, one, local),
      reactor.listenUDP(0, two, { ...local, maxPacketBytes: 4 }),
    ] as const;
    for (const port of ports) await port.ready;
    const to = { host: "127.0.0.1", port: portOf(ports[1]) };
    one.transport.write("12345", to);
    await later(reactor, 0.02);
    const arrived = two.next();
    one.transport.write("1234", to);
    assertEquals((await arrived)[0], "1234");
    for (const port of ports) await port.stopListening();
  });

  test(`${name}: a port is connected before it is bound, or after, and keeps the order of what is written`, async () => {
    const reactor = make();
    const [early, late, peer] = [new Datagrams(), new Datagrams(), new Datagrams()];
    const peerPort = closing(reactor.listenUDP(0, peer, local));
    await peerPort.ready;
    for (const handler of [early, late]) {
      const port = closing(reactor.listenUDP(0, handler, local));
      if (handler === late) await port.ready;
      port.connect("127.0.0.1", portOf(peerPort));
      const third = peer.count(3);
      for (const text of ["one", "two", "three"]) port.write(text);
      await third;
      assertEquals(peer.got.splice(0).map(([text]) => text), ["one", "two", "three"]);
    }
  });

  test(`${name}: a connected port whose datagrams are refused hears of it where the host does, and lives on`, async () => {
    const reactor = make();
    const [peer, handler] = [new Datagrams(), new Datagrams()];
    const gone = reactor.listenUDP(0, peer, local);
    const port = closing(reactor.listenUDP(0, handler, local));
    await gone.ready;
    await port.ready;
    const number = portOf(gone);
    await gone.stopListening();
    const errors = await reported(async () => {
      handler.transport.connect("127.0.0.1", number);
      handler.transport.write("anybody there?");
      await (lacks.includes("refusals") ? later(reactor, 0.02) : handler.refused);
    });
    assertEquals(errors, []);
    const back = closing(reactor.listenUDP(number, peer, local));
    await back.ready;
    handler.transport.write("and now?");
    while (peer.got.at(-1)?.[0] !== "and now?") await peer.next(); // a slow host may send the first one late
  });

  test(`${name}: a broadcast is sent once that is allowed`, async () => {
    const reactor = make();
    const [one, two] = [new Datagrams(), new Datagrams()];
    const ports = [one, two].map((handler) =>
      closing(reactor.listenUDP(0, handler, { hostname: "0.0.0.0" }))
    );
    for (const port of ports) await port.ready;
    ports[0]!.setBroadcastAllowed(true);
    const arrived = two.next();
    ports[0]!.write("to all", { host: broadcastAddress ?? "127.255.255.255", port: portOf(ports[1]!) });
    assertEquals((await arrived)[0], "to all");
  });

  test(`${name}: a multicast group is joined, heard by every port that shares its number, and left`, async () => {
    const reactor = make();
    const group = `239.${random()}.${random()}.${random()}`; // nobody else's on this machine
    const [mouth, one, two] = [new Datagrams(), new Datagrams(), new Datagrams()];
    const sender = closing(reactor.listenMulticast(0, mouth, { hostname: "0.0.0.0" }));
    await sender.ready;
    await sender.setOutgoingInterface("127.0.0.1");
    sender.setTTL(1);
    sender.setLoopbackMode(true);
    const shared = { hostname: "0.0.0.0", listenMultiple: true };
    const first = closing(reactor.listenMulticast(0, one, shared));
    await first.ready;
    const second = closing(reactor.listenMulticast(portOf(first), two, shared));
    await second.ready;
    await first.joinGroup(group, "127.0.0.1");
    await second.joinGroup(group, "127.0.0.1");
    const to = { host: group, port: portOf(first) };
    const arrived = [one.next(), two.next()];
    sender.write("to the group", to);
    for (const each of arrived) assertEquals((await each)[0], "to the group");
    await first.leaveGroup(group, "127.0.0.1");
    await second.leaveGroup(group, "127.0.0.1");
    sender.write("to nobody", to);
    await later(reactor, 0.02);
    assertEquals([one.got.length, two.got.length], [1, 1]);
  });

  test(`${name}: a group that is none fails the Deferred of joining it`, async () => {
    const port = closing(make().listenMulticast(0, new Datagrams(), { hostname: "0.0.0.0" }));
    await port.ready;
    let error: unknown;
    await port.joinGroup("10.0.0.1").addErrback((failure) => void (error = failure.value));
    assertInstanceOf(error, Error);
  });

  test(`${name}: a UDP port that is taken fails its ready`, async () => {
    const reactor = make();
    const port = closing(reactor.listenUDP(0, new Datagrams(), local));
    await port.ready;
    let error: unknown;
    try {
      await reactor.listenUDP(portOf(port), new Datagrams(), local).ready;
    } catch (thrown) {
      error = thrown;
    }
    assertInstanceOf(error, CannotListenError);
  });
}
