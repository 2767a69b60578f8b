import {
  ByteLineReceiver,
  Int16StringReceiver,
  Int32StringReceiver,
  Int8StringReceiver,
  LineOnlyReceiver,
  NetstringReceiver,
  type Protocol,
} from "@ropewalk/protocols";
import { StringTransport } from "@ropewalk/testing";
import { chunkings } from "@ropewalk/testing/arbitraries";
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { PYTHON, runToEnd } from "../_process.ts";

type Event = ["line" | "string" | "long", string | number];

const coded = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes));
const codedText = (text: string) => coded(new TextEncoder().encode(text));

function recorder(kind: string, events: Event[]): Protocol & { MAX_LENGTH: number } {
  if (kind === "LineReceiver") {
    return new (class extends ByteLineReceiver {
      override lineReceived(line: Uint8Array) {
        events.push(["line", coded(line)]);
      }
      override lineLengthExceeded(line: Uint8Array) {
        events.push(["long", coded(line)]);
        super.lineLengthExceeded(line);
      }
    })();
  }
  if (kind === "LineOnlyReceiver") {
    return new (class extends LineOnlyReceiver {
      override lineReceived(line: string) {
        events.push(["line", codedText(line)]);
      }
      override lineLengthExceeded(line: string) {
        events.push(["long", codedText(line)]);
        super.lineLengthExceeded(line);
      }
    })();
  }
  if (kind === "NetstringReceiver") {
    return new (class extends NetstringReceiver {
      override stringReceived(string: Uint8Array) {
        events.push(["string", coded(string)]);
      }
    })();
  }
  const Kind = {
    Int8StringReceiver,
    Int16StringReceiver,
    Int32StringReceiver,
  }[kind] as typeof Int8StringReceiver;
  return new (class extends Kind {
    override stringReceived(string: Uint8Array) {
      events.push(["string", coded(string)]);
    }
    override lengthLimitExceeded(length: number) {
      events.push(["long", length]);
      super.lengthLimitExceeded(length);
    }
  })();
}

// Pieces of which streams are made, so that the limits (8 bytes below) are met and missed by one.
const line = fc.nat(11).map((length) => "abcdefghijk".slice(0, length));
const lines = fc.array(
  fc.tuple(line, fc.constantFrom("\r\n", "\r\n", "\r\n", "\n", "\r")).map((pair) => pair.join("")),
);
const netstrings = fc.array(
  fc.tuple(line, fc.constantFrom("", "", "", "", "", "0", " ", "x"), fc.constantFrom(",", ",", ",", ",", ";"))
    .map(
      ([text, before, end]) => `${before}${text.length}:${text}${end}`,
    ),
);
const prefixed = (size: number) =>
  fc.array(line.map((text) => "\0".repeat(size - 1) + String.fromCharCode(text.length) + text));

const KINDS: [string, fc.Arbitrary<string[]>][] = [
  ["LineReceiver", lines],
  ["LineOnlyReceiver", lines],
  ["NetstringReceiver", netstrings],
  ["Int8StringReceiver", prefixed(1)],
  ["Int16StringReceiver", prefixed(2)],
  ["Int32StringReceiver", prefixed(4)],
];

Deno.test("the framing protocols deliver what Twisted's deliver, on thousands of streams cut anywhere", async () => {
  const cases = KINDS.flatMap(([kind, parts]) =>
    fc.sample(parts.chain((all) => chunkings(all.join(""))), { numRuns: 500, seed: 7 })
      .map((chunks) => ({ kind, limit: 8, chunks: chunks.map(coded) }))
  );
  const { output, errors } = await runToEnd(PYTHON, [new URL("framing_peer.py", import.meta.url).pathname], {
    stdin: JSON.stringify(cases),
  });
  assertEquals(errors, "");
  const expected = JSON.parse(output) as [Event[], boolean][];
  cases.forEach(({ kind, limit, chunks }, i) => {
    const events: Event[] = [];
    const protocol = recorder(kind, events);
    const transport = new StringTransport();
    protocol.MAX_LENGTH = limit;
    protocol.makeConnection(transport);
    for (const chunk of chunks) {
      if (transport.disconnecting) break;
      protocol.dataReceived(Uint8Array.from(atob(chunk), (char) => char.charCodeAt(0)));
    }
    assertEquals([events, transport.disconnecting], expected[i], JSON.stringify(cases[i]));
  });
});
