/**
 * A time-out tested without waiting for it.
 *
 *     deno test examples/tutorial/testing_timeout_test.ts
 *
 * What is new since testing_transport_test.ts: a `Clock` in place of the reactor's time, which the test turns. A protocol
 * takes its time from its transport, so it is handed in without the protocol's knowing.
 */
import { Deferred, type Failure } from "@ropewalk/deferred";
import { LineReceiver, TimeoutMixin } from "@ropewalk/protocols";
import {
  assertNoResult,
  Clock,
  failureResultOf,
  StringTransportWithDisconnection,
  successResultOf,
} from "@ropewalk/testing";
import { assertEquals } from "@std/assert";

/** Asks for a word; whoever thinks about it for more than a minute is left. */
class Password extends TimeoutMixin(LineReceiver) {
  readonly word = new Deferred<string>();

  override connectionMade(): void {
    this.setTimeout(60);
    this.sendLine("the word?");
  }

  override lineReceived(line: string): void {
    this.setTimeout(null);
    this.word.callback(line);
  }

  override connectionLost(reason: Failure): void {
    super.connectionLost(reason);
    if (!this.word.called) this.word.errback(reason);
  }
}

function connect() {
  const clock = new Clock();
  const transport = new StringTransportWithDisconnection({ reactor: clock });
  const password = new Password();
  transport.protocol = password;
  password.makeConnection(transport);
  return { clock, password, transport };
}

Deno.test("a word in time is taken, and no call is left behind", () => {
  const { clock, password } = connect();
  clock.advance(59.9);
  assertNoResult(password.word);
  password.dataReceived(new TextEncoder().encode("sesame\r\n"));
  assertEquals([successResultOf(password.word), clock.getDelayedCalls()], ["sesame", []]);
});

Deno.test("a minute is a minute", () => {
  const { clock, password, transport } = connect();
  clock.advance(60);
  clock.advance(0);
  failureResultOf(password.word, "ConnectionDone", "ConnectionAborted");
  assertEquals(transport.connected, false);
});

Deno.test("who hangs up before is not waited for", () => {
  const { clock, password, transport } = connect();
  transport.loseConnection();
  failureResultOf(password.word, "ConnectionDone");
  assertEquals(clock.getDelayedCalls(), []);
});
