import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { connectProtocol, createReactor, TCP4ClientEndpoint, TimeoutError } from "@ropewalk/reactor";
import { Recorder } from "./_contract/recorder.ts";

/** A port whose backlog is full, so that it answers nobody. */
async function fullPort(): Promise<{ port: number } & Disposable> {
  const hostname = "127.0.0.1";
  const listener = Deno.listen({ port: 0, hostname, tcpBacklog: 1 });
  const { port } = listener.addr as Deno.NetAddr;
  const waiting: Deno.Conn[] = [];
  for (let late = 0; late < 2;) { // one might be late on a busy machine
    const connecting = Deno.connect({ hostname, port, signal: AbortSignal.timeout(150) });
    await connecting.then((conn) => waiting.push(conn), () => late++);
    assert(waiting.length < 10, "the backlog does not fill");
  }
  return {
    port,
    [Symbol.dispose]() {
      for (const conn of waiting) conn.close();
      listener.close();
    },
  };
}

Deno.test("both reactors give up an address that does not answer when the time is over", async () => {
  using silent = await fullPort();
  await Promise.all((["deno", "node"] as const).map(async (kind) => {
    const reactor = createReactor(kind);
    const protocol = new Recorder();
    const endpoint = new TCP4ClientEndpoint(reactor, "127.0.0.1", silent.port, { timeoutSeconds: 0.1 });
    let error: unknown;
    await connectProtocol(endpoint, protocol).addErrback((failure) => void (error = failure.value));
    assertInstanceOf(error, TimeoutError);
    assert(error.message.includes("0.1 s"), error.message);
    assertEquals(reactor.stats().pendingCalls, 0);
  }));
});
