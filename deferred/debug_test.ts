import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import {
  AlreadyCalledError,
  Deferred,
  type Failure,
  getDebugging,
  inlineCallbacks,
  setDebugging,
  succeed,
} from "@ropewalk/deferred";

function debugging(f: () => void): void {
  assertEquals(getDebugging(), false);
  setDebugging(true);
  try {
    f();
  } finally {
    setDebugging(false);
  }
}

function failureOf(d: Deferred<unknown>): Failure {
  let seen: Failure | undefined;
  d.addErrback((failure) => void (seen = failure));
  assert(seen, "no failure yet");
  return seen;
}

Deno.test("with debugging on AlreadyCalledError tells where the Deferred was made and first fired", () => {
  debugging(() => {
    const makeIt = () => new Deferred<number>();
    const fireIt = (d: Deferred<number>) => d.callback(1);
    const d = makeIt();
    fireIt(d);
    const { message } = assertThrows(() => d.callback(2), AlreadyCalledError);
    assertMatch(
      message,
      /^Cannot fire a Deferred: it was fired already\nThe Deferred was made at:\n +at makeIt .*debug_test/,
    );
    assertMatch(message, /\nIt was fired at:\n +at fireIt .*debug_test/);
  });
});

Deno.test("the places are those of errback, succeed and a generator as well", () => {
  debugging(() => {
    const d = new Deferred<number>();
    const breakIt = () => d.errback(new Error("e"));
    breakIt();
    assertMatch(assertThrows(() => d.callback(2), AlreadyCalledError).message, /fired at:\n +at breakIt /);
    failureOf(d);
    const made = succeed(1);
    assertStringIncludes(assertThrows(() => made.callback(2), AlreadyCalledError).message, "debug_test");
  });
});

Deno.test("a Deferred made before debugging was turned on says so", () => {
  const d = new Deferred<number>();
  debugging(() => {
    d.callback(1);
    const { message } = assertThrows(() => d.callback(2), AlreadyCalledError);
    assertStringIncludes(message, "before debugging was turned on");
    assertStringIncludes(message, "debug_test");
  });
});

Deno.test("without debugging nothing is recorded", () => {
  const d = new Deferred<number>();
  d.callback(1);
  assertEquals(
    assertThrows(() => d.callback(2), AlreadyCalledError).message,
    "Cannot fire a Deferred: it was fired already",
  );
});

function stories(source: Deferred<number>) {
  const innermost = inlineCallbacks(function* innermost() {
    return yield* source;
  });
  const middle = inlineCallbacks(function* middle() {
    yield* succeed(); // another wait, on another line
    return yield* innermost();
  });
  const outermost = inlineCallbacks(function* outermost() {
    return yield* middle();
  });
  return outermost();
}

function waitingNames(traceback: string): string[] {
  return [...traceback.matchAll(/^ +at waiting (\w+)/gm)].map((match) => match[1]!);
}

Deno.test("a traceback shows the lines of the generators that were waiting, outermost last", () => {
  debugging(() => {
    const source = new Deferred<number>();
    const d = stories(source);
    const error = new RangeError("deep");
    source.errback(error);
    const traceback = failureOf(d).getTraceback();
    assert(traceback.startsWith(error.stack!));
    assertEquals(waitingNames(traceback), ["innermost", "middle", "outermost"]);
    const lines = [...traceback.matchAll(/at waiting \w+ \(.*debug_test\.ts:(\d+):\d+\)/g)].map((m) =>
      +m[1]!
    );
    assertEquals(lines.length, 3);
    assertEquals(lines[1]! - lines[0]!, 4); // the second wait of `middle`, not its first
    assertEquals(lines[2]! - lines[1]!, 3);
  });
});

Deno.test("so it does where the failure was there before it was waited for", () => {
  debugging(() => {
    const source = new Deferred<number>();
    source.errback(new Error("early"));
    assertEquals(waitingNames(failureOf(stories(source)).getTraceback()), [
      "innermost",
      "middle",
      "outermost",
    ]);
  });
});

Deno.test("a bare yield shows the line where the generator made the Deferred, or at least its name", () => {
  debugging(() => {
    const error = new Error("e");
    const failing = () =>
      succeed().addCallback(() => {
        throw error;
      });
    const d = inlineCallbacks(function* outer() {
      yield inlineCallbacks(function* inner() {
        yield failing();
      })();
    })();
    const traceback = failureOf(d).getTraceback();
    assertEquals(waitingNames(traceback), ["inner", "outer"]);
    assertEquals(traceback.match(/at waiting \w+ \(.*debug_test\.ts:\d+:\d+\)/g)?.length, 2);
  });
  setDebugging(true);
  return Promise.resolve(
    inlineCallbacks(function* lonely() {
      yield Promise.reject(new Error("e"));
    })().addErrback((failure) =>
      assertStringIncludes(failure.getTraceback(), "at waiting lonely (a bare yield)")
    )
      .addBoth((result) => {
        setDebugging(false);
        return result;
      }),
  );
});

Deno.test("plain generators in between are shown too, and calls between generators do not confuse it", () => {
  debugging(() => {
    const source = new Deferred<number>();
    const other = inlineCallbacks(function* other() {
      yield* succeed(1);
      return 1;
    });
    function* helper() {
      return yield* source;
    }
    const d = inlineCallbacks(function* outer() {
      other(); // drives a generator of its own before this one waits
      return yield* helper();
    })();
    source.errback(new Error("e"));
    assertEquals(waitingNames(failureOf(d).getTraceback()), ["helper", "outer"]);
  });
});

Deno.test("without debugging the traceback is the thrown error's own stack", () => {
  const source = new Deferred<number>();
  const d = stories(source);
  const error = new Error("deep");
  source.errback(error);
  assertEquals(failureOf(d).getTraceback(), error.stack);
});

Deno.test("an error that a generator replaced does not carry the old one's story", () => {
  debugging(() => {
    const source = new Deferred<number>();
    const replacing = inlineCallbacks(function* replacing() {
      try {
        yield* source;
      } catch {
        throw new RangeError("replaced");
      }
    });
    const d = inlineCallbacks(function* outer() {
      yield* replacing();
    })();
    source.errback(new Error("e"));
    const failure = failureOf(d);
    assertEquals(failure.getErrorMessage(), "replaced");
    assertEquals(waitingNames(failure.getTraceback()), ["outer"]);
  });
});
