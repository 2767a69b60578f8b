/** Hostile bytes from a raw socket: that connection closes, the process lives, and the other connections are unharmed. */
import { reactor } from "@ropewalk/reactor";
import { setErrorReporter } from "@ropewalk/deferred";
import { PBClientFactory, PBServerFactory, Root } from "@ropewalk/spread";
import { BananaEncoder, type BananaValue } from "@ropewalk/spread/banana";
import type { IPv4Address } from "@ropewalk/reactor/core";
import { assert, assertEquals } from "@std/assert";

class Echo extends Root {
  remote_echo(value: unknown): unknown {
    return value;
  }
}

const HELLO = Uint8Array.from([0x02, 0x82, 0x70, 0x62, 0x02, 0x80, 0x13, 0x87, 0x06, 0x81]);
const NONE = Uint8Array.from([0x04, 0x82, 0x6e, 0x6f, 0x6e, 0x65]);

const bytes = (...all: number[]) => Uint8Array.from(all);
const join = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));
const pb = (value: BananaValue) => new BananaEncoder("pb").encode(value);
const times = (count: number, ...of: number[]) =>
  Uint8Array.from({ length: count * of.length }, (_, i) => of[i % of.length]!);

/** What is sent, piece by piece; more than one where a limit is passed only by all of them. */
const HOSTILE: Readonly<Record<string, readonly Uint8Array[]>> = {
  "an unknown dialect": [bytes(0x02, 0x82, 0x78, 0x78)],
  "a word of the vocabulary before a dialect is chosen": [bytes(0x13, 0x87)],
  "a word of the vocabulary in the dialect without one": [
    join(NONE, bytes(0x02, 0x80, 0x13, 0x87, 0x06, 0x81)),
  ],
  "a word that the vocabulary does not have": [join(HELLO, bytes(0x02, 0x80, 0x7f, 0x87, 0x06, 0x81))],
  "a prefix of 65 digits without an end": [join(HELLO, times(65, 0x01))],
  "an integer of 65 digits": [join(HELLO, times(65, 0x01), bytes(0x81))],
  "an unknown type byte": [join(HELLO, bytes(0x01, 0x88))],
  "a string of 640 KiB and a byte": [join(HELLO, bytes(0x01, 0x00, 0x28, 0x82))],
  "a list of 640 KiB and one": [join(HELLO, bytes(0x01, 0x00, 0x28, 0x80))],
  "lists within lists without end": [join(HELLO, times(5_000, 0x01, 0x80))],
  // 27 strings of the largest size in one list: 16.9 MiB.
  "a message of more than 16 MiB": [
    join(HELLO, bytes(0x1b, 0x80)),
    ...Array.from({ length: 27 }, () => [bytes(0x00, 0x00, 0x28, 0x82), new Uint8Array(655_360)]).flat(),
  ],
  "another version": [join(HELLO.subarray(0, 4), bytes(0x02, 0x80, 0x13, 0x87, 0x05, 0x81))],
  "a message that is no list": [join(HELLO, bytes(0x07, 0x81))],
  "a message of an unknown kind": [join(HELLO, pb(["nonsense", 1]))],
  "a message that is too short": [join(HELLO, pb(["message", 1, "root"]))],
  "an answer to no call": [join(HELLO, pb(["answer", 1, ["None"]]))],
  "a decref that is not owed": [join(HELLO, pb(["decref", 1]))],
  "a decache that is not owed": [join(HELLO, pb(["decache", 1]))],
  "words between Ropewalks that were not agreed on": [join(HELLO, pb(["cancel", 1]))],
  // More bytes than the digits of a prefix; fewer would be a prefix that goes on, for as long as a handshake may take.
  "no Perspective Broker at all": [
    new TextEncoder().encode(
      `GET / HTTP/1.1\r\nHost: localhost\r\nAccept: ${"text/html, ".repeat(6)}*/*\r\n\r\n`,
    ),
  ],
};

/** Sends, and waits until the server has closed the connection. */
async function closedBy(port: number, pieces: readonly Uint8Array[]): Promise<void> {
  const socket = await Deno.connect({ hostname: "127.0.0.1", port });
  const sent = (async () => {
    try {
      for (const piece of pieces) {
        for (let at = 0; at < piece.length;) at += await socket.write(piece.subarray(at));
      }
    } catch { /* it is closed while we send */ }
  })();
  const buffer = new Uint8Array(65_536);
  try {
    while (await socket.read(buffer) !== null);
  } catch { /* it was reset */ }
  await sent;
  socket.close();
}

Deno.test("hostile bytes cost their connection, and nothing else", async (t) => {
  const previous = setErrorReporter((failure) => void reported.push(failure));
  const reported: unknown[] = [];
  const port = reactor.listenTCP(0, new PBServerFactory(new Echo()), { hostname: "127.0.0.1" });
  await port.ready;
  const number = (port.getHost() as IPv4Address).port;
  const factory = new PBClientFactory();
  reactor.connectTCP("127.0.0.1", number, factory);
  const root = await factory.getRootObject<Echo>();
  let gone = false;
  root.notifyOnDisconnect(() => gone = true);
  for (const [name, pieces] of Object.entries(HOSTILE)) {
    await t.step(name, async () => {
      const under = root.callRemote("echo", name); // a call of somebody else, under way meanwhile
      await closedBy(number, pieces);
      assertEquals(await under, name);
      assertEquals(await root.callRemote("echo", 1), 1);
      assert(!gone);
    });
  }
  await t.step("all of them at once", async () => {
    await Promise.all(Object.values(HOSTILE).map((pieces) => closedBy(number, pieces)));
    assertEquals(await root.callRemote("echo", 2), 2);
  });
  assertEquals(reported, []);
  factory.disconnect();
  await port.stopListening();
  while (reactor.stats().connections > 0) {
    await new Promise<void>((resolve) => reactor.callLater(0.01, resolve));
  }
  setErrorReporter(previous);
});
