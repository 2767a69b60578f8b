import { Clock, failureResultOf, StringTransportWithDisconnection, successResultOf } from "@ropewalk/testing";
import { assert, assertEquals } from "@std/assert";
import { PATIENCE_SECONDS, Pipeline } from "./client_4.ts";

function start() {
  const clock = new Clock();
  const pipeline = new Pipeline();
  const transport = new StringTransportWithDisconnection({ reactor: clock });
  transport.protocol = pipeline;
  pipeline.makeConnection(transport);
  const receive = (text: string) => pipeline.dataReceived(new TextEncoder().encode(text));
  return { clock, pipeline, transport, receive };
}

Deno.test("answers find their questions, and each knows how long it took", () => {
  const { clock, pipeline, transport, receive } = start();
  const answers = ["one", "two"].map((text) => pipeline.ask(text));
  assertEquals(transport.text(), "one\r\ntwo\r\n");
  clock.advance(0.25);
  receive("ONE\r\nT");
  clock.advance(0.25);
  receive("WO\r\n");
  assertEquals(answers.map(successResultOf), ["ONE (250 ms)", "TWO (500 ms)"]);
  assertEquals(clock.getDelayedCalls(), []);
});

Deno.test("a server that hangs up fails all that wait, and all that ask later", () => {
  const { pipeline, transport, receive } = start();
  const answers = ["one", "two", "three"].map((text) => pipeline.ask(text));
  receive("ONE\r\n");
  transport.loseConnection();
  assertEquals(successResultOf(answers[0]!), "ONE (0 ms)");
  for (const answer of [...answers.slice(1), pipeline.ask("four")]) failureResultOf(answer, "ConnectionDone");
});

Deno.test("a server that is silent too long, or answers what nobody asked, is left", () => {
  const silent = start();
  const answer = silent.pipeline.ask("one");
  silent.clock.advance(PATIENCE_SECONDS);
  silent.clock.advance(0);
  failureResultOf(answer, "ConnectionAborted");
  const rude = start();
  rude.receive("HELLO\r\n");
  assert(rude.transport.disconnecting);
});
