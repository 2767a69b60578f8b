import { fail } from "@ropewalk/deferred";
import { ConnectionLost, deferLater } from "@ropewalk/reactor/core";
import { Clock, failureResultOf, StringTransport, successResultOf } from "@ropewalk/testing";
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { allAtOnce, oneAfterAnother, Slow } from "./timing.ts";

Deno.test("twenty waits of a tenth of a second take two seconds, or a tenth of one", () => {
  const clock = new Clock();
  const askOne = (text: string) => deferLater(clock, 0.1, () => text);
  const slow = oneAfterAnother(clock, 20, askOne);
  clock.pump(Array(20).fill(0.1));
  assertAlmostEquals(successResultOf(slow), 2);
  const fast = allAtOnce(clock, 20, askOne);
  clock.advance(0.1);
  assertAlmostEquals(successResultOf(fast), 0.1);
});

Deno.test("a server that hangs up ends both", () => {
  const clock = new Clock();
  const lost = () => fail(new ConnectionLost());
  failureResultOf(oneAfterAnother(clock, 3, lost), ConnectionLost);
  failureResultOf(allAtOnce(clock, 3, lost), "FirstError"); // which knows the one that failed, and why
});

Deno.test("the slow server answers when its time has come, and to nobody who has hung up", () => {
  const reactor = new Clock();
  const transport = new StringTransport({ reactor });
  const slow = new Slow(1);
  slow.makeConnection(transport);
  slow.lineReceived("hello");
  reactor.advance(0.9);
  assertEquals(transport.text(), "");
  reactor.advance(0.1);
  assertEquals(transport.text(), "hello\r\n");
  slow.lineReceived("again");
  transport.loseConnection();
  reactor.advance(1);
  assertEquals(transport.text(), "hello\r\n");
});
