/**
 * What a header of the PROXY protocol says.
 *
 * ```text
 *   v1   PROXY TCP4 192.0.2.1 198.51.100.7 56324 443 CR LF
 *   v2   signature (12) | version, command | family, transport | length (2) | addresses | more, left unread
 * ```
 * @module
 */
import type { Address } from "../addresses.ts";
import { ReactorError } from "../errors.ts";

/** The longest line of version 1, in bytes without its CR LF. */
export const V1_MAX_LENGTH = 107;
/** What version 2 begins with. */
export const V2_SIGNATURE: Uint8Array = Uint8Array.of(13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10);
/** The part of version 2 whose size is fixed, in bytes. */
export const V2_FIXED_LENGTH = 16;
/** The most that may follow the fixed part: addresses and what else a proxy has to tell, in bytes. */
export const V2_MAX_BODY_LENGTH = 4096;

/** A header of the PROXY protocol: who connected to the proxy, and where. */
export interface ProxyHeader {
  /** The form it came in. */
  readonly version: 1 | 2;
  /** The far end of the connection to the proxy; `null` if the proxy does not know, or speaks for itself. */
  readonly source: Address | null;
  /** The near end of it. */
  readonly destination: Address | null;
}

/** A connection does not begin with a header of the PROXY protocol that can be read. */
export class InvalidProxyHeader extends ReactorError {
  /** Stable identifier of this kind of error. */
  readonly code = "INVALID_PROXY_HEADER";
}
