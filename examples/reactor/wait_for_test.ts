import { TimeoutError } from "@ropewalk/deferred";
import { react } from "@ropewalk/reactor";
import { assertNoResult, failureResultOf, MemoryReactor, successResultOf } from "@ropewalk/testing";
import { assertEquals } from "@std/assert";
import { main, PAUSE_SECONDS, waitFor } from "./wait_for.ts";

Deno.test("it is tried again until somebody answers, who is told good-bye", () => {
  const reactor = new MemoryReactor();
  const waiting = waitFor(reactor, "tcp:127.0.0.1:8000", 10);
  for (let attempt = 0; attempt < 3; attempt++) {
    reactor.tcpClients[attempt]!.fail();
    assertNoResult(waiting);
    reactor.advance(PAUSE_SECONDS);
  }
  const connection = reactor.tcpClients[3]!.succeed()!;
  assertEquals([successResultOf(waiting), connection.connected, reactor.getDelayedCalls()], [4, false, []]);
});

Deno.test("when the time is over, the attempt that is under way ends with it", () => {
  const reactor = new MemoryReactor();
  const waiting = waitFor(reactor, "tcp:127.0.0.1:8000", 10);
  reactor.advance(10);
  failureResultOf(waiting, TimeoutError);
  assertEquals([reactor.tcpClients[0]!.state, reactor.getDelayedCalls()], ["disconnected", []]);
});

Deno.test("somebody who answers and hangs up at once is there too", () => {
  const reactor = new MemoryReactor();
  const waiting = waitFor(reactor, "tcp:127.0.0.1:8000", 10);
  reactor.tcpClients[0]!.succeed()!.peerCloses();
  assertEquals(successResultOf(waiting), 1);
});

Deno.test("the process ends with 0, with 1 when the time is over, with 2 for a place that is none", async () => {
  const run = async (description: string, during: (reactor: MemoryReactor) => void) => {
    const reactor = new MemoryReactor();
    const codes: number[] = [];
    const ended = react(main, [description, "5"], { reactor, exit: (code) => codes.push(code) });
    await reactor.settle();
    during(reactor);
    reactor.advance(5);
    await reactor.settle();
    reactor.advance(0);
    await ended;
    return codes;
  };
  assertEquals(await run("tcp:127.0.0.1:1", (reactor) => reactor.tcpClients[0]!.succeed()), [0]);
  assertEquals(await run("tcp:127.0.0.1:1", () => {}), [1]);
  assertEquals(await run("nowhere", () => {}), [2]);
});
