import fc from "fast-check";
import { type Failure, setErrorReporter } from "@ropewalk/deferred";
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { Clock } from "@ropewalk/testing";
import { noUpgrades, ToldReactor } from "./_told_reactor_test.ts";
import { PipeAddress } from "./addresses.ts";
import { ConnectionAborted, ConnectionDone, ConnectionLost } from "./errors.ts";
import type { HostStream } from "./host_network.ts";
import { StreamConnection } from "./stream_connection.ts";

/** A stream that takes as much of each write as the next of some numbers says, and notes what that was. */
class Reluctant implements HostStream {
  readonly localAddress = new PipeAddress();
  readonly remoteAddress = new PipeAddress();
  readonly taken: number[] = [];
  writes = 0;
  inFlight = 0;
  closed = false;
  failing = false;

  constructor(readonly sizes: readonly number[]) {}

  read(): Promise<null> {
    return new Promise(() => {});
  }

  async write(data: Uint8Array): Promise<number> {
    assertEquals(this.inFlight++, 0); // never two at a time
    await Promise.resolve();
    this.inFlight--;
    if (this.failing) throw new Error("EPIPE");
    const count = Math.min(data.length, this.sizes[this.writes++ % this.sizes.length]!);
    this.taken.push(...data.subarray(0, count));
    return count;
  }

  closeWrite(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    this.closed = true;
  }
}

function connect(sizes: readonly number[]) {
  const clock = new Clock();
  const reactor = new ToldReactor(clock);
  const stream = new Reluctant(sizes);
  const reasons: unknown[] = [];
  const protocol = {
    makeConnection() {},
    dataReceived() {},
    connectionLost: (reason: Failure) => void reasons.push(reason.value),
  };
  const connection = new StreamConnection(reactor, stream, protocol, noUpgrades, true, null);
  connection.start();
  return { stream, connection, reasons, reactor };
}

async function settle(until: () => boolean): Promise<void> {
  for (let turn = 0; turn < 100_000 && !until(); turn++) await Promise.resolve();
}

interface Action {
  kind: "bytes" | "text" | "sequence" | "turn";
  length: number;
}

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("bytes" as const), length: fc.nat(400) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("text" as const), length: fc.nat(40) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("sequence" as const), length: fc.nat(60) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("turn" as const), length: fc.nat(5) }) },
);
const script = fc.tuple(
  fc.array(action, { maxLength: 30 }),
  fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 8 }),
);

/** Does what a script says; what should have been sent. */
async function play(connection: StreamConnection, actions: readonly Action[]) {
  const written: number[] = [];
  let next = 0;
  const piece = (length: number): Uint8Array<ArrayBuffer> => Uint8Array.from({ length }, () => next++ % 251);
  for (const { kind, length } of actions) {
    if (kind === "turn") {
      for (let turn = 0; turn < length; turn++) await Promise.resolve();
    } else if (kind === "text") {
      const text = `wörd ${length} `.repeat(length % 5);
      written.push(...new TextEncoder().encode(text));
      connection.write(text);
    } else {
      const pieces = kind === "bytes" ? [piece(length)] : [piece(length), piece(length >> 1), piece(1)];
      for (const bytes of pieces) written.push(...bytes);
      if (kind === "bytes") connection.write(pieces[0]!);
      else connection.writeSequence(pieces);
      for (const bytes of pieces) bytes.fill(255); // they have been copied
    }
  }
  return written;
}

Deno.test("whatever is written, and however little of it the host takes at a time, arrives whole and in order", async () => {
  await fc.assert(
    fc.asyncProperty(script, async ([actions, sizes]) => {
      const { stream, connection, reasons, reactor } = connect(sizes);
      const written = await play(connection, actions);
      connection.loseConnection();
      await settle(() => reasons.length > 0);
      assertEquals(stream.taken, written);
      assertInstanceOf(reasons[0], ConnectionDone);
      assertEquals([reasons.length, stream.closed, reactor.stats().bytesOut], [1, true, written.length]);
    }),
    { numRuns: 150, seed: 4 },
  );
});

Deno.test("an abort, or a host that fails, ends it anywhere: what was taken is a beginning of what was written", async () => {
  await fc.assert(
    fc.asyncProperty(script, fc.boolean(), fc.nat(40), async ([actions, sizes], aborts, turns) => {
      const { stream, connection, reasons } = connect(sizes);
      const written = await play(connection, [...actions, { kind: "bytes", length: 200 }]);
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      stream.failing = true;
      if (aborts) connection.abortConnection();
      else connection.write("one more");
      await settle(() => reasons.length > 0);
      assertInstanceOf(reasons[0], aborts ? ConnectionAborted : ConnectionLost);
      assertEquals([reasons.length, stream.closed], [1, true]);
      assert(stream.taken.every((byte, i) => byte === written[i]));
      const { length } = stream.taken;
      connection.write("late");
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
      assertEquals(stream.taken.length, length);
    }),
    { numRuns: 150, seed: 5 },
  );
});

Deno.test("what an async producer fails with is reported and ends the connection", async () => {
  const errors: unknown[] = [];
  const previous = setErrorReporter((failure) => void errors.push(failure.value));
  try {
    const { connection, reasons } = connect([100]);
    const problem = new RangeError("on purpose");
    connection.registerProducer(
      { resumeProducing: () => Promise.reject(problem), stopProducing: () => {} },
      false,
    );
    await settle(() => reasons.length > 0);
    assertEquals([errors, reasons], [[problem], [problem]]);
  } finally {
    setErrorReporter(previous);
  }
});
