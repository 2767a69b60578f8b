import { failureResultOf, successResultOf } from "@ropewalk/testing";
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  AmpList,
  Argument,
  Boolean_,
  DateTime,
  Decimal,
  Descriptor,
  Float,
  Integer,
  ListOf,
  Unicode,
} from "./arguments.ts";
import { latin1 } from "../bytes.ts";
import { Command } from "./command.ts";
import { AmpProtocolError, InvalidSignature } from "./errors.ts";
import { ZonedDate } from "./zoned_date.ts";

import { All, pair } from "./_helpers_test.ts";
Deno.test("AMP carries every type there and back", () => {
  const { client, server, pump } = pair();
  let got: unknown;
  server.respond(All, (args) => {
    got = args;
    return { ok: true };
  });
  const sent = {
    a: 2n ** 70n,
    b: false,
    d: new ZonedDate(1e12, -210, 7),
    fl: -0,
    l: [] as number[],
    m: "-0",
    p: "żółw",
    rows: [{ x: 1 }, { x: 2, y: "é" }],
    s: Uint8Array.of(0, 255),
    u: "\u{1f40c}",
  };
  const d = client.callRemote(All, sent);
  pump();
  assertEquals(successResultOf(d), { ok: true });
  assertEquals(got, { ...sent, rows: [{ x: 1, y: undefined }, { x: 2, y: "é" }] });
  assert((got as typeof sent).d.toWire().endsWith("-03:30"));
});

Deno.test("AMP refuses descriptors in words, on both sides, and an optional one may be left out", () => {
  class Pass extends Command {
    static override arguments = { fd: new Descriptor() };
  }
  class Maybe extends Command {
    static override arguments = { fd: new Descriptor({ optional: true }) };
  }
  const { client, server, pump } = pair();
  const refused = client.callRemote(Pass, { fd: 3 });
  assert(failureResultOf(refused, InvalidSignature).getErrorMessage().includes("cannot pass one"));
  server.respond(Maybe, ({ fd }) => {
    assertEquals(fd, undefined);
    return {};
  });
  const left = client.callRemote(Maybe, {});
  pump();
  successResultOf(left);
  assertThrows(() => new Descriptor().decode("0"), InvalidSignature, "cannot receive one");
});

Deno.test("AMP reads only what is exactly a boolean, integer, float, decimal or date", () => {
  for (const text of ["true", "TRUE", "1", ""]) assertThrows(() => new Boolean_().decode(text), RangeError);
  for (const text of ["", "1.0", "0x1", " 1", "1_0"]) {
    assertThrows(() => new Integer().decode(text), RangeError);
  }
  assertEquals(new Integer().decode("+7"), 7);
  assertEquals(new Integer().decode("9007199254740993") as unknown, 9007199254740993n);
  assertEquals(new Integer().encode(1e21), "1000000000000000000000");
  for (const text of ["", "x", "1.2.3", "0x10"]) assertThrows(() => new Float().decode(text), RangeError);
  for (const number of [0, -0, 1.5, 1e300, 5e-324, Infinity, -Infinity, NaN]) {
    assertEquals(new Float().decode(new Float().encode(number)), number);
  }
  assertEquals([new Float().encode(2), new Float().encode(-Infinity)], ["2.0", "-inf"]);
  for (const text of ["NaN", "Infinity", "-0", "1.50", "1E+3"]) {
    assertEquals(new Decimal().decode(text), text);
  }
  assertThrows(() => new Decimal().decode("ten"), RangeError);
  assertThrows(() => new Decimal().encode("ten"), InvalidSignature);
  for (const text of ["2012-02-30T00:00:00.000000+00:00", "2012-01-01T24:00:00.000000+00:00", "2012-01-01"]) {
    assertThrows(() => new DateTime().decode(text), RangeError);
  }
  assertThrows(() => new Unicode().decode("\xff"), TypeError);
  assertThrows(() => new ListOf(new Integer()).decode("\0\x02" + "1"), RangeError);
  assertThrows(() => new AmpList({ x: new Integer() }).decode("\0\x01x\0\x011"), AmpProtocolError);
  assertThrows(() => new DateTime().encode(new Date(NaN)), InvalidSignature);
});

Deno.test("AMP refuses a long number that is none at once", () => {
  const digits = "1".repeat(65_534) + "x";
  for (const type of [new Decimal(), new Float(), new Integer()]) {
    const begun = performance.now();
    assertThrows(() => type.decode(digits), RangeError);
    assert(performance.now() - begun < 1000); // milliseconds; it took five seconds to try every way to cut it
  }
  assertEquals([new Decimal().decode("1."), new Float().decode(".5e1"), new Float().decode("1.")], [
    "1.",
    5,
    1,
  ]);
});

Deno.test("AMP carries names beyond ASCII, of arguments and inside lists", () => {
  class Żółw extends Command {
    static override arguments = { czułek: new Integer(), rows: new AmpList({ é: new Unicode() }) };
    static override response = { dół: new Integer() };
  }
  const { client, server, pump } = pair();
  server.respond(Żółw, ({ czułek, rows }) => ({ dół: czułek + rows[0]!.é.length }));
  const d = client.callRemote(Żółw, { czułek: 2, rows: [{ é: "abc" }] });
  pump();
  assertEquals(successResultOf(d), { dół: 5 });
});

Deno.test("AMP sends nothing for a type of argument that makes more than bytes", () => {
  class Raw extends Argument<string> {
    override encode(value: string) {
      return value;
    }
    override decode(text: string) {
      return text;
    }
  }
  class Say extends Command {
    static override arguments = { text: new Raw() };
  }
  class Inside extends Command {
    static override arguments = { rows: new AmpList({ list: new ListOf(new Raw()) }) };
  }
  const { client, clientTransport } = pair();
  failureResultOf(client.callRemote(Say, { text: "żółw" }), InvalidSignature);
  failureResultOf(client.callRemote(Inside, { rows: [{ list: ["żółw"] }] }), InvalidSignature);
  assertEquals(clientTransport.value().length, 0);
  client.callRemote(Say, { text: "\xff\x80" });
  assert(latin1(clientTransport.value()).includes("\0\x04text\0\x02\xff\x80"));
});
