import { Deferred } from "@ropewalk/deferred";
import { flushLoggedErrors } from "@ropewalk/testing";
import { chunked } from "@ropewalk/testing/arbitraries";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { PostfixTCPMapServer, quotePostfix, unquotePostfix } from "./postfix.ts";
import { connect } from "./_connect_test.ts";

Deno.test("PostfixTCPMapServer answers as Twisted's does", () => {
  const map = new Map([["a b", "b%c"], ["ż", "d"]]);
  const { ask, clock, transport } = connect(
    new PostfixTCPMapServer((key) => {
      if (key === "bad") throw new RangeError("disk on fire");
      return map.get(key) ?? null;
    }),
  );
  for (
    const [question, answer] of [
      ["get a%20b", "200 b%25c"],
      ["get %C5%BC", "200 d"],
      ["get nobody", "500 "],
      ["get", "400 Command 'get' takes 1 parameters."],
      ["put a b", "500 put is not implemented yet."],
      ["what", "400 unknown command"],
      ["get bad", "400 The%20lookup%20failed"],
    ]
  ) assertEquals(ask(`${question}\n`), `${answer}\n`);
  assertEquals(flushLoggedErrors(RangeError).length, 1);
  clock.advance(599);
  ask("get x\n");
  clock.advance(599);
  assert(!transport.disconnecting);
  clock.advance(1);
  assert(transport.disconnecting);
  assertEquals(clock.getDelayedCalls(), []);
});

Deno.test("PostfixTCPMapServer keeps the order of answers that come late", () => {
  const first = new Deferred<string | null>();
  const { ask, transport } = connect(new PostfixTCPMapServer((key) => key === "1" ? first : key));
  assertEquals(ask("get 1\nget 2\n"), "");
  first.callback("one");
  assertEquals(transport.text(), "200 one\n200 2\n");
});

Deno.test("quotePostfix and unquotePostfix are each other's reverse", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => {
    const quoted = quotePostfix(text.toWellFormed());
    assert(/^[!-~]*$/.test(quoted));
    assertEquals(unquotePostfix(quoted), text.toWellFormed());
  }));
});

Deno.test("PostfixTCPMapServer takes any bytes", () => {
  fc.assert(
    fc.property(chunked(), ({ chunks }) => {
      for (const protocol of [new PostfixTCPMapServer(() => null)]) {
        const { transport } = connect(protocol);
        for (const chunk of chunks) if (transport.connected) protocol.dataReceived(chunk.slice());
      }
    }),
    { numRuns: 60 },
  );
});

Deno.test("PostfixTCPMapServer sends no value that postfix could not read, and takes lines of 1,024 bytes", () => {
  const { ask, transport } = connect(new PostfixTCPMapServer((key) => "ż".repeat(Number(key))));
  assertEquals(ask("get 681\n").length, "200 \n".length + 681 * 6);
  assertEquals(ask("get 682\n"), "400 The%20value%20is%20too%20long\n");
  ask(`get ${"0".repeat(1019)}1\n`);
  assert(transport.connected);
  ask(`get ${"0".repeat(1020)}1\n`);
  assert(!transport.connected);
});
