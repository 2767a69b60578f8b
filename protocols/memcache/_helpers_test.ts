/**
 * What the tests of memcache share: both ends, in memory.
 * @module
 */
import { Clock, StringTransport } from "@ropewalk/testing";
import { encodeUtf8 } from "../bytes.ts";
import { MemCacheProtocol } from "./client.ts";
import { MemCacheServer } from "./server.ts";
import { type MemCacheStore, MemoryMemCacheStore } from "./store.ts";

/** A client, and what says something to it. */
export function client() {
  const clock = new Clock();
  const transport = new StringTransport({ reactor: clock });
  const cache = new MemCacheProtocol({ timeoutSeconds: 10, maxValueBytes: 1000 });
  cache.makeConnection(transport);
  const say = (text: string) => {
    const borrowed = encodeUtf8(text);
    cache.dataReceived(borrowed);
    borrowed.fill(0x58);
  };
  return { clock, transport, cache, say };
}

/** A server, and what asks it. */
export function server(store?: MemCacheStore) {
  const clock = new Clock();
  const transport = new StringTransport({ reactor: clock });
  const protocol = new MemCacheServer(store ?? new MemoryMemCacheStore(clock), {
    maxValueBytes: 100,
    maxLineBytes: 600,
  });
  protocol.makeConnection(transport);
  const ask = (request: string) => {
    transport.clear();
    const borrowed = encodeUtf8(request);
    protocol.dataReceived(borrowed);
    borrowed.fill(0x58);
    return transport.text();
  };
  return { clock, transport, protocol, ask };
}
