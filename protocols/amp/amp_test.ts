import { Deferred, Failure } from "@ropewalk/deferred";
import { ConnectionDone } from "@ropewalk/reactor/core";
import {
  assertNoResult,
  everySplit,
  failureResultOf,
  flushLoggedErrors,
  StringTransport,
  successResultOf,
} from "@ropewalk/testing";
import { chunked } from "@ropewalk/testing/arbitraries";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { concatBytes, encodeUtf8, fromLatin1, latin1 } from "../bytes.ts";
import { Protocol } from "../protocol.ts";
import { AMP } from "./amp.ts";
import {
  AmpList,
  Boolean_,
  DateTime,
  Decimal,
  Descriptor,
  Float,
  Integer,
  ListOf,
  Path,
  String_,
  Unicode,
} from "./arguments.ts";
import { Command } from "./command.ts";
import {
  AmpProtocolError,
  BadLocalReturn,
  InvalidSignature,
  OnlyOneTLS,
  ProtocolSwitched,
  RemoteAmpError,
  TooLong,
  UnhandledCommand,
  UnknownRemoteError,
} from "./errors.ts";
import { CommandLocator } from "./locator.ts";
import { ZonedDate } from "./zoned_date.ts";

class Boom extends Error {}
class Bang extends Boom {}

class Sum extends Command {
  static override arguments = { a: new Integer(), b: new Integer({ optional: true }) };
  static override response = { total: new Integer() };
  static override errors = { BOOM: Boom };
}

class No extends Command {
  static override arguments = { text: new Unicode({ optional: true }) };
  static override readonly requiresAnswer = false as const;
}

class All extends Command {
  static override arguments = {
    a: new Integer(),
    b: new Boolean_(),
    d: new DateTime(),
    fl: new Float(),
    l: new ListOf(new Integer()),
    m: new Decimal(),
    p: new Path(),
    rows: new AmpList({ x: new Integer(), y: new Unicode({ optional: true }) }),
    s: new String_({ optional: true }),
    u: new Unicode(),
  };
  static override response = { ok: new Boolean_() };
}

const hex = (text: string) =>
  Uint8Array.from(text.replaceAll(/\s/g, "").match(/../g)!, (byte) => parseInt(byte, 16));
const box = (...pairs: [string, string][]) =>
  fromLatin1(
    pairs.map(([key, value]) =>
      String.fromCharCode(0, key.length) + key + String.fromCharCode(value.length >> 8, value.length & 255) +
      value
    ).join("") + "\0\0",
  );

function connect(amp = new AMP()): { amp: AMP; transport: StringTransport } {
  const transport = new StringTransport();
  amp.makeConnection(transport);
  return { amp, transport };
}

/** Two ends; `pump` carries what they wrote until there is no more. */
function pair(client = new AMP(), server = new AMP()) {
  const [a, b] = [connect(client), connect(server)];
  const pump = () => {
    for (let moved = true; moved;) {
      moved = false;
      for (const [from, to] of [[a, b], [b, a]] as const) {
        const bytes = from.transport.value();
        from.transport.clear();
        if (bytes.length === 0) continue;
        moved = true;
        to.amp.dataReceived(bytes);
        bytes.fill(0x58);
      }
    }
  };
  return { client: a.amp, server: b.amp, clientTransport: a.transport, serverTransport: b.transport, pump };
}

Deno.test("AMP asks on Twisted's wire, keys in order", () => {
  const { amp, transport } = connect();
  amp.callRemote(All, {
    a: 5,
    b: true,
    d: ZonedDate.fromWire("2012-01-23T12:34:56.054321-00:00"),
    fl: 1.5,
    l: [1, -2],
    m: "1.50",
    p: "/tmp/x",
    rows: [{ x: 1, y: "a" }, { x: 2, y: "b" }],
    u: "hé",
  });
  const expected = latin1(hex(`
    00045f61736b000131 00085f636f6d6d616e640003416c6c 000161000135 000162000454727565
    000164 0020`)) + "2012-01-23T12:34:56.054321+00:00" + latin1(hex(`
    0002666c0003312e35 00016c0007 000131 00022d32 00016d0004312e3530 0001700006 2f746d702f78
    0004726f7773001c 000178000131 000179000161 0000 000178000132 000179000162 0000 0001750003 68c3a9 0000`));
  assertEquals(latin1(transport.value()), expected);
});

