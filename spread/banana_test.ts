import { assertEquals, assertThrows } from "@std/assert";
import { byteByByte, everySplit } from "@ropewalk/testing";
import { chunked, chunkings } from "@ropewalk/testing/arbitraries";
import fc from "fast-check";
import { BananaDecoder, type DecodedBanana } from "./banana_decoder.ts";
import { BananaEncoder, type BananaValue } from "./banana_encoder.ts";
import { BananaError } from "./errors.ts";
import { Float } from "./values.ts";
import { hex, unhex } from "./_support_test.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

function decode(chunks: readonly Uint8Array[], dialect: "none" | "pb" = "none"): DecodedBanana[] {
  const seen: DecodedBanana[] = [];
  const decoder = new BananaDecoder((value) => seen.push(value), { dialect });
  for (const chunk of chunks) {
    const lent = chunk.slice();
    decoder.dataReceived(lent);
    lent.fill(0xfe); // overwritten afterwards, as a reactor does
  }
  return seen;
}

/** What some bytes are decoded to, however they are cut. */
function assertDecodes(wire: string, expected: DecodedBanana[], dialect: "none" | "pb" = "none"): void {
  for (const chunks of everySplit(unhex(wire))) assertEquals(decode(chunks, dialect), expected, wire);
}

Deno.test("integers have the types and digits of Twisted's", () => {
  const cases: [BananaValue, string][] = [
    [0, "0081"],
    [127, "7f81"],
    [128, "000181"],
    [2 ** 31 - 1, "7f7f7f7f0781"],
    [2 ** 31, "000000000885"],
    [-1, "0183"],
    [-(2 ** 31), "000000000883"],
    [-(2 ** 31) - 1, "010000000886"],
    [2 ** 40, "00000000002085"],
    [2n ** 64n, "0000000000000000000285"],
  ];
  for (const [value, wire] of cases) {
    assertEquals(hex(new BananaEncoder().encode(value)), wire);
    assertDecodes(wire, [value as DecodedBanana]);
  }
});

Deno.test("floats, strings and lists have the bytes of Twisted's", () => {
  const encoder = new BananaEncoder();
  assertEquals(hex(encoder.encode(1.5)), "843ff8000000000000");
  assertEquals(hex(encoder.encode(new Float(2))), "844000000000000000");
  assertEquals(hex(encoder.encode("")), "0082");
  assertEquals(hex(encoder.encode(["list", []])), "02800482" + "6c697374" + "0080");
  assertEquals(hex(new BananaEncoder("pb").encode(["list", bytes("tuple")])), "028008870b87");
  assertDecodes("028008870b87", [[bytes("list"), bytes("tuple")]], "pb");
});

Deno.test("what is too large, too long or too deep is refused on sending", () => {
  const encoder = new BananaEncoder();
  encoder.encode("x".repeat(655_360));
  encoder.encode(2n ** 448n - 1n);
  let deep: BananaValue = [];
  for (let i = 0; i < 1001; i++) deep = [deep];
  const wrong = [
    "x".repeat(655_361),
    "ü".repeat(400_000),
    new Uint8Array(655_361),
    new Array(655_361).fill(0),
    2n ** 448n,
    deep,
    null as never,
  ];
  for (const value of wrong) assertThrows(() => encoder.encode(value), BananaError);
  assertEquals(hex(encoder.encode(1)), "0181");
});

Deno.test("hostile bytes are refused as soon as they are seen", () => {
  const digits = "01".repeat(64);
  assertEquals(decode([unhex(digits + "81")]).length, 1);
  assertDecodes(digits, []);
  const hostile = [
    digits + "01", // one digit too many, and no type yet
    "0000" + digits, // leading zeros count
    "01002882", // 655,361 bytes announced
    "01002880", // 655,361 elements announced
    "7f7f7f7f7f7f7f7f80",
    "0187", // a word before a dialect was chosen
    "0188", // an unknown type
    "ff",
    "0180".repeat(1001), // nested too deep
  ];
  for (const wire of hostile) {
    const all = unhex(wire);
    const ways = all.length < 200 ? everySplit(all) : [[all], byteByByte(all)];
    for (const chunks of ways) assertThrows(() => decode(chunks), BananaError, "", wire);
  }
  for (const wire of ["2087", "0087"]) {
    for (const chunks of everySplit(unhex(wire))) assertThrows(() => decode(chunks, "pb"), BananaError);
  }
});

Deno.test("a message has a limit as a whole", () => {
  const decoder = new BananaDecoder(() => {}, { maxMessageBytes: 1000 });
  const piece = new BananaEncoder().encode(new Uint8Array(400));
  decoder.dataReceived(piece);
  decoder.dataReceived(unhex("0380"));
  decoder.dataReceived(piece);
  decoder.dataReceived(piece);
  assertThrows(() => decoder.dataReceived(piece), BananaError, "A message is too long");
});

Deno.test("the limits can be set", () => {
  const refuses = (options: object, wire: string) =>
    assertThrows(() => new BananaDecoder(() => {}, options).dataReceived(unhex(wire)), BananaError);
  refuses({ maxSizeBytes: 3 }, "0482");
  refuses({ maxSizeBytes: 3 }, "0480");
  refuses({ maxPrefixDigits: 2 }, "010101");
  refuses({ maxDepth: 2 }, "018001800180");
});

const value: fc.Arbitrary<BananaValue> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.integer(),
    fc.maxSafeInteger(),
    fc.bigInt({ min: -(2n ** 448n) + 1n, max: 2n ** 448n - 1n }).filter((n) =>
      n > 2n ** 53n || n < -(2n ** 53n)
    ),
    fc.double().filter((n) => !Number.isNaN(n)),
    fc.uint8Array({ maxLength: 200 }),
    fc.array(tie("value"), { maxLength: 5 }),
  ),
})).value as fc.Arbitrary<BananaValue>;

Deno.test("every value comes back, however it is cut", () => {
  fc.assert(
    fc.property(
      fc.array(value, { maxLength: 4 }).chain((values) => {
        const encoder = new BananaEncoder("pb");
        const wire = Uint8Array.from(values.flatMap((one) => [...encoder.encode(one)]));
        return chunkings(wire).map((chunks) => ({ values, wire, chunks }));
      }),
      ({ values, wire, chunks }) => {
        for (const way of [chunks, byteByByte(wire), [wire]]) {
          assertEquals(decode(way, "pb"), values as DecodedBanana[]);
        }
      },
    ),
    { numRuns: 200, seed: 1 },
  );
});

Deno.test("random bytes are decoded or refused, the same however they are cut", () => {
  fc.assert(
    fc.property(chunked(fc.uint8Array({ maxLength: 300 })), ({ bytes, chunks }) => {
      const outcome = (way: readonly Uint8Array[]) => {
        try {
          return JSON.stringify(decode(way, "pb"), (_, v) => typeof v === "bigint" ? `${v}n` : v);
        } catch (error) {
          if (!(error instanceof BananaError)) throw error;
          return "refused";
        }
      };
      const inPieces = outcome(chunks);
      assertEquals(inPieces, outcome(byteByByte(bytes)));
      assertEquals(inPieces, outcome([bytes]));
    }),
    { numRuns: 500, seed: 2 },
  );
});
