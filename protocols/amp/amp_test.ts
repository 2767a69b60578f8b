import { Deferred, Failure } from "@ropewalk/deferred";
import { ConnectionDone } from "@ropewalk/reactor/core";
import {
  assertNoResult,
  everySplit,
  failureResultOf,
  flushLoggedErrors,
  successResultOf,
} from "@ropewalk/testing";
import { chunked } from "@ropewalk/testing/arbitraries";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { concatBytes, encodeUtf8, latin1 } from "../bytes.ts";
import { AMP } from "./amp.ts";
import { Unicode } from "./arguments.ts";
import { Command } from "./command.ts";
import {
  BadLocalReturn,
  InvalidSignature,
  RemoteAmpError,
  TooLong,
  UnhandledCommand,
  UnknownRemoteError,
} from "./errors.ts";
import { CommandLocator } from "./locator.ts";
import { ZonedDate } from "./zoned_date.ts";

import { All, Bang, Boom, box, connect, hex, No, pair, Sum } from "./_helpers_test.ts";
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

Deno.test("AMP fails a call whose error cannot be made from what the peer says, and no other", () => {
  class Picky extends Error {
    constructor(description: string) {
      super(description);
      if (description !== "fine") throw new RangeError("not fine");
    }
  }
  class Pick extends Command {
    static override errors = { PICKY: Picky };
  }
  const { amp, transport } = connect();
  const [a, b] = [amp.callRemote(Pick, {}), amp.callRemote(Pick, {})];
  amp.dataReceived(
    concatBytes(
      [["1", "bad"], ["2", "fine"]].map(([tag, text]) =>
        box(["_error", tag!], ["_error_code", "PICKY"], ["_error_description", text!])
      ),
    ),
  );
  failureResultOf(a, RangeError);
  failureResultOf(b, Picky);
  assert(!transport.disconnecting);
});
