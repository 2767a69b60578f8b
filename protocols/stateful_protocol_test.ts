import { everySplit, StringTransport } from "@ropewalk/testing";
import { assertEquals, assertThrows } from "@std/assert";
import { decodeUtf8 } from "./bytes.ts";
import { type ProtocolState, StatefulProtocol } from "./stateful_protocol.ts";

/** Strings with one byte of length in front; `q` closes. */
class Pascal extends StatefulProtocol {
  texts: string[] = [];
  override getInitialState(): ProtocolState {
    return [this.length, 1];
  }
  length = (byte: Uint8Array): ProtocolState => [this.body, byte[0]!];
  body = (text: Uint8Array): ProtocolState => {
    this.texts.push(decodeUtf8(text));
    if (this.texts.at(-1) === "q") this.transport.loseConnection();
    return [this.length, 1];
  };
}

Deno.test("StatefulProtocol calls each state with as many bytes as it wants, however the stream is cut", () => {
  for (const chunks of everySplit("\x05hello\x00\x02ab\x01qnever")) {
    const protocol = new Pascal();
    protocol.makeConnection(new StringTransport());
    for (const chunk of chunks) protocol.dataReceived(chunk);
    assertEquals(protocol.texts, ["hello", "", "ab", "q"]);
  }
});

Deno.test("StatefulProtocol stays in a state that returns nothing, unless that takes no bytes", () => {
  class Stay extends StatefulProtocol {
    seen: string[] = [];
    constructor(readonly size: number) {
      super();
    }
    override getInitialState(): ProtocolState {
      return [(data) => void this.seen.push(decodeUtf8(data)), this.size];
    }
  }
  const two = new Stay(2);
  two.makeConnection(new StringTransport());
  two.dataReceived(Uint8Array.of(97, 98, 99, 100, 101));
  assertEquals(two.seen, ["ab", "cd"]);
  const none = new Stay(0);
  none.makeConnection(new StringTransport());
  assertThrows(() => none.dataReceived(Uint8Array.of(1)), RangeError, "Cannot stay");
});
