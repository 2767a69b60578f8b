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

/** A stream that is silent until it is closed. */
class Silent implements HostStream {
  readonly localAddress = new PipeAddress();
  readonly remoteAddress = new PipeAddress();
  closed = false;
  read(): Promise<null> {
    return new Promise(() => {});
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

function connect(shake: (stream: HostStream) => Promise<HostStream>) {
  const clock = new Clock();
  const reactor = new FakeReactor({
    seconds: () => clock.seconds(),
    set: (f, milliseconds) => clock.callLater(milliseconds / 1000, f),
    clear: (call) => (call as ReturnType<Clock["callLater"]>).cancel(),
  });
  const stream = new Silent();
  const lost: unknown[] = [];
  const protocol = {
    makeConnection() {},
    dataReceived() {},
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
  return { clock, reactor, stream, lost, connection };
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
