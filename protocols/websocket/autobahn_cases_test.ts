import { everySplit } from "@ropewalk/testing";
import { assert, assertEquals } from "@std/assert";
import { concatBytes, encodeUtf8, latin1 } from "../bytes.ts";
import { bytes, closeFrame, frame, open, text } from "./_helpers_test.ts";

/** What a case expects: messages, then how it ends: nothing (open), or the code that we close with. */
type Case = [name: string, frames: Uint8Array[], messages: (string | Uint8Array)[], code?: number];

// The cases of the Autobahn suite that are about one connection's bytes, by its numbers.
const CASES: Case[] = [
  ["1.1.1", [frame(0x81)], [""]],
  ...[125, 126, 127, 128, 65535, 65536].map((n): Case => [`1.1 ${n}`, [frame(0x81, text(n))], [text(n)]]),
  ["1.2.1", [frame(0x82)], [bytes()]],
  ...[125, 126, 127, 128, 65535, 65536].map((n): Case => [
    `1.2 ${n}`,
    [frame(0x82, new Uint8Array(n).fill(0xfe))],
    [new Uint8Array(n).fill(0xfe)],
  ]),
  ["2.1", [frame(0x89)], ["ping "]],
  ["2.2", [frame(0x89, "Hello")], ["ping Hello"]],
  ["2.3", [frame(0x89, bytes(0))], ["ping \0"]],
  ["2.4", [frame(0x89, text(125))], [`ping ${text(125)}`]],
  ["2.5", [frame(0x89, text(126))], [], 1002],
  ["2.7", [frame(0x8a)], ["pong "]],
  ["2.8", [frame(0x8a, "unasked")], ["pong unasked"]],
  ["3.1", [frame(0x91, "x")], [], 1002],
  ["3.2", [frame(0x81, "a"), frame(0xa1, "b"), frame(0x89)], ["a"], 1002],
  ["3.5", [frame(0xd2, "x")], [], 1002],
  ["3.6", [frame(0xe9, "x")], [], 1002],
  ["3.7", [frame(0xf8)], [], 1002],
  ["4.1.1", [frame(0x83)], [], 1002],
  ["4.1.3", [frame(0x81, "a"), frame(0x85)], ["a"], 1002],
  ["4.2.1", [frame(0x8b)], [], 1002],
  ["4.2.5", [frame(0x8f, "x")], [], 1002],
  ["5.1", [frame(0x09, "a"), frame(0x80, "b")], [], 1002],
  ["5.2", [frame(0x0a, "a"), frame(0x80, "b")], [], 1002],
  ["5.3", [frame(0x01, "a"), frame(0x80, "b")], ["ab"]],
  ["5.6", [frame(0x01, "a"), frame(0x89, "p"), frame(0x80, "b")], ["ping p", "ab"]],
  ["5.9", [frame(0x80, "x"), frame(0x81, "y")], [], 1002],
  ["5.12", [frame(0x00, "x"), frame(0x81, "y")], [], 1002],
  ["5.15", [frame(0x01, "a"), frame(0x80, "b"), frame(0x00, "c"), frame(0x81, "d")], ["ab"], 1002],
  ["5.18", [frame(0x01, "a"), frame(0x81, "b")], [], 1002],
  [
    "5.19",
    [
      frame(0x01, "1"),
      frame(0x00, "2"),
      frame(0x89, "p1"),
      frame(0x00, "3"),
      frame(0x00, "4"),
      frame(0x89, "p2"),
      frame(0x80, "5"),
    ],
    ["ping p1", "ping p2", "12345"],
  ],
  ["6.1.2", [frame(0x01), frame(0x00), frame(0x80)], [""]],
  ["6.1.3", [frame(0x01), frame(0x00, "middle"), frame(0x80)], ["middle"]],
  ["6.2.1", [frame(0x81, "Hello-µ@ßöäüàá-UTF-8!!")], ["Hello-µ@ßöäüàá-UTF-8!!"]],
  [
    "6.2.4",
    [...encodeUtf8("κόσμε")].map((b, i, all) =>
      frame(i === 0 ? 1 : i === all.length - 1 ? 0x80 : 0, bytes(b))
    ),
    ["κόσμε"],
  ],
  ["6.3.1", [frame(0x81, bytes(0xce, 0xba, 0xed, 0xa0, 0x80, 0x65))], [], 1007],
  ["6.3.2", [frame(0x01, bytes(0xce, 0xba, 0xed, 0xa0, 0x80)), frame(0x80, "x")], [], 1007],
  ["6.4.1", [frame(0x01, "κ"), frame(0x00, bytes(0xf4, 0x90, 0x80, 0x80))], [], 1007],
  ["6.6.1", [frame(0x81, bytes(0xce))], [], 1007],
  ["6.6.11", [frame(0x81, "κόσμε")], ["κόσμε"]],
  ["6.7.1", [frame(0x81, bytes(0))], ["\0"]],
  ["6.10.1", [frame(0x81, bytes(0xf7, 0xbf, 0xbf, 0xbf))], [], 1007],
  ["6.11.5", [frame(0x81, "\u{10ffff}")], ["\u{10ffff}"]],
  ["6.12.1", [frame(0x81, bytes(0x80))], [], 1007],
  ["6.16.1", [frame(0x81, bytes(0xc1, 0xbf))], [], 1007],
  ["6.20.1", [frame(0x81, bytes(0xed, 0xa0, 0x80))], [], 1007],
  ["6.22.1", [frame(0x81, "\uffff")], ["\uffff"]],
  ["7.1.3", [closeFrame(1000), frame(0x89, "late")], ["closed"], 1000],
  ["7.1.5", [frame(0x01, "part"), closeFrame(1000), frame(0x80, "late")], ["closed"], 1000],
  ["7.3.1", [frame(0x88)], ["closed"], 1005],
  ["7.3.2", [frame(0x88, "a")], [], 1002],
  ["7.3.3", [closeFrame(1000)], ["closed"], 1000],
  ["7.3.5", [closeFrame(1000, text(123))], ["closed"], 1000],
  ["7.3.6", [closeFrame(1000, text(124))], [], 1002],
  ["7.5.1", [frame(0x88, concatBytes([bytes(3, 0xe8), bytes(0xce, 0xba, 0xed, 0xa0, 0x80)]))], [], 1007],
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999].map((code): Case => [
    `7.7 ${code}`,
    [closeFrame(code)],
    ["closed"],
    code,
  ]),
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535].map((code): Case => [
    `7.9 ${code}`,
    [closeFrame(code)],
    [],
    1002,
  ]),
  ["no mask", [frame(0x81, "a", false)], [], 1002],
  ["a length that is not minimal (16)", [bytes(0x81, 0xfe, 0, 5)], [], 1002],
  ["a length that is not minimal (64)", [bytes(0x81, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff)], [], 1002],
  ["a length above 2^63", [bytes(0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0)], [], 1002],
  ["a length above the limit, at once", [bytes(0x81, 0xff, 0, 0, 0, 0, 0x10, 0, 0, 0)], [], 1009],
];

for (const [name, frames, messages, code] of CASES) {
  Deno.test(`WebSocket case ${name}`, () => {
    const wire = concatBytes(frames);
    for (
      const chunks of wire.length > 300
        ? [[wire], [...wire].length > 2000 ? [wire.subarray(0, 1), wire.subarray(1)] : [wire]]
        : everySplit(wire)
    ) {
      const { feed, events, transport } = open();
      feed(...chunks);
      const got = events.slice(1).filter((event) =>
        typeof event !== "string" || !event.startsWith("closed ")
      );
      assertEquals(got, messages.filter((message) => message !== "closed"));
      const sent = transport.value();
      if (code === undefined) {
        assert(!transport.disconnecting);
      } else {
        assert(transport.disconnecting);
        const at = latin1(sent).lastIndexOf("\x88");
        assert(at >= 0);
        if (code === 1005) assertEquals(sent[at + 1], 0);
        else assertEquals(sent[at + 2]! * 256 + sent[at + 3]!, code);
        feed(frame(0x81, "after the end"));
        assertEquals(transport.value().length, sent.length);
      }
    }
  });
}
