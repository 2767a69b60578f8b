/**
 * `readBody`: a body at once, as strict as Twisted's.
 * @module
 */
import type { Deferred } from "@ropewalk/deferred";
import { collectBody } from "./collect.ts";
import type { ClientResponse, ReadOptions } from "./response.ts";

/**
 * Reads all of a response's body.
 *
 * @param response The response.
 * @param options The largest body accepted.
 * @returns Fires with the bytes. It fails with `PartialDownloadError`, whose `response` holds what came, if the body
 * ended with the connection and nothing tells whether it is complete; `response.bytes()` takes such a body as it is. It
 * fails with `ResponseFailed` if the body broke off, with `BodyTooLarge` beyond the limit. Cancelling it closes the
 * connection.
 *
 * @example
 * ```ts
 * import { Agent, readBody } from "@ropewalk/web/client";
 * import type { Reactor } from "@ropewalk/reactor/core";
 *
 * function size(reactor: Reactor, url: string) {
 *   return new Agent(reactor).request("GET", url).addCallback((response) => readBody(response))
 *     .addCallback((bytes) => bytes.length);
 * }
 * ```
 */
export function readBody(response: ClientResponse, options: ReadOptions = {}): Deferred<Uint8Array> {
  return collectBody(response, { maxBytes: options.maxBytes ?? Infinity, strict: true });
}
