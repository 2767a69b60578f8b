import { Clock, everySplit, StringTransport } from "@ropewalk/testing";
import { chunked } from "@ropewalk/testing/arbitraries";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { decodeUtf8, encodeUtf8 } from "./bytes.ts";
import { ByteLineReceiver, LineReceiver } from "./line_receiver.ts";

/** Notes all that it is told. */
class Recorder extends LineReceiver {
  events: string[] = [];
  override lineReceived(line: string) {
    this.events.push(line);
  }
  override rawDataReceived(data: Uint8Array) {
    this.events.push(`raw:${decodeUtf8(data)}`);
  }
  override lineLengthExceeded(line: string) {
    this.events.push(`long:${line}`);
    super.lineLengthExceeded(line);
  }
}

function connect<P extends LineReceiver | ByteLineReceiver>(
  protocol: P,
): { protocol: P; transport: StringTransport } {
  const transport = new StringTransport({ reactor: new Clock() });
  protocol.makeConnection(transport);
  return { protocol, transport };
}

function feed(
  protocol: { dataReceived(data: Uint8Array): void },
  chunks: Iterable<Uint8Array | string>,
): void {
  for (const chunk of chunks) {
    const borrowed = typeof chunk === "string" ? encodeUtf8(chunk) : chunk.slice();
    protocol.dataReceived(borrowed);
    borrowed.fill(0x58); // the chunk was borrowed: it is used again for something else
  }
}

Deno.test("LineReceiver delivers the same lines however the stream is cut", () => {
  for (const chunks of everySplit("one\r\n\r\ntwo \r three\n\r\r\nżółw\r\n\ufeffmark\r\nrest")) {
    const { protocol } = connect(new Recorder());
    feed(protocol, chunks);
    assertEquals(protocol.events, ["one", "", "two \r three\n\r", "żółw", "\ufeffmark"]);
    assertEquals(protocol.clearLineBuffer(), "rest");
  }
});

Deno.test("LineReceiver with acceptBareLF takes CRLF and LF alike", () => {
  for (const chunks of everySplit("one\r\ntwo\n\n\r\nthr\ree\r\r\nfour")) {
    const protocol = new Recorder();
    protocol.acceptBareLF = true;
    connect(protocol);
    feed(protocol, chunks);
    assertEquals(protocol.events, ["one", "two", "", "", "thr\ree\r"]);
  }
});

Deno.test("LineReceiver gives U+FFFD for malformed bytes, which are never an error", () => {
  const { protocol } = connect(new Recorder());
  feed(protocol, [Uint8Array.of(0x61, 0xff, 0xc3, 13, 10, 0xe2, 0x82), Uint8Array.of(0xac, 13, 10)]);
  assertEquals(protocol.events, ["a\ufffd\ufffd", "€"]);
});

Deno.test("LineReceiver takes a delimiter of any length, not only ASCII, at once when it is assigned", () => {
  class Switcher extends Recorder {
    override delimiter = "→→";
    override lineReceived(line: string) {
      super.lineReceived(line);
      if (line === "nl") this.delimiter = "\n";
    }
  }
  for (const chunks of everySplit("a→b→→nl→→c\n→→d\n")) {
    const { protocol, transport } = connect(new Switcher());
    feed(protocol, chunks);
    assertEquals(protocol.events, ["a→b", "nl", "c", "→→d"]);
    protocol.sendLine("x");
    assertEquals(transport.text(), "x\n");
  }
});

Deno.test("LineReceiver searches what is buffered again when the delimiter changes between chunks", () => {
  const { protocol } = connect(new Recorder());
  feed(protocol, ["a;b;"]);
  protocol.delimiter = ";";
  feed(protocol, ["c"]);
  assertEquals(protocol.events, ["a", "b"]);
});

Deno.test("LineReceiver refuses an empty delimiter", () => {
  const { protocol } = connect(new Recorder());
  protocol.delimiter = "";
  assertThrows(() => protocol.dataReceived(encodeUtf8("a")), TypeError, "Cannot look for lines");
});

