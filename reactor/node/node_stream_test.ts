import { assertEquals } from "@std/assert";
import { PassThrough } from "node:stream";
import { PipeAddress } from "../core/addresses.ts";
import type { HostStream } from "../core/host_network.ts";
import { NodeStream } from "./node_stream.ts";

Deno.test("under TLS the options, and the end without farewell, are the plain connection's", () => {
  for (const resets of [true, false]) {
    const told: string[] = [];
    const carrier: HostStream = {
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
    const stream = new NodeStream(secured, carrier.localAddress, carrier.remoteAddress, facts, carrier);
    stream.setNoDelay(true);
    stream.setKeepAlive(false);
    stream.abort();
    assertEquals(told, ["no delay true", "keep alive false", resets ? "abort" : "close"]);
    assertEquals(secured.destroyed, true);
  }
});
