import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { Clock } from "@ropewalk/testing";
import { PipeAddress } from "./addresses.ts";
import { TLSError } from "./errors.ts";
import type { HostStream } from "./host_network.ts";
import { ReactorBase } from "./reactor_base.ts";
import { StreamConnection } from "./stream_connection.ts";

class FakeReactor extends ReactorBase {
  protected override handleSignals(): () => void {
    return () => {};
  }
}

/** A stream that is silent until the test says something, or it is closed. */
class Silent implements HostStream {
  readonly localAddress = new PipeAddress();
  readonly remoteAddress = new PipeAddress();
  closed = false;
  /** Answers the read in flight with bytes, or the end of input. */
  say: (data: Uint8Array | null) => void = () => {};
  read(buffer: Uint8Array): Promise<number | null> {
    return new Promise((resolve) => {
      this.say = (data) => {
        if (data !== null) buffer.set(data);
        resolve(data?.length ?? null);
      };
    });
  }
  write(data: Uint8Array): Promise<number> {
    return Promise.resolve(data.length);
  }
  closeWrite(): Promise<void> {
    return Promise.resolve();
  }
  close(): void {
    this.closed = true;
  }
}

/** One whose writes take until the test says so. */
class Slow extends Silent {
  written: () => void = () => {};
  override write(data: Uint8Array): Promise<number> {
    return new Promise((resolve) => this.written = () => resolve(data.length));
  }
}

/** A handshake that notes what it reads first, and goes no further. */
function listening(heard: (number[] | null)[]): (stream: HostStream) => Promise<HostStream> {
  return async (stream) => {
    const buffer = new Uint8Array(8);
    const count = await stream.read(buffer);
    heard.push(count === null ? null : [...buffer.subarray(0, count)]);
    return await new Promise<HostStream>(() => {});
  };
}

function connect<S extends Silent = Silent>(
  shake: (stream: HostStream) => Promise<HostStream>,
  stream = new Silent() as S,
) {
  const clock = new Clock();
  const reactor = new FakeReactor({
    seconds: () => clock.seconds(),
    set: (f, milliseconds) => clock.callLater(milliseconds / 1000, f),
    clear: (call) => (call as ReturnType<Clock["callLater"]>).cancel(),
  });
  const lost: unknown[] = [];
  const received: number[] = [];
  const protocol = {
    makeConnection() {},
    dataReceived: (data: Uint8Array) => void received.push(...data),
    connectionLost: (reason: { value: unknown }) => void lost.push(reason.value),
  };
  const connection = new StreamConnection(
    reactor,
    stream,
    protocol,
    { serveTLS: shake, connectTLS: shake },
    true,
    null,
  );
  connection.start();
  return { clock, reactor, stream, lost, received, connection };
}

const turn = (): Promise<void> => new Promise((resolve) => queueMicrotask(() => queueMicrotask(resolve)));

Deno.test("a handshake that startTLS began may take 30 seconds and no longer", async () => {
  const { clock, stream, lost, connection } = connect(() => new Promise(() => {}));
  connection.startTLS({ cert: "", key: "" });
  await turn();
  assert(connection.tlsStarted && !connection.secure);
  clock.advance(29.9);
  assertEquals([lost.length, stream.closed], [0, false]);
  clock.advance(0.1);
  assertInstanceOf(lost[0], TLSError);
  assertEquals([lost.length, stream.closed], [1, true]);
  assert(lost[0].message.includes("30 seconds"), lost[0].message);
});

Deno.test("the limit of a handshake goes with its success, its failure, and the connection", async () => {
  const secured = Object.assign(new Silent(), {
    tls: { negotiatedProtocol: null, peerCertificate: () => null },
  });
  const outcomes: [string, () => Promise<HostStream>, number][] = [
    ["success", () => Promise.resolve(secured), 0],
    ["failure", () => Promise.reject(new TLSError("no")), 1],
    ["lost", () => new Promise(() => {}), 1],
  ];
  for (const [name, shake, losses] of outcomes) {
    const { clock, reactor, lost, connection } = connect(shake);
    connection.startTLS({ cert: "", key: "" });
    await turn();
    if (name === "lost") connection.abortConnection();
    await turn();
    await turn();
    assertEquals([name, reactor.getDelayedCalls().length, lost.length], [name, 0, losses]);
    clock.advance(60);
    assertEquals([name, lost.length], [name, losses]);
  }
});

Deno.test("what arrives after startTLS is for the handshake, when that waits for an earlier write too", async () => {
  for (const early of [true, false]) {
    const heard: (number[] | null)[] = [];
    const { stream, received, connection } = connect(listening(heard), new Slow());
    connection.write("220 go ahead");
    connection.startTLS({ cert: "", key: "" });
    await turn();
    if (early) stream.say(Uint8Array.of(22, 3, 1));
    await turn();
    assertEquals(heard, [], "what was written before is not sent yet");
    stream.written();
    await turn();
    if (!early) stream.say(Uint8Array.of(22, 3, 1));
    for (let i = 0; i < 4; i++) await turn();
    assertEquals([heard, received], [[[22, 3, 1]], []]);
    connection.abortConnection();
    await turn();
  }
});

Deno.test("what was held while reading was paused is for the handshake, when reading goes on before it too", async () => {
  const heard: (number[] | null)[] = [];
  const { stream, received, connection } = connect(listening(heard), new Slow());
  connection.write("220 go ahead");
  await turn();
  connection.pauseProducing();
  stream.say(Uint8Array.of(22, 3, 1));
  await turn();
  connection.startTLS({ cert: "", key: "" });
  connection.resumeProducing();
  await turn();
  stream.written();
  for (let i = 0; i < 4; i++) await turn();
  assertEquals([heard, received], [[[22, 3, 1]], []]);
  connection.abortConnection();
  await turn();
});

Deno.test("a peer that finishes after startTLS, before the handshake, fails it", async () => {
  const shake = async (stream: HostStream): Promise<HostStream> => {
    const count = await stream.read(new Uint8Array(8));
    throw new TLSError(count === null ? "the peer closed the connection" : "there was more");
  };
  const { stream, lost, connection } = connect(shake, new Slow());
  connection.write("220 go ahead");
  connection.startTLS({ cert: "", key: "" });
  await turn();
  stream.say(null);
  await turn();
  assertEquals(lost, []);
  stream.written();
  for (let i = 0; i < 4; i++) await turn();
  assertInstanceOf(lost[0], TLSError);
  assertEquals(lost[0].message, "the peer closed the connection");
});
