import { assert, assertEquals, assertStrictEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { errorNames, Failure, reportError, reportToConsole, setErrorReporter } from "@ropewalk/deferred";

class Trouble extends Error {
  static readonly wireName = "builtins.KeyError";
}
class RemoteTrouble extends Error {
  readonly parents = ["remote.Specific", "remote.General"];
}

Deno.test("a Failure keeps the very object that was thrown, and unwraps another Failure", () => {
  const error = new Error("e");
  for (const value of [error, "text", 0, null, undefined]) {
    assertStrictEquals(new Failure(value).value, value);
  }
  assertStrictEquals(new Failure(new Failure(error)).value, error);
});

Deno.test("check gives the first class or name that matches", () => {
  const failure = new Failure(new RangeError("far"));
  assertStrictEquals(failure.check(TypeError, RangeError, Error), RangeError);
  assertStrictEquals(failure.check(Error, RangeError), Error);
  assertEquals(failure.check("Error"), "Error");
  assertEquals(failure.check(TypeError, "TypeError"), undefined);
  assertEquals(failure.check(), undefined);
});

Deno.test("check knows errors by the names they have on a wire", () => {
  const trouble = new Failure(new Trouble("k"));
  assertEquals(trouble.check("builtins.KeyError"), "builtins.KeyError");
  assertStrictEquals(trouble.check(Trouble), Trouble);
  assertEquals(trouble.type, "builtins.KeyError");
  const remote = new Failure(new RemoteTrouble("r"));
  assertEquals(remote.check("remote.General"), "remote.General");
  assertEquals(errorNames(remote.value), ["remote.Specific", "remote.General"]);
  class Unnamed extends Trouble {} // a wire name is a class's own, not its heirs'
  assertEquals(errorNames(new Unnamed()), ["Unnamed", "builtins.KeyError", "Error"]);
});

Deno.test("trap returns what matched and throws the original error when nothing does", () => {
  const error = new RangeError("far");
  const failure = new Failure(error);
  assertStrictEquals(failure.trap(TypeError, RangeError), RangeError);
  assertStrictEquals(thrownBy(() => failure.trap(TypeError)), error);
  assertStrictEquals(thrownBy(() => new Failure("text").trap(Error)), "text");
});

Deno.test("raiseException throws the original error", () => {
  const error = new Error("e");
  assertStrictEquals(thrownBy(() => new Failure(error).raiseException()), error);
});

Deno.test("messages and tracebacks of Errors and of other values", () => {
  const error = new RangeError("far");
  const failure = new Failure(error);
  assertEquals(failure.getErrorMessage(), "far");
  assertEquals(failure.getBriefTraceback(), "RangeError: far");
  assertEquals(failure.getTraceback(), error.stack);
  assertEquals(String(failure), "[Failure RangeError: far]");
  const text = new Failure("text");
  assertEquals(text.getErrorMessage(), "text");
  assertEquals(text.getBriefTraceback(), "string: text");
  assertEquals(text.getTraceback(), "Thrown: text");
  assertEquals(new Failure(Object.create(null)).getErrorMessage(), "[object Object]");
  const lines: string[] = [];
  failure.printTraceback((line) => lines.push(line));
  assertEquals(lines, [error.stack]);
});

Deno.test("an error whose stack was deleted still has a traceback", () => {
  const error = new Error("bare");
  delete (error as { stack?: string }).stack;
  assertEquals(new Failure(error).getTraceback(), "Error: bare");
});

Deno.test("making a Failure reads no stack", () => {
  let reads = 0;
  const error = new Error("e");
  Object.defineProperty(error, "stack", {
    get: () => {
      reads++;
      return "the stack";
    },
  });
  const failure = new Failure(error);
  assertEquals(reads, 0);
  assertEquals(failure.getTraceback(), "the stack");
});

Deno.test("Failure.is tells Failures from all else", () => {
  assert(Failure.is(new Failure(1)));
  for (const other of [null, undefined, 1, new Error(), {}]) assert(!Failure.is(other));
});

Deno.test("reportError hands anything to the reporter as a Failure, and survives a broken reporter", () => {
  const seen: unknown[] = [];
  const before = setErrorReporter((failure, context) => void seen.push(failure.value, context));
  try {
    reportError("text");
    reportError(new Failure(5), "In a test");
    assertEquals(seen, ["text", "Unhandled error", 5, "In a test"]);
    setErrorReporter(() => {
      throw new Error("broken reporter");
    });
    const lines = captureConsole(() => reportError(new RangeError("lost"), "In a test"));
    assertEquals(lines.length, 1);
    assertStringIncludes(lines[0]!, "The error reporter failed (Error: broken reporter) on In a test");
    assertStringIncludes(lines[0]!, "RangeError: lost");
  } finally {
    assertThrows(() => setErrorReporter(before)(new Failure(1), ""), Error, "broken reporter");
  }
});

Deno.test("until a reporter is set, errors go to the console's error stream", () => {
  const error = new Error("e");
  const lines = captureConsole(() => reportToConsole(new Failure(error), "In a test"));
  assertEquals(lines, [`In a test: ${error.stack}`]);
});

function captureConsole(f: () => void): string[] {
  const lines: string[] = [];
  const before = console.error;
  console.error = (line: string) => void lines.push(line);
  try {
    f();
  } finally {
    console.error = before;
  }
  return lines;
}

function thrownBy(f: () => unknown): unknown {
  try {
    f();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}
