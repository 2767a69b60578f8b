import { Clock, failureResultOf, successResultOf } from "@ropewalk/testing";
import { renderResource } from "@ropewalk/testing/web";
import { assertEquals } from "@std/assert";
import { cooperatively, fibonacci, fibonacciSteps, MAX_N, tree } from "./web_fibonacci.ts";

Deno.test("both ways find the same", () => {
  for (let n = 0; n < 15; n++) {
    const steps = fibonacciSteps(n);
    let step = steps.next();
    while (!step.done) step = steps.next();
    assertEquals(step.value, fibonacci(n));
  }
  assertEquals(renderResource(tree(), "GET /inline?n=10").text(), "55\n");
});

Deno.test("in steps, others have their turn before it is done", () => {
  const clock = new Clock();
  const result = cooperatively(clock, 20, 0);
  let turns = 0;
  const other = () => {
    turns++;
    if (!result.called) clock.callLater(0, other);
  };
  other();
  clock.advance(0);
  assertEquals([successResultOf(result), turns > 10], [6765, true]);
});

Deno.test("what is no number, or would take for ever, is refused", () => {
  for (const n of ["x", "-1", "1.5", `${MAX_N + 1}`]) {
    assertEquals(renderResource(tree(), `GET /inline?n=${n}`).status, 400, n);
  }
});

Deno.test("when the reader hangs up, the work ends", () => {
  const response = renderResource(tree(), "GET /cooperate?n=35");
  response.hangUp();
  assertEquals(response.clock.getDelayedCalls(), []);
});

Deno.test("so it does when somebody gives up in the middle of it", () => {
  const clock = new Clock();
  const result = cooperatively(clock, 35, 0);
  let turns = 0;
  const other = () => ++turns === 5 ? result.cancel() : clock.callLater(0, other);
  other();
  clock.advance(0);
  failureResultOf(result, "TaskStopped");
  assertEquals(clock.getDelayedCalls(), []);
});
