/**
 * UNIX sockets and UDP.
 * @module
 */
import { Deferred } from "@ropewalk/deferred";
import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import process from "node:process";
import { type Address, UNIXAddress } from "../core/addresses.ts";
import { CannotListenError, ConnectError, DNSLookupError, MessageLengthError } from "../core/errors.ts";
import { connectProtocol } from "../core/endpoints/endpoint.ts";
import { UNIXClientEndpoint } from "../core/endpoints/unix.ts";
import type { DatagramHandler, DatagramTransport, ListeningPort } from "../core/interfaces.ts";
import { cleaning, closing, type Host } from "./contract.ts";
import { ClientRecorders, connected, later, portOf, Recorder, Recorders, reported } from "./recorder.ts";

/** Declares the tests of UNIX sockets. They need a directory to write to. */
export function unixContract({ name, make, test: declare }: Host): void {
  const test = cleaning(declare);
  const inDirectory = (run: (file: string) => Promise<void>) => async (): Promise<void> => {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), "ropewalk-"));
    try {
      await run(path.join(directory, "socket"));
    } finally {
      fs.rmSync(directory, { recursive: true });
    }
  };

  test(
    `${name}: a UNIX socket has its mode, carries bytes, and is removed with its port`,
    inDirectory(async (file) => {
      const reactor = make();
      const pair = await connected(reactor, undefined, undefined, {
        listen: (factory) => reactor.listenUNIX(file, factory, { mode: 0o600 }),
        connect: (_port, factory) => reactor.connectUNIX(file, factory),
      });
      assertEquals(fs.statSync(file).mode & 0o777, 0o600);
      assertInstanceOf(pair.port.getHost(), UNIXAddress);
      pair.client.transport.write("ping");
      await pair.server.heard("ping");
      await pair.close();
      assert(!fs.existsSync(file));
    }),
  );

  test(
    `${name}: a connection over a UNIX socket that is aborted ends for its peer too`,
    inDirectory(async (file) => {
      const reactor = make();
      const pair = await connected(reactor, undefined, undefined, {
        listen: (factory) => reactor.listenUNIX(file, factory),
        connect: (_port, factory) => reactor.connectUNIX(file, factory),
      });
      pair.client.transport.abortConnection();
      await pair.client.lost;
      await pair.server.lost;
      await pair.close();
    }),
  );

  test(
    `${name}: a path that is listened on is CannotListenError`,
    inDirectory(async (file) => {
      const reactor = make();
      const port = closing(reactor.listenUNIX(file, new Recorders()));
      await port.ready;
      const error = await refusal(() => reactor.listenUNIX(file, new Recorders()));
      assertInstanceOf(error, CannotListenError);
      assert(error.message.includes(file));
    }),
  );

  test(
    `${name}: a UNIX port may be stopped before it is bound, leaves no file, and its path is free in the same turn`,
    inDirectory(async (file) => {
      const reactor = make();
      await reactor.listenUNIX(file, new Recorders()).stopListening();
      await later(reactor, 0.01);
      assertEquals([fs.existsSync(file), reactor.stats().ports], [false, []]);
      const port = reactor.listenUNIX(file, new Recorders());
      await port.ready;
      port.stopListening(); // and the path is free at once
      await closing(reactor.listenUNIX(file, new Recorders())).ready;
    }),
  );

  test(
    `${name}: a socket file is left alone while somebody listens, by whatever path, and cleared away after`,
    inDirectory(async (file) => {
      const directory = path.dirname(file);
      const link = `${directory}-link`;
      fs.symlinkSync(directory, link);
      try {
        for (const other of [path.join(link, "socket"), path.relative(process.cwd(), file)]) {
          const reactor = make();
          const port = closing(reactor.listenUNIX(other, new Recorders()));
          await port.ready;
          assertInstanceOf(await refusal(() => reactor.listenUNIX(file, new Recorders())), CannotListenError);
          await connectProtocol(new UNIXClientEndpoint(reactor, file), new Recorder())
            .addCallback(({ transport, lost }) => (transport.loseConnection(), lost));
          await port.stopListening();
        }
      } finally {
        fs.unlinkSync(link);
      }
      leaveSocketFile(file);
      assert(fs.lstatSync(file).isSocket());
      const keeping = { removeStale: false };
      const error = await refusal(() => make().listenUNIX(file, new Recorders(), keeping));
      assertInstanceOf(error, CannotListenError);
      if (listsSockets()) {
        const port = closing(make().listenUNIX(file, new Recorders()));
        await port.ready;
      } else { // the file may be somebody's: it stays
        assertInstanceOf(await refusal(() => make().listenUNIX(file, new Recorders())), CannotListenError);
      }
    }),
  );

  test(
    `${name}: a path that is no use is refused in words, to a port and to a client`,
    inDirectory(async (file) => {
      for (const [path, words] of [["", "is empty"], [file.padEnd(110, "x"), "has 110 bytes"]] as const) {
        const error = await refusal(() => make().listenUNIX(path, new Recorders()));
        assertInstanceOf(error, CannotListenError);
        assert(error.message.includes(words), error.message);
        const factory = new ClientRecorders();
        make().connectUNIX(path, factory);
        const failed = await factory.failed;
        assertInstanceOf(failed, ConnectError);
        assert(failed.message.includes(words), failed.message);
      }
      assertEquals(fs.readdirSync(path.dirname(file)), []);
    }),
  );

  test(
    `${name}: a path without a socket fails the connection`,
    inDirectory(async (file) => {
      const factory = new ClientRecorders();
      make().connectUNIX(file, factory);
      assertInstanceOf(await factory.failed, ConnectError);
    }),
  );

  if (process.platform === "linux") {
    test(`${name}: an abstract name has no file`, async () => {
      const reactor = make();
      const socket = `\0ropewalk-${process.pid}-${name}`;
      const pair = await connected(reactor, undefined, undefined, {
        listen: (factory) => reactor.listenUNIX(socket, factory),
        connect: (_port, factory) => reactor.connectUNIX(socket, factory),
      });
      pair.client.transport.write("ping");
      await pair.server.heard("ping");
      await pair.close();
    });
  }
}

/** Why a port cannot be bound, whether it throws or fails; `null` if it can. */
async function refusal(listen: () => ListeningPort): Promise<unknown> {
  try {
    await listen().ready;
  } catch (error) {
    return error;
  }
  return null;
}

// Deno shows /proc only to a program that may do everything.
function listsSockets(): boolean {
  try {
    return fs.readFileSync("/proc/net/unix").length > 0;
  } catch {
    return false;
  }
}

/** What a process leaves that was killed: the file of a socket that nobody has open. */
function leaveSocketFile(file: string): void {
  const program =
    `require("node:net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))`;
  spawnSync("node", ["-e", program, file]);
}

/** Declares the test of names, which asks the system's resolver. */
export function nameContract({ name, make, test: declare }: Host): void {
  const test = cleaning(declare);
  for (const host of ["no-such-host.invalid", "bücher.invalid", "no name"]) {
    test(`${name}: a name without an address is DNSLookupError: ${host}`, async () => {
      const factory = new ClientRecorders();
      make().connectTCP(host, 80, factory);
      assertInstanceOf(await factory.failed, DNSLookupError);
    });
  }
}

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
