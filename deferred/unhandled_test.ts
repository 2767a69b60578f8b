/**
 * What is reported of failures nobody handled. Collection can be asked for only with `--v8-flags=--expose-gc`, which the
 * project's test task sets; each test gives the finalizers, which run as tasks of their own, the turns they need.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import {
  Deferred,
  DeferredList,
  fail,
  Failure,
  gatherResults,
  inlineCallbacks,
  setDebugging,
  setErrorReporter,
  succeed,
} from "@ropewalk/deferred";

/** Runs `make`, drops what it made, collects, and returns what was reported. */
async function reportsOf(make: () => void): Promise<string[]> {
  const reports: string[] = [];
  const before = setErrorReporter((failure, context) =>
    reports.push(`${context}: ${failure.getErrorMessage()}`)
  );
  try {
    make();
    // What was dropped last may survive a collection or two, on a machine that is busy: ask again before saying "nothing".
    for (let round = 0; round < 2 || (round < 6 && reports.length === 0); round++) await collect();
  } finally {
    setErrorReporter(before);
  }
  return reports;
}

// Finalizers run when the collector gets to it; a sentinel that was made last tells that they have.
async function collect(): Promise<void> {
  const { gc } = globalThis as { gc?: () => void };
  assert(gc, "run with --v8-flags=--expose-gc, as `deno task test` does");
  let reached = false;
  const registry = new FinalizationRegistry<null>(() => reached = true);
  (() => registry.register({}, null))();
  for (let turn = 0; turn < 50 && !reached; turn++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  assert(reached, "the collector did not come round");
}

const UNHANDLED = "Unhandled error in Deferred";

Deno.test("a failed chain that is dropped is reported, once", async () => {
  assertEquals(await reportsOf(() => void fail(new Error("dropped"))), [`${UNHANDLED}: dropped`]);
  assertEquals(
    await reportsOf(() => {
      const d = new Deferred<number>();
      d.addCallback((n) => n + 1).addCallback((n) => n + 1);
      d.errback(new Error("through"));
    }),
    [`${UNHANDLED}: through`],
  );
});

Deno.test("a failure is reported once, though it was handled in between", async () => {
  const reports = await reportsOf(() => {
    const d = fail(new Error("first"));
    d.addErrback(() => {
      throw new Error("second");
    });
    d.addCallback(() => {});
    d.addErrback((failure) => failure);
  });
  assertEquals(reports, [`${UNHANDLED}: second`]);
});

Deno.test("a failure that is handled only after some turns of the loop is not reported", async () => {
  let d: Deferred<void> | undefined;
  assertEquals(await reportsOf(() => void (d = fail(new Error("kept")))), []);
  d!.addErrback(() => {});
  d = undefined;
  assertEquals(await reportsOf(() => {}), []);
});

Deno.test("each of many is reported", async () => {
  const reports = await reportsOf(() => {
    for (let i = 0; i < 100; i++) fail(new Error(String(i)));
  });
  assertEquals(reports.length, 100);
  assertEquals(new Set(reports).size, 100);
});

Deno.test("a callback that throws at the end of the chain is reported", async () => {
  assertEquals(
    await reportsOf(() =>
      void succeed().addCallback(() => {
        throw new Error("thrown");
      })
    ),
    [`${UNHANDLED}: thrown`],
  );
});

Deno.test("the report has the very error as long as somebody else holds it, else one like it", async () => {
  class Odd extends RangeError {
    readonly code = "ODD";
  }
  const held = new Odd("held");
  const reported: unknown[] = [];
  const before = setErrorReporter((failure) => reported.push(failure.value));
  try {
    (() => {
      fail(held);
      fail(new Error("outer", { cause: new Odd("inner") }));
      succeed().addCallback(() => {
        throw "text";
      });
    })();
    await collect();
    await collect();
  } finally {
    setErrorReporter(before);
  }
  assert(reported.includes(held) && reported.includes("text"));
  const outer = reported.find((value) => value instanceof Error && value !== held) as Error;
  assertStringIncludes(outer.stack!, "unhandled_test");
  const inner = outer.cause as Odd;
  assert(inner instanceof Odd);
  assertEquals([inner.message, inner.code, Object.keys(outer)], ["inner", "ODD", []]);
});

Deno.test("what an errback handled is not reported, early or late", async () => {
  assertEquals(
    await reportsOf(() => {
      fail(new Error("early")).addErrback(() => {});
      const d = new Deferred<void>();
      d.addErrback(() => {});
      d.errback(new Error("late"));
      fail(new Error("both")).addBoth(() => {});
      fail(new Error("pair")).addCallbacks(() => {}, () => {});
    }),
    [],
  );
});

Deno.test("an errback that fails anew is reported for what it threw, not for what it handled", async () => {
  const reports = await reportsOf(() => {
    fail(new Error("first")).addErrback(() => {
      throw new Error("second");
    });
    fail(new Error("same")).addErrback((failure) => failure);
  });
  assertEquals(reports.sort(), [`${UNHANDLED}: same`, `${UNHANDLED}: second`]);
});

Deno.test("what promises and await have seen counts as handled", async () => {
  const reports = await reportsOf(() => {
    fail(new Error("caught")).catch(() => {});
    fail(new Error("then")).then(() => {}, () => {});
    fail(new Error("to promise")).toPromise().catch(() => {});
    (async () => {
      try {
        await fail(new Error("awaited"));
      } catch {
        // that is all
      }
    })();
    const waiting = new Deferred<void>();
    waiting.catch(() => {});
    waiting.addCallback(() => {}); // the failure passes it, and has been seen all the same
    waiting.errback(new Error("passes"));
  });
  assertEquals(reports, []);
});

Deno.test("a failure that moved to another Deferred is reported once, by the last owner", async () => {
  assertEquals(
    await reportsOf(() => {
      const inner = fail(new Error("moved"));
      succeed().addCallback(() => inner);
      const pending = new Deferred<void>();
      succeed().addCallback(() => pending);
      pending.errback(new Error("moved late"));
      const target = new Deferred<void>();
      fail<void>(new Error("chained")).chainDeferred(target);
    }).then((reports) => reports.sort()),
    [`${UNHANDLED}: chained`, `${UNHANDLED}: moved`, `${UNHANDLED}: moved late`],
  );
  assertEquals(
    await reportsOf(() => {
      succeed().addCallback(() => fail(new Error("moved"))).addErrback(() => {});
    }),
    [],
  );
});

Deno.test("a generator that took the failure owns it", async () => {
  const reports = await reportsOf(() => {
    const handled = inlineCallbacks(function* () {
      try {
        yield* fail(new Error("handled"));
      } catch {
        yield fail(new Error("left")).addErrback(() => {});
      }
    });
    const unhandled = inlineCallbacks(function* () {
      yield fail(new Error("unhandled"));
    });
    handled();
    unhandled();
  });
  assertEquals(reports, [`${UNHANDLED}: unhandled`]);
});

Deno.test("lists: failures stay with their Deferreds unless they are consumed", async () => {
  assertEquals(
    await reportsOf(() => {
      new DeferredList([fail(new Error("consumed"))], { consumeErrors: true });
      gatherResults([fail(new Error("gathered"))], { consumeErrors: true }).addErrback(() => {});
    }),
    [],
  );
  assertEquals(await reportsOf(() => void new DeferredList([fail(new Error("kept"))])), [
    `${UNHANDLED}: kept`,
  ]);
});

Deno.test("a paused chain that is never let go is not reported as unhandled", async () => {
  assertEquals(
    await reportsOf(() => {
      const d = new Deferred<void>();
      d.pause();
      d.errback(new Error("held"));
    }),
    [],
  );
});

Deno.test("with debugging on the report tells where the Deferred was made and fired", async () => {
  setDebugging(true);
  let report = "";
  try {
    [report = ""] = await reportsOf(() => {
      const makeIt = () => new Deferred<void>();
      const breakIt = (d: Deferred<void>) => d.errback(new Error("e"));
      breakIt(makeIt());
    });
  } finally {
    setDebugging(false);
  }
  assertMatch(report, /The Deferred was made at:\n +at makeIt .*unhandled_test/);
  assertMatch(report, /It was fired at:\n +at breakIt .*unhandled_test/);
});

Deno.test("a report names the failure once and shows nothing of the Deferred", async () => {
  const lines: string[] = [];
  const before = console.error;
  console.error = (line: string) => void lines.push(line);
  const { reportToConsole } = await import("@ropewalk/deferred");
  const reporter = setErrorReporter(reportToConsole);
  try {
    (() => void fail(new Error("only once")))();
    await collect();
    await collect();
  } finally {
    console.error = before;
    setErrorReporter(reporter);
  }
  assertEquals(lines.length, 1);
  assertEquals(lines[0]!.match(/only once/g)?.length, 1);
  assert(!lines[0]!.includes("[Deferred"));
  assert(!lines[0]!.includes(String(new Failure(1)).slice(0, 8)));
});

function checkExitReports(stderr: string): void {
  assertStringIncludes(stderr, `${UNHANDLED}: RangeError: left at the end`);
  assertMatch(
    stderr,
    /Unhandled error in Deferred\nThe Deferred was made at:\n +at makeIt [^]*It was fired at:\n +at breakIt [^]*: Error: with a story/,
  );
  assertEquals(stderr.match(/Unhandled error in Deferred/g)?.length, 2, stderr);
}

Deno.test("what is unhandled when the program ends is reported then", async () => {
  const { stdout, stderr, code } = await new Deno.Command("deno", {
    args: ["run", "--no-check", new URL("testdata/unhandled_at_exit.ts", import.meta.url).href],
    env: { NO_COLOR: "1" },
  }).output();
  assertEquals([new TextDecoder().decode(stdout), code], ["leaving 3\n", 0]);
  checkExitReports(new TextDecoder().decode(stderr));
});

Deno.test("bundled, the same program does the same under node", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const bundle = `${folder}/bundle.mjs`;
    const source = new URL("testdata/unhandled_at_exit.ts", import.meta.url).pathname;
    const bundled = await new Deno.Command("deno", {
      args: ["bundle", "--quiet", "--platform=browser", source, "-o", bundle],
    }).output();
    assertEquals(bundled.code, 0, new TextDecoder().decode(bundled.stderr));
    const run = await new Deno.Command("node", { args: [bundle] }).output();
    assertEquals([new TextDecoder().decode(run.stdout), run.code], ["leaving 3\n", 0]);
    checkExitReports(new TextDecoder().decode(run.stderr));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