Deno.test("LineReceiver accepts a line of MAX_LENGTH bytes and no longer one", () => {
  for (const cut of [null, 5, 8, 9, 10]) {
    for (const [length, accepted] of [[8, true], [9, false]] as const) {
      const { protocol, transport } = connect(new Recorder());
      protocol.MAX_LENGTH = 8;
      const text = "x".repeat(length) + "\r\nmore";
      feed(protocol, cut === null ? [text] : [text.slice(0, cut), text.slice(cut)]);
      assertEquals(transport.disconnecting, !accepted, `${length} cut at ${cut}`);
      if (accepted) assertEquals(protocol.events, ["x".repeat(8)]);
    }
  }
});

Deno.test("LineReceiver hands everything buffered to lineLengthExceeded", () => {
  const { protocol, transport } = connect(new Recorder());
  protocol.MAX_LENGTH = 4;
  feed(protocol, ["ok\r\ntoo long\r\nthis too\r\nend"]);
  assertEquals(protocol.events, ["ok", "long:too long\r\nthis too\r\nend"]);
  assert(transport.disconnecting);
  feed(protocol, ["later\r\n"]);
  assertEquals(protocol.events.length, 2);
});

Deno.test("LineReceiver bounds an unfinished line at MAX_LENGTH and the delimiter", () => {
  for (const [length, accepted] of [[16385, true], [16386, false]] as const) {
    const { protocol, transport } = connect(new Recorder());
    feed(protocol, ["x".repeat(length)]);
    assertEquals(transport.disconnecting, !accepted);
    if (!accepted) assertEquals(protocol.events, ["long:" + "x".repeat(length)]);
  }
});

Deno.test("LineReceiver counts bytes, not characters", () => {
  const { protocol } = connect(new Recorder());
  protocol.MAX_LENGTH = 4;
  feed(protocol, ["łł\r\nłła\r\n"]);
  assertEquals(protocol.events, ["łł", "long:łła\r\n"]);
});

Deno.test("LineReceiver goes on if lineLengthExceeded does not lose the connection", () => {
  class Forgiving extends Recorder {
    override lineLengthExceeded(line: string) {
      this.events.push(`dropped ${line.length}`);
    }
  }
  const { protocol } = connect(new Forgiving());
  protocol.MAX_LENGTH = 4;
  feed(protocol, ["12345678", "ok\r\n"]);
  assertEquals(protocol.events, ["dropped 8", "ok"]);
});

/** `len N` switches to N raw bytes. */
class Mixed extends Recorder {
  raw = 0;
  override lineReceived(line: string) {
    super.lineReceived(line);
    if (!line.startsWith("len ")) return;
    this.raw = Number(line.slice(4));
    if (this.raw > 0) this.setRawMode();
  }
  override rawDataReceived(data: Uint8Array) {
    super.rawDataReceived(data.subarray(0, this.raw));
    const rest = data.subarray(this.raw);
    this.raw = Math.max(0, this.raw - data.length);
    if (this.raw === 0) this.setLineMode(rest);
  }
}

Deno.test("LineReceiver goes to raw bytes and back however the stream is cut", () => {
  for (const chunks of everySplit("len 6\r\na\r\nb\rclen 0\r\nlen 2\r\nżend\r\n")) {
    const { protocol } = connect(new Mixed());
    feed(protocol, chunks);
    const lines = protocol.events.filter((event) => !event.startsWith("raw:"));
    assertEquals(lines, ["len 6", "len 0", "len 2", "end"]);
  }
});

Deno.test("LineReceiver switches modes thousands of times in one chunk, in linear time and constant stack", () => {
  const { protocol } = connect(new Mixed());
  const times = 20_000;
  // 180 kB: moving the rest at each switch would copy about 2 GB.
  feed(protocol, ["len 2\r\nab".repeat(times) + "end\r\n"]);
  assertEquals(protocol.events.length, times * 2 + 1);
  assertEquals(protocol.events.at(-1), "end");
});

