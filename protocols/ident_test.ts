import { Deferred, TimeoutError } from "@ropewalk/deferred";
import { ConnectionLost } from "@ropewalk/reactor/core";
import { failureResultOf, flushLoggedErrors, successResultOf } from "@ropewalk/testing";
import { chunked } from "@ropewalk/testing/arbitraries";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  HiddenUser,
  IdentClient,
  IdentError,
  IdentServer,
  type IdentUser,
  InvalidPort,
  NoUser,
} from "./ident.ts";
import { connect, lost } from "./_connect_test.ts";

class Users extends IdentServer {
  override lookup(ours: number, theirs: number): { system: string; userId: string } {
    if (ours === 1) throw new HiddenUser();
    if (ours === 2) throw new Error("database on fire");
    if (ours === 3) return { system: "UNIX", userId: "x\r\n5, 5 : USERID : UNIX : root" };
    if (ours === 4) throw new NoUser();
    return { system: "UNIX", userId: `user${theirs}` };
  }
}

Deno.test("IdentServer answers users and errors", () => {
  const { ask } = connect(new Users());
  for (
    const [question, answer] of [
      ["5, 6", "5, 6 : USERID : UNIX : user6"],
      [" 5 ,6 ", "5, 6 : USERID : UNIX : user6"],
      ["1, 6", "1, 6 : ERROR : HIDDEN-USER"],
      ["4, 6", "4, 6 : ERROR : NO-USER"],
      ["2, 6", "2, 6 : ERROR : UNKNOWN-ERROR"],
      ["3, 6", "3, 6 : ERROR : UNKNOWN-ERROR"],
      ["0, 6", "0, 6 : ERROR : INVALID-PORT"],
      ["5, 70000", "5, 70000 : ERROR : INVALID-PORT"],
      ["x", "0, 0 : ERROR : INVALID-PORT"],
    ]
  ) assertEquals(ask(`${question}\r\n`), `${answer}\r\n`);
  assertEquals(flushLoggedErrors(Error).length, 1);
  assertEquals(connect(new IdentServer()).ask("1,1\n"), "1, 1 : ERROR : NO-USER\r\n");
});

Deno.test("IdentClient asks one thing after the other", () => {
  const { protocol, transport, ask } = connect(new IdentClient());
  const all = [1, 2, 3, 4, 5].map((port) => protocol.lookup(port, 9));
  assertEquals(transport.text(), "1, 9\r\n");
  assertEquals(ask("1, 9 : USERID : UNIX : a: b\r\n"), "2, 9\r\n");
  assertEquals(successResultOf(all[0]!), { system: "UNIX", userId: "a: b" });
  ask("2, 9 : ERROR : NO-USER\r\n3,9:ERROR:INVALID-PORT\r\n4,9 : whatever\r\n");
  failureResultOf(all[1]!, NoUser);
  failureResultOf(all[2]!, InvalidPort);
  failureResultOf(all[3]!, IdentError);
  protocol.connectionLost(lost());
  failureResultOf(all[4]!, ConnectionLost);
  failureResultOf(protocol.lookup(1, 1), ConnectionLost);
  const surplus = connect(new IdentClient());
  surplus.ask("unasked\r\n");
  assert(surplus.transport.disconnecting);
});

Deno.test("IdentServer and IdentClient take any bytes", () => {
  fc.assert(
    fc.property(chunked(), ({ chunks }) => {
      for (const protocol of [new IdentServer(), new IdentClient()]) {
        const { transport } = connect(protocol);
        for (const chunk of chunks) if (transport.connected) protocol.dataReceived(chunk.slice());
      }
    }),
    { numRuns: 60 },
  );
});

Deno.test("IdentServer answers one question at a time, and closes idle connections", () => {
  const asked: number[] = [];
  const waiting = new Deferred<IdentUser>();
  class Slow extends IdentServer {
    override lookup(ours: number) {
      asked.push(ours);
      return ours === 1 ? waiting : { system: "OTHER", userId: "x" };
    }
  }
  const { ask, transport, clock, protocol } = connect(new Slow());
  assertEquals([ask("1, 1\r\n2, 2\r\n"), asked, transport.producerState], ["", [1], "paused"]);
  waiting.callback({ system: "UNIX", userId: "ann" });
  assertEquals(transport.text(), "1, 1 : USERID : UNIX : ann\r\n2, 2 : USERID : OTHER : x\r\n");
  clock.advance(59);
  ask("2, 2\r\n");
  clock.advance(59);
  assert(transport.connected);
  clock.advance(1);
  assert(!transport.connected);
  assertEquals(clock.getDelayedCalls(), []);
  assert(protocol.timeoutSeconds === 60);
  const long = connect(new Users());
  long.ask("1".repeat(1001) + "\r\n");
  assert(!long.transport.connected);
});

Deno.test("IdentClient believes no answer about other ports, and waits only so long", () => {
  const { protocol, ask, clock, transport } = connect(new IdentClient({ timeoutSeconds: 5 }));
  const [first, second, third] = [1, 2, 3].map((port) => protocol.lookup(port, 9));
  ask("7, 9 : USERID : UNIX : mallory\r\n 2 ,9: USERID : UNIX : bob\r\n");
  failureResultOf(first!, IdentError);
  assertEquals(successResultOf(second!).userId, "bob");
  clock.advance(5);
  failureResultOf(third!, TimeoutError);
  assert(!transport.connected);
  assertEquals(clock.getDelayedCalls(), []);
});
