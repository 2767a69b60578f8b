/** What a hostile or broken peer can do: lose its connection. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { IPv4Address } from "@ropewalk/reactor/core";
import { cutAt, flushLoggedErrors, StringTransportWithDisconnection } from "@ropewalk/testing";
import { BananaEncoder, type BananaValue } from "./banana_encoder.ts";
import type { Broker } from "./broker.ts";
import { PBServerFactory } from "./server_factory.ts";
import { Root } from "./referenceable.ts";
import { unhex } from "./_support_test.ts";

class Echo extends Root {
  remote_echo(value: unknown): unknown {
    return value;
  }
}

function server(): { broker: Broker; transport: StringTransportWithDisconnection } {
  const broker = new PBServerFactory(new Echo()).buildProtocol(new IPv4Address("TCP", "127.0.0.1", 1));
  const transport = new StringTransportWithDisconnection();
  transport.protocol = broker;
  broker.makeConnection(transport);
  return { broker, transport };
}

const HELLO = unhex("02827062028013870681");
const encoder = new BananaEncoder("pb");

Deno.test("a message that means nothing costs the connection, and nothing else", () => {
  const messages: BananaValue[] = [
    7,
    "text",
    [],
    [[]],
    [1, 2],
    ["version", 5],
    ["version"],
    ["nonsense"],
    ["message"],
    ["message", 1, "root"],
    ["message", "1", "root", "echo", 1, ["tuple"], ["dictionary"]],
    ["message", 1, [], "echo", 1, ["tuple"], ["dictionary"]],
    ["message", 1, "root", 5, 1, ["tuple"], ["dictionary"]],
    ["message", 1, "root", "echo", "x", ["tuple"], ["dictionary"]],
    ["answer", 1, ["None"]],
    ["error", 1, ["None"]],
    ["answer"],
    ["decref", 1],
    ["decref", "root"],
    ["decache", 1],
    ["decref", 2n ** 100n],
  ];
  for (const message of messages) {
    const { broker, transport } = server();
    broker.dataReceived(HELLO);
    broker.dataReceived(encoder.encode(message));
    assert(!transport.connected, JSON.stringify(message, (_, v) => typeof v === "bigint" ? `${v}` : v));
    assert(broker.disconnected);
    broker.dataReceived(encoder.encode(["version", 6]));
  }
  assertEquals(flushLoggedErrors(), []);
});

Deno.test("arguments that make no sense are answered with an error, and the connection stays", () => {
  const args: BananaValue[][] = [
    [7, ["dictionary"]],
    [["None"], ["dictionary"]],
    [["tuple", []], ["dictionary"]],
    [["tuple", ["unicode"]], ["dictionary"]],
    [["tuple"], ["list"]],
    [["tuple"], ["dictionary", [1, 2]]],
    [["tuple", ["dereference", 1]], ["dictionary"]],
    [["tuple", ["os.system", ["unicode", "ls"]]], ["dictionary"]],
    [["tuple", ["cached", 1]], ["dictionary"]],
    [["tuple", ["local", 1]], ["dictionary"]],
    [["tuple", ["lcache", 1]], ["dictionary"]],
  ];
  for (const both of args) {
    const { broker, transport } = server();
    broker.dataReceived(HELLO);
    transport.clear();
    broker.dataReceived(encoder.encode(["message", 1, "root", "echo", 1, ...both]));
    assert(transport.connected, JSON.stringify(both));
    assert(new TextDecoder().decode(transport.value()).includes("CopyableFailure"), JSON.stringify(both));
    broker.dataReceived(encoder.encode(["message", 2, "root", "echo", 1, ["tuple", 1], ["dictionary"]]));
    assert(transport.connected);
  }
  flushLoggedErrors();
});

Deno.test("dialects that nobody knows cost the connection", () => {
  for (const said of ["0282787801", "0180", "0581", "01870181", "8480"]) {
    const { broker, transport } = server();
    broker.dataReceived(unhex(said));
    broker.dataReceived(new Uint8Array(9).fill(1));
    broker.dataReceived(unhex("0281"));
    assert(!transport.connected, said);
  }
});

Deno.test("a client may choose to do without a vocabulary", () => {
  const { broker, transport } = server();
  broker.dataReceived(unhex("04826e6f6e65"));
  transport.clear();
  const plain = new BananaEncoder();
  broker.dataReceived(plain.encode(["message", 1, "root", "echo", 1, ["tuple", 7], ["dictionary"]]));
  assertEquals(transport.value(), plain.encode(["answer", 1, 7]));
});

Deno.test("nesting without end, and lists of unheard-of length, cost the connection before they cost memory", () => {
  for (const wire of ["0180".repeat(100_000), "7f7f2780".repeat(1000), "7f7f2782" + "00".repeat(100)]) {
    const { broker, transport } = server();
    broker.dataReceived(HELLO);
    broker.dataReceived(unhex(wire));
    broker.dataReceived(new Uint8Array(17 * 1024 * 1024));
    assert(!transport.connected, wire.slice(0, 16));
  }
});

// Messages that are nearly right: the words of the protocol, in any order, mutated.
const word = fc.constantFrom(
  ...[
    "message",
    "answer",
    "error",
    "decref",
    "decache",
    "uncache",
    "cachemessage",
    "version",
    "root",
    "echo",
  ],
  ...[
    "tuple",
    "list",
    "dictionary",
    "unicode",
    "reference",
    "dereference",
    "remote",
    "local",
    "lcache",
    "cached",
  ],
  ...[
    "set",
    "frozenset",
    "datetime",
    "decimal",
    "None",
    "boolean",
    "unpersistable",
    "login",
    "didNotUnderstand",
  ],
);
const leaf: fc.Arbitrary<BananaValue> = fc.oneof(
  word,
  fc.integer({ min: -2, max: 5 }),
  fc.double(),
  fc.uint8Array({ maxLength: 9 }),
);
const nearly: fc.Arbitrary<BananaValue> = fc.letrec((tie) => ({
  any: fc.oneof({ maxDepth: 4 }, leaf, fc.tuple(word, tie("any")), fc.array(tie("any"), { maxLength: 4 })),
})).any as fc.Arbitrary<BananaValue>;
const call = fc.tuple(
  fc.array(nearly, { maxLength: 3 }),
  fc.array(fc.tuple(nearly, nearly), { maxLength: 2 }),
).map((
  [args, named],
): BananaValue => ["message", 1, "root", "echo", 1, ["tuple", ...args], ["dictionary", ...named]]);

Deno.test("random, mutated and nearly right messages lose the connection or are answered, and nothing else", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(call, nearly), { minLength: 1, maxLength: 8 }),
      fc.option(fc.tuple(fc.nat(), fc.nat(255))),
      fc.integer({ min: 1, max: 40 }),
      (messages, mutation, size) => {
        const { broker } = server();
        const wire = Uint8Array.from([
          ...HELLO,
          ...messages.flatMap((message) => [...encoder.encode(message)]),
        ]);
        if (mutation !== null) wire[mutation[0] % wire.length] = mutation[1];
        const points = Array.from({ length: Math.ceil(wire.length / size) }, (_, i) => (i + 1) * size);
        for (const chunk of cutAt(wire, points)) broker.dataReceived(chunk);
        flushLoggedErrors();
      },
    ),
    { numRuns: 1500, seed: 4 },
  );
});