Deno.test("AMP answers, with what was left out undefined, however the stream is cut", () => {
  for (const chunks of everySplit(box(["_ask", "1"], ["_command", "Sum"], ["a", "2"], ["surplus", "x"]))) {
    const { amp, transport } = connect();
    amp.respond(Sum, ({ a, b }) => ({ total: a + (b ?? 40) }));
    for (const chunk of chunks) {
      amp.dataReceived(chunk);
      chunk.fill(0x58);
    }
    assertEquals(transport.value(), hex("00075f616e737765720001310005746f74616c00023432 0000"));
  }
});

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

Deno.test("AMP takes answers in any order, from Deferreds and promises too", async () => {
  const { client, server, pump } = pair();
  const later: Deferred<{ total: number }>[] = [];
  server.respond(Sum, ({ a }) => {
    if (a === 3) return Promise.resolve({ total: 33 });
    if (a === 4) return Promise.reject(new Boom("no"));
    const d = new Deferred<{ total: number }>();
    later.push(d);
    return d;
  });
  const [one, two, three, four] = [1, 2, 3, 4].map((a) => client.callRemote(Sum, { a }));
  pump();
  later[1]!.callback({ total: 22 });
  pump();
  assertEquals(successResultOf(two!), { total: 22 });
  assertNoResult(one!);
  later[0]!.errback(new Boom("deferred"));
  await Promise.resolve();
  await Promise.resolve();
  pump();
  assertEquals(failureResultOf(one!, Boom).getErrorMessage(), "deferred");
  assertEquals(successResultOf(three!), { total: 33 });
  failureResultOf(four!, Boom);
});

Deno.test("AMP raises declared errors as their class, those of parents and subclasses too", () => {
  class Child extends Sum {
    static override errors = { BOOM: Boom, OTHER: RangeError };
    static override fatalErrors = { DEAD: EvalError };
  }
  const { client, server, serverTransport, pump } = pair();
  server.respond(Child, ({ a }) => {
    if (a === 1) throw new Bang("subclass");
    if (a === 2) throw new RangeError("own");
    throw new EvalError("fatal");
  });
  const calls = [1, 2].map((a) => client.callRemote(Child, { a }));
  pump();
  assertEquals(failureResultOf(calls[0]!, Boom).getErrorMessage(), "subclass");
  failureResultOf(calls[1]!, RangeError);
  assert(!serverTransport.disconnecting);
  class Grandchild extends Child {
    static override commandName = "Child";
  }
  const fatal = client.callRemote(Grandchild, { a: 3 });
  pump();
  failureResultOf(fatal, EvalError);
  assert(serverTransport.disconnecting);
});

Deno.test("AMP answers an undeclared error as UNKNOWN, without its text, reports it and closes", () => {
  const { client, server, serverTransport, pump } = pair();
  server.respond(Sum, () => {
    throw new Error("the password is 1234");
  });
  const d = client.callRemote(Sum, { a: 1 });
  pump();
  const { value } = failureResultOf(d, UnknownRemoteError);
  assertEquals((value as UnknownRemoteError).description, "Unknown Error");
  assert(serverTransport.disconnecting);
  assertEquals(flushLoggedErrors(Error).length, 1);
});

Deno.test("AMP passes on a RemoteAmpError with its code, and an undeclared code arrives as one", () => {
  const { client, server, pump } = pair();
  server.respond(Sum, () => {
    throw new RemoteAmpError("TEAPOT", "short and stout");
  });
  const d = client.callRemote(Sum, { a: 1 });
  pump();
  const error = failureResultOf(d, RemoteAmpError).value as RemoteAmpError;
  assertEquals([error.errorCode, error.description], ["TEAPOT", "short and stout"]);
});

