import { PBConnectionLost } from "@ropewalk/spread";
import { Clock, failureResultOf, successResultOf } from "@ropewalk/testing";
import { connectedRoot } from "@ropewalk/testing/spread";
import { assertEquals } from "@std/assert";
import { Calculator, use } from "./ipc.ts";

Deno.test("the other process divides, and an error comes back as its class", () => {
  const { reference, pump } = connectedRoot(new Calculator());
  for (
    const [divisor, answer] of [[2, "7 / 2 is 3.5 (call 1)"], [0, "7 / 0 is no number (call 2)"]] as const
  ) {
    const result = use(reference, 7, divisor);
    pump.flush();
    assertEquals(successResultOf(result), answer);
  }
});

Deno.test("when the other process goes away, or is silent too long, the call fails", () => {
  const { reference, pump } = connectedRoot(new Calculator());
  const clock = new Clock();
  const late = use(reference, 7, 2).addTimeout(3, clock);
  clock.advance(3);
  failureResultOf(late, "TimeoutError");
  pump.flush();
  const lost = use(reference, 7, 2);
  reference.broker.transport.abortConnection();
  pump.flush();
  failureResultOf(lost, PBConnectionLost);
});
