import { assertEquals, assertRejects } from "@std/assert";
import { Duplex, PassThrough } from "node:stream";
import { PipeAddress } from "../core/addresses.ts";
import type { HostStream } from "../core/host_network.ts";
import { Carrier } from "./carrier.ts";
import { NodeStream } from "./node_stream.ts";

Deno.test("under TLS the options, and the end without farewell, are the plain connection's", () => {
  for (const resets of [true, false]) {
    const told: string[] = [];
    const plain: HostStream = {
      localAddress: new PipeAddress(),
      remoteAddress: new PipeAddress(),
      read: () => new Promise(() => {}),
      write: (data) => Promise.resolve(data.length),
      closeWrite: () => Promise.resolve(),
      close: () => told.push("close"),
      setNoDelay: (on) => told.push(`no delay ${on}`),
      setKeepAlive: (on) => told.push(`keep alive ${on}`),
      ...(resets ? { abort: () => void told.push("abort") } : {}),
    };
    const facts = { negotiatedProtocol: null, peerCertificate: () => null };
    const secured = new PassThrough();
    const stream = new NodeStream(secured, plain.localAddress, plain.remoteAddress, {
      tls: facts,
      carrier: new Carrier(plain),
    });
    stream.setNoDelay(true);
    stream.setKeepAlive(false);
    stream.abort();
    assertEquals(told, ["no delay true", "keep alive false", resets ? "abort" : "close"]);
    assertEquals(secured.destroyed, true);
  }
});

/** A stream of Node's into which a test pushes, and what reads up to four bytes of it. */
function pushed(): { source: Duplex; stream: NodeStream; read: () => Promise<number[] | null> } {
  const source = new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done() });
  const stream = new NodeStream(source, new PipeAddress(), new PipeAddress());
  const read = async (): Promise<number[] | null> => {
    const buffer = new Uint8Array(4);
    const count = await stream.read(buffer);
    return count === null ? null : [...buffer.subarray(0, count)];
  };
  return { source, stream, read };
}

Deno.test("nothing is taken from the stream before somebody reads", async () => {
  const { source, read } = pushed();
  source.push(Uint8Array.of(1, 2));
  source.push(Uint8Array.of(3));
  assertEquals([source.isPaused(), source.readableLength], [true, 3]);
  assertEquals([await read(), await read()], [[1, 2], [3]]);
});

Deno.test("a chunk larger than the buffer is read in parts, and what came meanwhile together with it", async () => {
  const { source, read } = pushed();
  const first = read();
  source.push(Uint8Array.of(1, 2, 3, 4, 5, 6));
  assertEquals(await first, [1, 2, 3, 4]);
  source.push(Uint8Array.of(7));
  source.push(Uint8Array.of(8, 9));
  source.push(null);
  assertEquals([await read(), await read(), await read()], [[5, 6, 7, 8], [9], null]);
});

Deno.test("more than 64 KiB that nobody reads pause the stream until they are read", async () => {
  const { source, stream, read } = pushed();
  const first = read();
  source.push(Uint8Array.of(1));
  assertEquals(await first, [1]);
  source.push(new Uint8Array(65_535));
  assertEquals(source.isPaused(), false);
  source.push(new Uint8Array(1));
  source.push(Uint8Array.of(2));
  assertEquals([source.isPaused(), source.readableLength], [true, 1]);
  assertEquals(await stream.read(new Uint8Array(65_536)), 65_536);
  assertEquals([await read(), source.isPaused()], [[2], false]);
});

Deno.test("an error comes after what was received before it", async () => {
  const { source, read } = pushed();
  const first = read();
  source.push(Uint8Array.of(1, 2, 3, 4, 5));
  assertEquals(await first, [1, 2, 3, 4]);
  const closed = new Promise((resolve) => source.once("close", resolve));
  source.destroy(new RangeError("on purpose"));
  await closed;
  assertEquals(await read(), [5]);
  await assertRejects(read, RangeError, "on purpose");
});