Deno.test("AMP answers an unknown command as UNHANDLED and goes on", () => {
  const { client, serverTransport, pump } = pair();
  const d = client.callRemote(Sum, { a: 1 });
  pump();
  failureResultOf(d, UnhandledCommand);
  assert(!serverTransport.disconnecting);
});

Deno.test("AMP fails at the caller, with nothing sent, when arguments do not fit", () => {
  const { amp, transport } = connect();
  // deno-lint-ignore no-explicit-any
  const wrong = (args: any) => failureResultOf(amp.callRemote(Sum, args));
  assert(wrong({}).check(InvalidSignature));
  assert(wrong({ a: 1, c: 2 }).check(InvalidSignature));
  assert(wrong({ a: 1.5 }).check(InvalidSignature));
  assert(wrong({ a: "1" }).check(InvalidSignature));
  assertEquals(transport.value().length, 0);
  class Text extends Command {
    static override arguments = { text: new Unicode() };
  }
  failureResultOf(amp.callRemote(Text, { text: "x".repeat(65536) }), TooLong);
  assertEquals(transport.value().length, 0);
  amp.callRemote(Text, { text: "x".repeat(65535) });
  assert(transport.value().length > 65535);
  class LongKey extends Command {
    static override arguments = { ["k".repeat(256)]: new Unicode() };
  }
  assertThrows(() => amp.callRemote(LongKey, { ["k".repeat(256)]: "" }), TooLong);
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

Deno.test("AMP sends a command without an answer, and an asker may want one all the same", () => {
  const { client, server, serverTransport, pump } = pair();
  const got: unknown[] = [];
  server.respond(No, (args) => {
    got.push(args);
    return {};
  });
  const result: undefined = client.callRemote(No);
  assertEquals(result, undefined);
  client.callRemote(No, { text: "x" });
  pump();
  assertEquals(got, [{ text: undefined }, { text: "x" }]);
  server.dataReceived(box(["_ask", "7"], ["_command", "No"]));
  assertEquals(serverTransport.value(), box(["_answer", "7"]));
  assertThrows(() => client.callRemote(No, { text: "x".repeat(70000) }), TooLong);
});

Deno.test("AMP closes when a command without an answer fails", () => {
  const { server, serverTransport } = pair();
  server.respond(No, () => {
    throw new Boom("x");
  });
  server.dataReceived(box(["_command", "No"]));
  assert(serverTransport.disconnecting);
  assertEquals(serverTransport.value().length, 0);
  assertEquals(flushLoggedErrors(Boom).length, 1);
});

Deno.test("AMP treats a responder that returns nothing, or not enough, as failed", () => {
  for (const [value, error] of [[undefined, BadLocalReturn], [{}, InvalidSignature]] as const) {
    const { client, server, pump } = pair();
    server.respond(Sum, () => value as never);
    const d = client.callRemote(Sum, { a: 1 });
    pump();
    failureResultOf(d, UnknownRemoteError);
    assertEquals(flushLoggedErrors(error).length, 1);
  }
});

Deno.test("AMP fails what is pending with the reason of the loss, and later calls too; late answers are dropped", () => {
  const { client, server, serverTransport, pump } = pair();
  const answer = new Deferred<{ total: number }>();
  server.respond(Sum, () => answer);
  const pending = client.callRemote(Sum, { a: 1 });
  pump();
  const reason = new Failure(new ConnectionDone());
  client.connectionLost(reason);
  server.connectionLost(reason);
  failureResultOf(pending, ConnectionDone);
  failureResultOf(client.callRemote(Sum, { a: 1 }), ConnectionDone);
  answer.callback({ total: 1 });
  assertEquals(serverTransport.value().length, 0);
  client.callRemote(No);
  assertEquals(flushLoggedErrors(), []);
});

for (
  const [name, bytes] of [
    ["a key of more than 255 bytes", hex("0100")],
    ["a long key later in a box", concatBytes([box(["a", "b"]).subarray(0, -2), hex("ff00")])],
    ["an empty box", hex("0000")],
    ["a box that is none of question, answer and error", box(["a", "b"])],
    ["an answer to nothing", box(["_answer", "1"], ["total", "1"])],
  ] as const
) {
  Deno.test(`AMP closes on ${name}, however it is cut`, () => {
    for (const chunks of everySplit(bytes)) {
      const { amp, transport } = connect();
      for (const chunk of chunks) amp.dataReceived(chunk);
      assert(transport.disconnecting, name);
      amp.dataReceived(box(["_ask", "1"], ["_command", "Sum"]));
      assertEquals(transport.value().length, 0);
    }
  });
}

Deno.test("AMP accepts values of 65,535 bytes and bounds whole boxes", () => {
  const { amp, transport } = connect(new AMP({ maxBoxBytes: 200_000 }));
  let length = 0;
  amp.respond(No, ({ text }) => {
    length = text!.length;
    return {};
  });
  amp.dataReceived(box(["_command", "No"], ["text", "x".repeat(65535)]));
  assertEquals(length, 65535);
  const piece = box(["k", "x".repeat(50_000)]).subarray(0, -2);
  for (let i = 0; i < 4; i++) {
    assert(!transport.disconnecting, `${i}`);
    amp.dataReceived(piece);
  }
  assert(transport.disconnecting);
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

Deno.test("AMP shares responders by a CommandLocator; those of the connection come first", () => {
  const locator = new CommandLocator().respond(Sum, () => ({ total: 1 })).respond(No, () => ({}));
  const { client, server, pump } = pair(new AMP(), new AMP({ locator }));
  const shared = client.callRemote(Sum, { a: 0 });
  pump();
  assertEquals(successResultOf(shared).total, 1);
  server.respond(Sum, () => ({ total: 2 }));
  const own = client.callRemote(Sum, { a: 0 });
  pump();
  assertEquals(successResultOf(own).total, 2);
});

class Recorder extends Protocol {
  data = "";
  lost = 0;
  override dataReceived(data: Uint8Array) {
    this.data += latin1(data);
    assert(data.length > 0);
  }
  override connectionLost() {
    this.lost++;
  }
}

class Switch extends Command {
  static override arguments = { to: new Unicode() };
  static override errors = { BOOM: Boom };
}

Deno.test("AMP goes over to another protocol, with the bytes behind the question", () => {
  const { client, server, serverTransport, clientTransport, pump } = pair();
  const [inner, other] = [new Recorder(), new Recorder()];
  server.respondBySwitching(Switch, () => inner);
  const waiting = client.callRemote(Sum, { a: 1 });
  const switched = client.switchTo(Switch, { to: "x" }, other);
  failureResultOf(client.callRemote(Sum, { a: 1 }), ProtocolSwitched);
  clientTransport.write("early bytes");
  pump();
  assertEquals(successResultOf(switched), other);
  failureResultOf(waiting, UnhandledCommand);
  assertEquals(inner.data, "early bytes");
  inner.transport.write("hello");
  other.transport.write("there");
  pump();
  assertEquals([inner.data, other.data], ["early bytesthere", "hello"]);
  failureResultOf(client.callRemote(Sum, { a: 1 }), ProtocolSwitched);
  client.connectionLost(new Failure(new ConnectionDone()));
  assertEquals(other.lost, 1);
  assert(!serverTransport.disconnecting);
});

Deno.test("AMP goes on when a switch fails", () => {
  const { client, server, pump } = pair();
  server.respondBySwitching(Switch, () => {
    throw new Boom("not now");
  });
  server.respond(Sum, ({ a }) => ({ total: a }));
  const switched = client.switchTo(Switch, { to: "x" }, new Recorder());
  pump();
  failureResultOf(switched, Boom);
  const d = client.callRemote(Sum, { a: 5 });
  pump();
  assertEquals(successResultOf(d).total, 5);
});

Deno.test("AMP starts TLS behind the answer, once", () => {
  const { client, server, clientTransport, serverTransport, pump } = pair();
  server.acceptTLS({ cert: "c", key: "k" });
  const started = client.startTLS({ hostname: "h" });
  assertEquals(clientTransport.value(), box(["_ask", "1"], ["_command", "StartTLS"]));
  failureResultOf(client.callRemote(Sum, { a: 1 }), ProtocolSwitched);
  pump();
  successResultOf(started);
  assertEquals(serverTransport.tls?.options, { cert: "c", key: "k" });
  assertEquals(clientTransport.tls?.options, { hostname: "h" });
  assertThrows(() => client.startTLS({}), OnlyOneTLS);
});

Deno.test("AMP does not go over to TLS with plain text behind the question", () => {
  const { amp, transport } = connect(new AMP().acceptTLS({ cert: "", key: "" }));
  amp.dataReceived(
    concatBytes([box(["_ask", "1"], ["_command", "StartTLS"]), box(["_ask", "2"], ["_command", "Evil"])]),
  );
  assert(transport.disconnecting);
  assertEquals(transport.tls, null);
});

Deno.test("AMP takes any bytes", () => {
  fc.assert(fc.property(chunked(), ({ bytes, chunks }) => {
    const results = [[bytes], chunks].map((cuts) => {
      const { amp, transport } = connect();
      amp.respond(Sum, () => ({ total: 1 }));
      for (const cut of cuts) amp.dataReceived(cut.slice());
      return [transport.text(), transport.disconnecting];
    });
    assertEquals(results[0], results[1]);
    flushLoggedErrors();
  }));
});

Deno.test("AMP answers any questions, cut in any way", () => {
  const question = fc.tuple(fc.integer(), fc.option(fc.integer()));
  fc.assert(fc.property(
    fc.array(question, { maxLength: 6 }).chain((all) => {
      const { amp, transport } = connect();
      for (const [a, b] of all) amp.callRemote(Sum, { a, b: b ?? undefined });
      return chunked(fc.constant(transport.value())).map(({ chunks }) => ({ all, chunks }));
    }),
    ({ all, chunks }) => {
      const { amp } = connect();
      const got: unknown[] = [];
      amp.respond(Sum, ({ a, b }) => {
        got.push([a, b ?? null]);
        return { total: 0 };
      });
      for (const chunk of chunks) amp.dataReceived(chunk);
      assertEquals(got, all);
    },
  ));
});

type Equals<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;

Deno.test("AMP's calls and responders are checked by the compiler", () => {
  const check = () => {
    const { amp } = connect();
    const d = amp.callRemote(Sum, { a: 1 });
    const total: Equals<Awaited<typeof d>["total"], number> = true;
    // @ts-expect-error a is needed
    amp.callRemote(Sum, { b: 1 });
    // @ts-expect-error there is no c
    amp.callRemote(Sum, { a: 1, c: 1 });
    // @ts-expect-error a is a number
    amp.callRemote(Sum, { a: "1" });
    // @ts-expect-error arguments are needed
    amp.callRemote(Sum);
    amp.callRemote(No);
    // @ts-expect-error total is a number
    amp.respond(Sum, () => ({ total: "1" }));
    amp.respond(Sum, ({ b }) => {
      const optional: Equals<typeof b, number | undefined> = true;
      return { total: optional ? 1 : 0 };
    });
    return total;
  };
  assert(typeof check === "function");
});

Deno.test("AMP encodes text as UTF-8 in errors too", () => {
  const { client, server, pump } = pair();
  server.respond(Sum, () => {
    throw new Boom("żółw " + "x".repeat(70_000));
  });
  const d = client.callRemote(Sum, { a: 1 });
  pump();
  const message = failureResultOf(d, Boom).getErrorMessage();
  assert(message.startsWith("żółw x"));
  assertEquals(encodeUtf8(message).length, 65535);
});
