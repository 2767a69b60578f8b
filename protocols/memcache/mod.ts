/**
 * A client of memcached, and a server that memcached's clients can use.
 *
 * @example
 * ```ts
 * import { MemCacheProtocol } from "@ropewalk/protocols/memcache";
 *
 * async function remember(cache: MemCacheProtocol) {
 *   await cache.set("greeting", "hello");
 *   const [_flags, value] = await cache.get("greeting");
 *   return value; // bytes, or null
 * }
 * ```
 *
 * @module
 */
export { type MemCacheOptions, MemCacheProtocol } from "./client.ts";
export { ClientError, MemCacheError, MemCacheProtocolError, NoSuchCommand, ServerError } from "./errors.ts";
export { type Found, type FoundWithIdentifier, MAX_KEY_BYTES } from "./request.ts";
export { MemCacheServer, type MemCacheServerOptions } from "./server.ts";
export { type Eventually, type MemCacheItem, type MemCacheStore, MemoryMemCacheStore } from "./store.ts";
