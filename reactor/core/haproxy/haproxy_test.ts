import { byteByByte, Clock, everySplit, MemoryReactorClock, StringTransport } from "@ropewalk/testing";
import { chunked } from "@ropewalk/testing/arbitraries";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type Address, ipAddress, IPv4Address, PipeAddress, UNIXAddress } from "../addresses.ts";
import { serverFromString } from "../endpoints/from_string.ts";
import type { StreamProtocol, Transport } from "../interfaces.ts";
import { HAProxyWrappingFactory } from "./endpoint.ts";
import { InvalidProxyHeader, type ProxyHeader, V2_SIGNATURE } from "./header.ts";
import { ipv6Bytes, ipv6Text } from "./ip_bytes.ts";
import { ProxyHeaderParser } from "./parser.ts";
import { proxyHeaderV1, proxyHeaderV2 } from "./writer.ts";

const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
const join = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));
const v2 = (command: number, family: number, body: number[], length = body.length): Uint8Array =>
  join(V2_SIGNATURE, Uint8Array.of(command, family, length >> 8, length & 255, ...body));

function read(chunks: Iterable<Uint8Array>): [ProxyHeader | null, string] {
  const parser = new ProxyHeaderParser();
  let rest = "";
  for (const chunk of chunks) {
    const after = parser.header === null ? parser.feed(chunk) : chunk;
    if (after !== null) rest += String.fromCharCode(...after);
  }
  return [parser.header, rest];
}

const PORTS = [0xdc, 0x04, 0x01, 0xbb];
const V6 = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
const good: [string, Uint8Array, string | null, string | null][] = [
  ["TCP4", latin1("PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n"), "192.0.2.1:56324", "198.51.100.7:443"],
  ["TCP6", latin1("PROXY TCP6 2001:db8::1 ::1 1 65535\r\n"), "[2001:db8::1]:1", "[::1]:65535"],
  ["UNKNOWN", latin1("PROXY UNKNOWN\r\n"), null, null],
  ["UNKNOWN with more", latin1("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n"), null, null],
  ["UNKNOWN of 107 bytes", latin1(`PROXY UNKNOWN ${"f".repeat(93)}\r\n`), null, null],
  [
    "v2 TCP4",
    v2(0x21, 0x11, [192, 0, 2, 1, 198, 51, 100, 7, ...PORTS]),
    "192.0.2.1:56324",
    "198.51.100.7:443",
  ],
  ["v2 TCP6", v2(0x21, 0x21, [...V6, ...V6, ...PORTS]), "[2001:db8::1]:56324", "[2001:db8::1]:443"],
  [
    "v2 with more",
    v2(0x21, 0x11, [1, 2, 3, 4, 5, 6, 7, 8, 0, 9, 0, 10, 3, 0, 1, 0]),
    "1.2.3.4:9",
    "5.6.7.8:10",
  ],
  ["v2 of its own", v2(0x20, 0, []), null, null],
  ["v2 of its own with more", v2(0x20, 0x11, [1, 2, 3]), null, null],
  ["v2 that does not say", v2(0x21, 0, [9, 9]), null, null],
  ["v2 of 4096 bytes more", v2(0x21, 0, new Array(4096).fill(7)), null, null],
];

for (const [name, bytes, source, destination] of good) {
  Deno.test(`ProxyHeaderParser reads ${name}, however it is cut, and not a byte more`, () => {
    const whole = join(bytes, latin1("hello\r\n"));
    const ways: Iterable<Uint8Array>[] = [[whole], byteByByte(whole)];
    if (whole.length < 200) ways.push(...everySplit(whole));
    for (const chunks of ways) {
      const [header, rest] = read(chunks);
      const text = (end: Address | null | undefined): string | null => end ? `${end}` : null;
      assertEquals([text(header?.source), text(header?.destination), rest], [
        source,
        destination,
        "hello\r\n",
      ]);
    }
  });
}

const bad: [string, Uint8Array][] = [
  ["another protocol", latin1("GET / HTTP/1.1\r\n")],
  ["lower case", latin1("proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n")],
  ["a leading zero in an address", latin1("PROXY TCP4 192.0.02.1 1.2.3.4 1 2\r\n")],
  ["an address of the other family", latin1("PROXY TCP4 ::1 ::1 1 2\r\n")],
  ["no such family", latin1("PROXY TCP5 1.2.3.4 1.2.3.4 1 2\r\n")],
  ["a port too large", latin1("PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n")],
  ["a port with a zero in front", latin1("PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n")],
  ["too few words", latin1("PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n")],
  ["too many words", latin1("PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n")],
  ["two spaces", latin1("PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n")],
  ["a bare LF", latin1("PROXY UNKNOWN\n")],
  ["a line of 108 bytes", latin1(`PROXY UNKNOWN ${"f".repeat(94)}`)],
  ["another version", v2(0x31, 0x11, new Array(12).fill(1))],
  ["another command", v2(0x22, 0x11, new Array(12).fill(1))],
  ["another family", v2(0x21, 0x41, new Array(12).fill(1))],
  ["another transport", v2(0x21, 0x13, new Array(12).fill(1))],
  ["addresses cut short", v2(0x21, 0x11, new Array(11).fill(1))],
  ["4097 bytes more, before they come", v2(0x21, 0, [], 4097)],
  ["a signature that goes wrong", join(V2_SIGNATURE.slice(0, 11), latin1("\r"))],
];

