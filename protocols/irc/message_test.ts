import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { encodeUtf8 } from "../bytes.ts";
import { extractCTCP, formatCTCP } from "./ctcp.ts";
import { cutText, formatMessage, IRCBadMessage, nickOf, parseMessage, splitText } from "./message.ts";
import { parseModes, ServerSupportedFeatures } from "./supported.ts";

Deno.test("parseMessage and formatMessage are each other's reverse", () => {
  const cases: [string, string, string, string[]][] = [
    [":n!u@h PRIVMSG #c :hello there", "n!u@h", "PRIVMSG", ["#c", "hello there"]],
    ["PING :", "", "PING", [""]],
    ["JOIN #a", "", "JOIN", ["#a"]],
    [":s 001 me ::)", "s", "001", ["me", ":)"]],
  ];
  for (const [line, prefix, command, params] of cases) {
    assertEquals(parseMessage(line), { prefix, command, params });
    assertEquals(formatMessage(command, params, prefix), line);
  }
  assertEquals(parseMessage("@time=12;x=y :s  cmd  a   b :c  d"), {
    prefix: "s",
    command: "CMD",
    params: ["a", "b", "c  d"],
  });
  for (const line of ["", " ", ":only", "@tags"]) assertEquals(parseMessage(line), null);
  for (const params of [["a\r\nQUIT"], ["a b", "c"], ["", "c"], [":x", "c"]]) {
    assertThrows(() => formatMessage("X", params), IRCBadMessage);
  }
  assertEquals([nickOf("n!u@h"), nickOf("server"), nickOf("n@h")], ["n", "server", "n"]);
});

Deno.test("splitText cuts at lines, words and characters, by bytes", () => {
  assertEquals(splitText("a\r\nb\n\nc", 10), ["a", "b", "c"]);
  assertEquals(splitText("hello big world", 9), ["hello big", "world"]);
  assertEquals(splitText("żżżżż", 5), ["żż", "żż", "ż"]);
  assertEquals(splitText("🐌🐌", 6), ["🐌", "🐌"]);
  assertThrows(() => splitText("x", 3), RangeError);
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 4, max: 20 }), (text, max) => {
    const pieces = splitText(text, max);
    for (const piece of pieces) assert(encodeUtf8(piece).length <= max && piece !== "");
    const bare = (value: string) => value.toWellFormed().replace(/[\s\0]/g, "");
    assertEquals(bare(pieces.join("")), bare(text));
  }));
});

Deno.test("CTCP requests are taken out of a text", () => {
  assertEquals(extractCTCP("a\x01ACTION waves\x01b\x01version\x01\x01\x01"), {
    messages: [{ tag: "ACTION", data: "waves" }, { tag: "VERSION", data: null }],
    rest: "ab",
  });
  assertEquals(formatCTCP({ tag: "PING", data: "1\x012" }), "\x01PING 12\x01");
});

Deno.test("ServerSupportedFeatures knows what the server said", () => {
  const supported = new ServerSupportedFeatures();
  assertEquals(supported.getFeature("NICKLEN"), "9");
  supported.parse([
    "NICKLEN=30",
    "PREFIX=(ov)@+",
    "CHANMODES=beI,k,l,imn",
    "EXCEPTS",
    "-CHANNELLEN",
    "NAME=a\\x20b",
    "=",
  ]);
  assertEquals(supported.getFeature("NAME"), "a b");
  assert(supported.hasFeature("EXCEPTS") && !supported.hasFeature("CHANNELLEN"));
  assertEquals([...supported.prefixes], [["o", "@"], ["v", "+"]]);
  assertEquals(supported.channelModes, { addressModes: "beI", param: "k", setParam: "l", noParam: "imn" });
  assert(supported.isChannel("#a") && !supported.isChannel("a") && !supported.isChannel(""));
  assertEquals(
    parseModes("+o-v+l", ["bob", "eve", "5"], () => true).map(({ set, mode, param }) => [set, mode, param]),
    [
      [true, "o", "bob"],
      [false, "v", "eve"],
      [true, "l", "5"],
    ],
  );
});

Deno.test("formatMessage lets no line end in by the command or the prefix either", () => {
  for (const end of ["\r", "\n", "\0"]) {
    assertThrows(() => formatMessage(`JOIN${end}QUIT`), IRCBadMessage);
    assertThrows(() => formatMessage("JOIN", ["#a"], `me${end}QUIT`), IRCBadMessage);
  }
});

Deno.test("cutText keeps whole characters", () => {
  assertEquals(["aż🐌", "aż🐌"].map((text, i) => cutText(text, 6 + i)), ["aż", "aż🐌"]);
  assertEquals([cutText("żż", 3), cutText("abc", 2), cutText("ab", 2)], ["ż", "ab", "ab"]);
});

Deno.test("ServerSupportedFeatures keeps all of a value, and a bounded number of features", () => {
  const supported = new ServerSupportedFeatures();
  supported.parse(["X=a=b", "PREFIX=(o=v)@=+"]);
  assertEquals(supported.getFeature("X"), "a=b");
  for (let i = 0; i < 600; i++) supported.parse([`F${i}`, "X=c"]);
  assert(supported.hasFeature("F400") && !supported.hasFeature("F599"));
  assertEquals(supported.getFeature("X"), "c");
});