Deno.test("LineReceiver gives raw bytes that may be kept", () => {
  class Keeper extends LineReceiver {
    kept: Uint8Array[] = [];
    override rawDataReceived(data: Uint8Array) {
      this.kept.push(data);
    }
  }
  const protocol = new Keeper();
  connect(protocol);
  protocol.setRawMode();
  feed(protocol, ["abc", "def"]);
  assertEquals(protocol.kept.map(decodeUtf8), ["abc", "def"]);
});

Deno.test("LineReceiver.setLineMode outside a delivery delivers its argument at once", () => {
  const { protocol } = connect(new Recorder());
  protocol.setRawMode();
  protocol.setLineMode(encodeUtf8("a\r\nb"));
  assertEquals(protocol.events, ["a"]);
  protocol.setLineMode();
  feed(protocol, ["\r\n"]);
  assertEquals(protocol.events, ["a", "b"]);
});

class Pausing extends Recorder {
  override lineReceived(line: string) {
    super.lineReceived(line);
    if (line === "pause") this.pauseProducing();
    if (line === "stop") this.stopProducing();
    if (line === "both") {
      this.pauseProducing();
      this.resumeProducing();
    }
    if (line === "raw") this.setRawMode();
  }
  override rawDataReceived(data: Uint8Array) {
    super.rawDataReceived(data);
    this.pauseProducing();
  }
}

Deno.test("LineReceiver.pauseProducing holds the lines that are buffered until resumeProducing", () => {
  const { protocol, transport } = connect(new Pausing());
  feed(protocol, ["a\r\npause\r\nb\r\npause\r\nc\r\n"]);
  assertEquals(protocol.events, ["a", "pause"]);
  assertEquals(transport.producerState, "paused");
  feed(protocol, ["d\r\n"]);
  assertEquals(protocol.events, ["a", "pause"]);
  protocol.resumeProducing();
  assertEquals(protocol.events, ["a", "pause", "b", "pause"]);
  protocol.resumeProducing();
  assertEquals(protocol.events, ["a", "pause", "b", "pause", "c", "d"]);
  assertEquals(transport.producerState, "producing");
});

Deno.test("LineReceiver pauses and resumes inside one line without losing order", () => {
  const { protocol } = connect(new Pausing());
  feed(protocol, ["a\r\nboth\r\nb\r\nboth\r\nc\r\n"]);
  assertEquals(protocol.events, ["a", "both", "b", "both", "c"]);
});

Deno.test("LineReceiver pauses in raw mode", () => {
  const { protocol } = connect(new Pausing());
  feed(protocol, ["raw\r\nxyz", "more"]);
  assertEquals(protocol.events, ["raw", "raw:xyz"]);
  protocol.resumeProducing();
  assertEquals(protocol.events, ["raw", "raw:xyz", "raw:more"]);
});

Deno.test("LineReceiver.stopProducing stops the lines that are buffered", () => {
  const { protocol, transport } = connect(new Pausing());
  feed(protocol, ["a\r\nstop\r\nb\r\n", "c\r\n"]);
  assertEquals(protocol.events, ["a", "stop"]);
  assert(transport.disconnecting);
});

Deno.test("LineReceiver delivers no lines after loseConnection, and keeps nothing", () => {
  class Quitter extends Recorder {
    override lineReceived(line: string) {
      super.lineReceived(line);
      if (line === "quit") this.transport.loseConnection();
    }
  }
  const { protocol } = connect(new Quitter());
  feed(protocol, ["a\r\nquit\r\nb\r\nc\r\n", "d\r\n"]);
  assertEquals(protocol.events, ["a", "quit"]);
  assertEquals(protocol.clearLineBuffer(), "");
});

Deno.test("LineReceiver.clearLineBuffer drops what follows the present line and returns it", () => {
  class Clearing extends Recorder {
    rest = "";
    override lineReceived(line: string) {
      super.lineReceived(line);
      this.rest = this.clearLineBuffer();
    }
  }
  const protocol = new Clearing(); // not even connected
  protocol.dataReceived(encodeUtf8("foo\r\nbar\r\nbaz"));
  assertEquals(protocol.events, ["foo"]);
  assertEquals(protocol.rest, "bar\r\nbaz");
  protocol.dataReceived(encodeUtf8("qux\r\n"));
  assertEquals(protocol.events, ["foo", "qux"]);
});