for (const [name, bytes] of bad) {
  Deno.test(`a connection that begins with ${name} is closed without an answer, however it is cut`, () => {
    for (const chunks of [[bytes], byteByByte(bytes), ...everySplit(bytes)]) {
      assertThrows(() => read(chunks), InvalidProxyHeader);
    }
    const { connection, transport, inner } = accept();
    connection.dataReceived(bytes);
    assertEquals([transport.disconnecting, transport.value().length, inner.length], [true, 0, 0]);
    connection.dataReceived(latin1("more")); // what is on its way is no concern of anybody
    assertEquals((transport.reactor as Clock).getDelayedCalls(), []);
  });
}

Deno.test("ProxyHeaderParser takes any bytes: a header, or InvalidProxyHeader at once, however they are cut", () => {
  const begin = fc.constantFrom(
    new Uint8Array(),
    latin1("PROXY "),
    latin1("PROXY TCP4 1.2.3.4 "),
    v2(0x21, 0x11, [], 12),
  );
  const outcome = (chunks: Iterable<Uint8Array>): unknown => {
    try {
      return read(chunks);
    } catch (error) {
      assert(error instanceof InvalidProxyHeader);
      return "invalid";
    }
  };
  fc.assert(
    fc.property(begin, chunked(), (front, { bytes, chunks }) => {
      assertEquals(outcome([front, ...chunks]), outcome([join(front, bytes)]));
    }),
    { seed: 1, numRuns: 500 },
  );
});

Deno.test("what proxyHeaderV1 and proxyHeaderV2 write is read back", () => {
  const port = fc.integer({ min: 0, max: 65_535 });
  const ends = fc.oneof(fc.tuple(fc.ipV4(), fc.ipV4()), fc.tuple(fc.ipV6(), fc.ipV6()));
  fc.assert(
    fc.property(ends, port, port, ([from, to], fromPort, toPort) => {
      const [source, destination] = [ipAddress("TCP", from, fromPort), ipAddress("TCP", to, toPort)];
      assertEquals(read([proxyHeaderV1(source, destination)])[0], { version: 1, source, destination });
      const [header] = read([proxyHeaderV2(source, destination)]);
      // Version 2 carries bytes: an IPv6 address comes back in its one usual form.
      const usual = (host: string): string => host.includes(":") ? ipv6Text(ipv6Bytes(host)!) : host;
      assertEquals(header!.source, ipAddress("TCP", usual(from), fromPort));
      assertEquals(header!.destination, ipAddress("TCP", usual(to), toPort));
    }),
    { seed: 2, numRuns: 300 },
  );
  const [source, destination] = [new UNIXAddress("/run/a"), new UNIXAddress("\0b")];
  assertEquals(read([proxyHeaderV2(source, destination)])[0], { version: 2, source, destination });
  const [udp] = read([
    proxyHeaderV2(new IPv4Address("UDP", "1.2.3.4", 5), new IPv4Address("UDP", "1.2.3.4", 6)),
  ]);
  assertEquals(udp!.source, new IPv4Address("UDP", "1.2.3.4", 5));
});

Deno.test("ends that a header cannot name are left unsaid, and bad ones are refused", () => {
  const [tcp, pipe] = [new IPv4Address("TCP", "1.2.3.4", 5), new PipeAddress()];
  assertEquals(proxyHeaderV1(tcp, pipe), latin1("PROXY UNKNOWN\r\n"));
  assertEquals(proxyHeaderV2(tcp, pipe), v2(0x21, 0, []));
  assertEquals(proxyHeaderV2(null, null), v2(0x20, 0, []));
  assertThrows(() => proxyHeaderV1(new IPv4Address("TCP", "localhost", 5), tcp), TypeError, "localhost");
  assertThrows(() => proxyHeaderV2(new UNIXAddress("x".repeat(109)), new UNIXAddress("")), RangeError, "109");
});

Deno.test("IPv6 addresses go to bytes and back", () => {
  for (
    const text of ["::", "::1", "1::", "2001:db8::1", "1:0:0:2::3", "1:2:3:4:5:6:7:8", "0:1:2:3:4:5:6:7"]
  ) {
    assertEquals(ipv6Text(ipv6Bytes(text)!), text);
  }
  assertEquals(ipv6Text(ipv6Bytes("::ffff:1.2.3.4")!), "::ffff:102:304");
  for (
    const text of [
      "",
      ":",
      ":::",
      "1::2::3",
      "1:2:3:4:5:6:7",
      "1:2:3:4:5:6:7:8:9",
      "1:2:3:4:5:6:7::8",
      "g::",
      "12345::",
    ]
  ) {
    assertEquals(ipv6Bytes(text), null, text);
  }
});

