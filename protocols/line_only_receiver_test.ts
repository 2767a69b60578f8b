import { everySplit, StringTransport } from "@ropewalk/testing";
import { chunked } from "@ropewalk/testing/arbitraries";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { encodeUtf8 } from "./bytes.ts";
import { LineOnlyReceiver } from "./line_only_receiver.ts";

class Recorder extends LineOnlyReceiver {
  events: string[] = [];
  override lineReceived(line: string) {
    this.events.push(line);
    if (line === "quit") this.transport.loseConnection();
    if (line === "again") this.dataReceived(encodeUtf8("fed\r\n"));
  }
  override lineLengthExceeded(line: string) {
    this.events.push(`long:${line}`);
    super.lineLengthExceeded(line);
  }
}

function connect(): { protocol: Recorder; transport: StringTransport } {
  const transport = new StringTransport();
  const protocol = new Recorder();
  protocol.makeConnection(transport);
  return { protocol, transport };
}

Deno.test("LineOnlyReceiver delivers the same lines however the stream is cut", () => {
  for (const chunks of everySplit("one\r\n\r\ntwo\rthree\nż\r\nrest")) {
    const { protocol } = connect();
    for (const chunk of chunks) protocol.dataReceived(chunk);
    assertEquals(protocol.events, ["one", "", "two\rthree\nż"]);
  }
});

Deno.test("LineOnlyReceiver accepts MAX_LENGTH bytes, in a finished and in an unfinished line, and no more", () => {
  for (const end of ["", "\r\n"]) {
    for (const [length, accepted] of [[16384, true], [16385, false]] as const) {
      const { protocol, transport } = connect();
      protocol.dataReceived(encodeUtf8("x".repeat(length) + end));
      assertEquals(transport.disconnecting, !accepted);
      const line = "x".repeat(length);
      assertEquals(protocol.events, accepted ? (end ? [line] : []) : [`long:${line}`]);
    }
  }
});

Deno.test("LineOnlyReceiver stops after loseConnection", () => {
  const { protocol } = connect();
  protocol.dataReceived(encodeUtf8("a\r\nquit\r\nb\r\n"));
  protocol.dataReceived(encodeUtf8("c\r\n"));
  assertEquals(protocol.events, ["a", "quit"]);
});

Deno.test("LineOnlyReceiver fed from inside a line puts that behind what is buffered", () => {
  const { protocol } = connect();
  protocol.dataReceived(encodeUtf8("again\r\nnext\r\n"));
  assertEquals(protocol.events, ["again", "next", "fed"]);
});

Deno.test("LineOnlyReceiver sends lines, takes another delimiter, and refuses an empty one", () => {
  const { protocol, transport } = connect();
  protocol.delimiter = "\0";
  protocol.sendLine("hé");
  assertEquals(transport.text(), "hé\0");
  protocol.dataReceived(encodeUtf8("a\0b\r\n\0"));
  assertEquals(protocol.events, ["a", "b\r\n"]);
  protocol.delimiter = "";
  assertThrows(() => protocol.dataReceived(encodeUtf8("x")), TypeError, "delimiter is empty");
});

Deno.test("LineOnlyReceiver takes any bytes", () => {
  fc.assert(fc.property(chunked(), ({ bytes, chunks }) => {
    const whole = connect().protocol;
    const cut = connect().protocol;
    whole.MAX_LENGTH = cut.MAX_LENGTH = 1000;
    whole.dataReceived(bytes);
    for (const chunk of chunks) cut.dataReceived(chunk);
    assertEquals(cut.events, whole.events);
    assert(whole.borrowsData);
  }));
});