Deno.test("LineReceiver fed from inside a line puts that behind what is buffered", () => {
  class Echo extends Recorder {
    override lineReceived(line: string) {
      super.lineReceived(line);
      if (line === "again") feed(this, ["fed\r\n"]);
    }
  }
  const { protocol } = connect(new Echo());
  feed(protocol, ["again\r\nnext\r\n"]);
  assertEquals(protocol.events, ["again", "next", "fed"]);
});

Deno.test("LineReceiver goes on with the next line after lineReceived has thrown", () => {
  class Thrower extends Recorder {
    override lineReceived(line: string) {
      super.lineReceived(line);
      if (line === "boom") throw new Error("boom");
    }
  }
  const { protocol } = connect(new Thrower());
  assertThrows(() => feed(protocol, ["a\r\nboom\r\nb\r\n"]), Error, "boom");
  feed(protocol, ["c\r\n"]);
  assertEquals(protocol.events, ["a", "boom", "b", "c"]);
});

Deno.test("LineReceiver takes a long line byte by byte in linear time", () => {
  const { protocol } = connect(new Recorder());
  protocol.MAX_LENGTH = 1_000_000;
  const byte = Uint8Array.of(0x61);
  for (let i = 0; i < 300_000; i++) protocol.dataReceived(byte); // searching all of it each time: 45 GB
  feed(protocol, ["\r\n"]);
  assertEquals(protocol.events[0]!.length, 300_000);
});

Deno.test("LineReceiver delivers any lines, cut in any way", () => {
  const line = fc.string({ unit: "grapheme", maxLength: 20 }).filter((text) => !/[\r\n]/.test(text));
  const lines = fc.array(line, { maxLength: 12 });
  fc.assert(fc.property(
    lines.chain((all) =>
      chunked(fc.constant(encodeUtf8(all.map((each) => each + "\r\n").join("")))).map((cut) => ({ all, cut }))
    ),
    ({ all, cut }) => {
      const { protocol } = connect(new Recorder());
      feed(protocol, cut.chunks);
      assertEquals(protocol.events, all.map((each) => each.toWellFormed()));
    },
  ));
});

Deno.test("LineReceiver takes any bytes", () => {
  fc.assert(fc.property(chunked(), ({ chunks }) => {
    const { protocol } = connect(new Mixed());
    protocol.MAX_LENGTH = 64;
    feed(protocol, chunks);
  }));
});

class ByteRecorder extends ByteLineReceiver {
  lines: Uint8Array[] = [];
  override lineReceived(line: Uint8Array) {
    this.lines.push(line);
  }
}

Deno.test("ByteLineReceiver delivers bytes that may be kept, however the stream is cut", () => {
  const stream = Uint8Array.of(1, 0xff, 13, 10, 13, 10, 0x80, 13, 13, 10, 7, 13, 10, 9);
  for (const chunks of everySplit(stream)) {
    const { protocol } = connect(new ByteRecorder());
    feed(protocol, chunks);
    assertEquals(protocol.lines, [
      Uint8Array.of(1, 0xff),
      Uint8Array.of(),
      Uint8Array.of(0x80, 13),
      Uint8Array.of(7),
    ]);
    assertEquals(protocol.clearLineBuffer(), Uint8Array.of(9));
  }
});

Deno.test("ByteLineReceiver sends a line and its delimiter", () => {
  const { protocol, transport } = connect(new ByteRecorder());
  protocol.delimiter = Uint8Array.of(0);
  protocol.sendLine(Uint8Array.of(1, 2));
  assertEquals(transport.value(), Uint8Array.of(1, 2, 0));
  feed(protocol, [Uint8Array.of(13, 10, 0, 5)]);
  assertEquals(protocol.lines, [Uint8Array.of(13, 10)]);
});