class Inner implements StreamProtocol {
  transport!: Transport;
  received = "";
  constructor(readonly address: Address, readonly begin: (transport: Transport) => void) {}
  makeConnection(transport: Transport): void {
    this.transport = transport;
    this.begin(transport);
  }
  dataReceived(data: Uint8Array): void {
    this.received += String.fromCharCode(...data);
  }
  connectionLost(): void {
    this.received += "|lost";
  }
}

function accept(begin: (transport: Transport) => void = () => {}) {
  const inner: Inner[] = [];
  const factory = new HAProxyWrappingFactory({
    doStart() {},
    doStop() {},
    buildProtocol(address) {
      inner.push(new Inner(address, begin));
      return inner[0]!;
    },
  });
  const transport = new StringTransport({ reactor: new Clock() });
  const connection = factory.buildProtocol(transport.getPeer());
  connection.makeConnection(transport);
  return { connection, transport, inner };
}

Deno.test("a protocol behind a proxy is built for the client, and its transport has the client's addresses", () => {
  const bytes = join(good[0]![1], latin1("hello"));
  for (const chunks of [[bytes], byteByByte(bytes), ...everySplit(bytes)]) {
    const { connection, transport, inner } = accept();
    for (const chunk of chunks) connection.dataReceived(chunk);
    const { address, transport: seen, received } = inner[0]!;
    assertEquals([`${address}`, `${seen.getPeer()}`, `${seen.getHost()}`, received], [
      "192.0.2.1:56324",
      "192.0.2.1:56324",
      "198.51.100.7:443",
      "hello",
    ]);
    seen.write("out");
    assertEquals(transport.text(), "out");
  }
});

Deno.test("a proxy that does not say who is there leaves the addresses of the connection", () => {
  const { connection, transport, inner } = accept();
  connection.dataReceived(proxyHeaderV2(null, null));
  assertEquals(inner[0]!.transport.getPeer(), transport.getPeer());
  assertEquals(inner[0]!.transport.getHost(), transport.getHost());
});

Deno.test("whether the end of input is heard is up to the protocol behind the header", () => {
  const plain = accept();
  assertEquals(plain.connection.readConnectionLost, undefined);
  plain.connection.dataReceived(proxyHeaderV2(null, null));
  assertEquals(plain.connection.readConnectionLost, undefined); // a transport closes, and stops a producer
  const hearing = accept();
  hearing.connection.dataReceived(proxyHeaderV2(null, null));
  const inner: StreamProtocol = hearing.inner[0]!;
  let heard = 0;
  inner.readConnectionLost = () => heard++;
  hearing.connection.readConnectionLost!();
  assertEquals(heard, 1);
});

Deno.test("a header may take ten seconds and no longer", () => {
  const { connection, transport, inner } = accept();
  const clock = transport.reactor as Clock;
  connection.dataReceived(latin1("PROXY "));
  clock.advance(9.9);
  assert(!transport.disconnecting);
  clock.advance(0.1);
  assertEquals([transport.disconnecting, inner.length], [true, 0]);
  const quick = accept();
  quick.connection.dataReceived(good[0]![1]);
  (quick.transport.reactor as Clock).advance(60);
  assert(!quick.transport.disconnecting);
});

Deno.test("what came with the header waits for a protocol that pauses at once", async () => {
  const { connection, transport, inner } = accept((transport) => transport.pauseProducing());
  connection.dataReceived(join(good[0]![1], latin1("hello")));
  assertEquals([inner[0]!.received, transport.producerState], ["", "paused"]);
  inner[0]!.transport.resumeProducing();
  await Promise.resolve();
  assertEquals([inner[0]!.received, transport.producerState], ["hello", "producing"]);
});

Deno.test("bytes that came in plain text with the header are never taken for TLS", () => {
  const { connection, transport, inner } = accept((transport) => transport.startTLS({ cert: "", key: "" }));
  connection.dataReceived(join(good[0]![1], latin1("hello")));
  assertEquals([inner[0]!.received, transport.aborting], ["", true]);
});

Deno.test("haproxy: wraps any endpoint", () => {
  const reactor = new MemoryReactorClock();
  serverFromString(reactor, "haproxy:tcp:8000:interface=127.0.0.1").listen({
    doStart() {},
    doStop() {},
    buildProtocol: () => null,
  });
  const { port, factory, options } = reactor.tcpServers[0]!;
  assertEquals([port, options.hostname, factory instanceof HAProxyWrappingFactory], [
    8000,
    "127.0.0.1",
    true,
  ]);
  assertThrows(() => serverFromString(reactor, "haproxy:tcp"), TypeError, 'needs "port"');
  assertThrows(() => serverFromString(reactor, "haproxy:"), RangeError);
});
