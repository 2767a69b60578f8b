/**
 * Bodies that nobody wants.
 * @module
 */
import { collectBody } from "./collect.ts";
import type { ClientResponse } from "./response.ts";

/** Reading this much is cheaper than a new connection. */
const MAX_READ_BYTES = 65_536;

/** Reads a small body and drops it, so that the connection can be used again; cuts the connection for a large one. */
export function discard(response: ClientResponse): void {
  if (typeof response.length === "number" && response.length > MAX_READ_BYTES) {
    response.abort();
    return;
  }
  collectBody(response, { maxBytes: MAX_READ_BYTES, strict: false }).addErrback(() => {});
}
