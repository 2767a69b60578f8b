import { ConnectionLost } from "@ropewalk/reactor/core";
import { everySplit, failureResultOf, successResultOf } from "@ropewalk/testing";
import { chunked } from "@ropewalk/testing/arbitraries";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Finger, FingerClient } from "./finger.ts";
import { connect, done, lost } from "./_connect_test.ts";

Deno.test("Finger answers a question however it is cut", () => {
  for (
    const [question, answer] of [
      ["bob\r\n", "Login: bob\nNo such user\n"],
      ["/W bob\n", "Login: bob\nNo such user\n"],
      ["\r\n", "Finger online list denied\n"],
      ["a@b\r\n", "Finger forwarding service denied\n"],
      ["e\x1b[2J\r\n", "Login: e?[2J\nNo such user\n"],
    ]
  ) {
    for (const chunks of everySplit(question!)) {
      const { transport, protocol } = connect(new Finger());
      for (const chunk of chunks) protocol.dataReceived(chunk);
      assertEquals(transport.text(), answer);
      assert(transport.disconnecting);
    }
  }
});

Deno.test("FingerClient asks and gets the whole answer, or fails", () => {
  const { transport, protocol, ask } = connect(new FingerClient("bob", 20));
  assertEquals(transport.text(), "bob\r\n");
  ask("hello\r\n");
  ask("there\r\n");
  protocol.connectionLost(done());
  assertEquals(successResultOf(protocol.answer), "hello\nthere\n");
  const broken = connect(new FingerClient("bob"));
  broken.protocol.connectionLost(lost());
  failureResultOf(broken.protocol.answer, ConnectionLost);
  const long = connect(new FingerClient("bob", 3));
  long.ask("four");
  failureResultOf(long.protocol.answer, RangeError);
  assertThrows(() => new FingerClient("a\nb"), RangeError);
});

Deno.test("Finger takes any bytes", () => {
  fc.assert(
    fc.property(chunked(), ({ chunks }) => {
      for (const protocol of [new Finger()]) {
        const { transport } = connect(protocol);
        for (const chunk of chunks) if (transport.connected) protocol.dataReceived(chunk.slice());
      }
    }),
    { numRuns: 60 },
  );
});

Deno.test("Finger bounds its question by 1,024 bytes and 60 seconds, and the time to take the answer", () => {
  const long = connect(new Finger());
  long.ask("x".repeat(1023));
  assert(long.transport.connected);
  long.ask("xxx");
  assert(!long.transport.connected);
  const slow = connect(new Finger());
  slow.clock.advance(59);
  assert(slow.transport.connected);
  slow.clock.advance(1);
  assert(!slow.transport.connected);
  assertEquals([...long.clock.getDelayedCalls(), ...slow.clock.getDelayedCalls()], []);
  class Lines extends Finger {
    override getUser() {
      this.answer("one\r\ntwo\rthree");
    }
  }
  assertEquals(connect(new Lines()).ask("x\r\n"), "one\ntwo?three\n");
});
