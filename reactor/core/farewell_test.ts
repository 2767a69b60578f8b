import type { Failure } from "@ropewalk/deferred";
import { assertEquals, assertInstanceOf } from "@std/assert";
import { Clock } from "@ropewalk/testing";
import { noUpgrades, settle, ToldReactor } from "./_told_reactor_test.ts";
import { PipeAddress } from "./addresses.ts";
import { ConnectionAborted, ConnectionDone } from "./errors.ts";
import type { HostStream } from "./host_network.ts";
import { StreamConnection } from "./stream_connection.ts";

/** A stream under TLS that a test speaks for. */
class Secured implements HostStream {
  readonly localAddress = new PipeAddress();
  readonly remoteAddress = new PipeAddress();
  readonly tls = { negotiatedProtocol: null, peerCertificate: () => null };
  readonly done: string[] = [];
  reads = 0;
  /** Answers the read in flight: so many bytes, the end of input, or an error. */
  answer: (what: number | null | Error) => void = () => {};

  read(): Promise<number | null> {
    this.reads++;
    return new Promise((resolve, reject) => {
      this.answer = (what) => what instanceof Error ? reject(what) : resolve(what);
    });
  }

  write(data: Uint8Array): Promise<number> {
    this.done.push(`write ${data.length}`);
    return Promise.resolve(data.length);
  }

  closeWrite(): Promise<void> {
    this.done.push("closeWrite");
    return Promise.resolve();
  }

  close(): void {
    this.done.push("close");
  }
}

function connect() {
  const clock = new Clock();
  const stream = new Secured();
  const lost: unknown[] = [];
  let received = 0;
  const protocol = {
    makeConnection() {},
    dataReceived: (data: Uint8Array) => void (received += data.length),
    readConnectionLost: () => {},
    connectionLost: (reason: Failure) => void lost.push(reason.value),
  };
  const reactor = new ToldReactor(clock);
  const connection = new StreamConnection(reactor, stream, protocol, noUpgrades, true, null);
  connection.start();
  return { clock, stream, lost, connection, received: () => received };
}

Deno.test("under TLS a connection closes its side, drops what still comes, and ends with its peer", async () => {
  const { clock, stream, lost, connection, received } = connect();
  connection.pauseProducing(); // does not keep it from hearing the end
  connection.write("last words");
  connection.loseConnection();
  await settle();
  connection.write("too late");
  await settle();
  assertEquals([stream.done, lost], [["write 10", "closeWrite"], []]);
  stream.answer(100);
  await settle();
  assertEquals([stream.reads, received(), lost], [2, 0, []]);
  stream.answer(null);
  await settle();
  assertInstanceOf(lost[0], ConnectionDone);
  assertEquals([lost.length, stream.done.at(-1), clock.getDelayedCalls()], [1, "close", []]);
});

Deno.test("a peer that breaks off after the farewell has not lost anything: it is ConnectionDone", async () => {
  const { stream, lost, connection } = connect();
  connection.loseConnection();
  await settle();
  stream.answer(new Error("reset by peer"));
  await settle();
  assertInstanceOf(lost[0], ConnectionDone);
});

Deno.test("a peer has five seconds to close its side", async () => {
  const { clock, stream, lost, connection } = connect();
  connection.loseConnection();
  await settle();
  clock.advance(4.9);
  assertEquals(lost, []);
  stream.answer(1);
  await settle();
  clock.advance(0.1);
  assertInstanceOf(lost[0], ConnectionDone);
  assertEquals(stream.done, ["closeWrite", "close"]);
});

Deno.test("a connection that waits for its peer can be aborted", async () => {
  const { clock, lost, connection } = connect();
  connection.loseConnection();
  await settle();
  connection.abortConnection();
  await settle();
  assertInstanceOf(lost[0], ConnectionAborted);
  assertEquals([lost.length, clock.getDelayedCalls()], [1, []]);
});

Deno.test("a peer that has finished before is not waited for", async () => {
  for (const paused of [false, true]) {
    const { stream, lost, connection } = connect();
    if (paused) connection.pauseProducing();
    stream.answer(null);
    await settle();
    connection.loseConnection();
    await settle();
    assertInstanceOf(lost[0], ConnectionDone);
    assertEquals(stream.done, ["closeWrite", "close"]);
  }
});
