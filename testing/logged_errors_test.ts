import { assertEquals } from "@std/assert";
import { reportError, setErrorReporter } from "@ropewalk/deferred";
import { collectErrors, flushLogged, flushLoggedErrors } from "./logged_errors.ts";

Deno.test("flushLoggedErrors takes what was reported, by kind, and leaves the rest", () => {
  const done = collectErrors();
  reportError(new RangeError("one"));
  reportError(new TypeError("two"));
  reportError(new RangeError("three"), "somewhere");
  assertEquals(flushLoggedErrors(RangeError).map((failure) => failure.getErrorMessage()), ["one", "three"]);
  assertEquals(flushLogged().map(({ context }) => context), ["Unhandled error"]);
  assertEquals(flushLoggedErrors(), []);
  done();
});

Deno.test("outside of a test that collects, errors reach the reporter that was in force as well", () => {
  const seen: string[] = [];
  const before = setErrorReporter((failure) => seen.push(failure.getErrorMessage()));
  flushLoggedErrors(); // puts the tap in front of the new reporter
  reportError(new Error("loud"));
  assertEquals(seen, ["loud"]);
  const done = collectErrors();
  reportError(new Error("quiet"));
  done();
  assertEquals([seen, flushLoggedErrors().length], [["loud"], 1]);
  setErrorReporter(before);
});
