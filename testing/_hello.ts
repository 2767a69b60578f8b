/**
 * The handshake of TLS as connections in memory do it: who takes which part, and what ALPN chooses. Nothing is encrypted
 * and no certificate is checked.
 * @module
 */
import { type TLSClientOptions, TLSError, type TLSServerOptions } from "@ropewalk/reactor/core";

/** What one end says first. */
export class Hello {
  constructor(readonly isServer: boolean, readonly options: TLSServerOptions | TLSClientOptions) {}
}

/**
 * What comes of two hellos.
 *
 * @returns The protocol that ALPN chose, `null` without one, or why there is no agreement.
 */
export function negotiate(ours: Hello, theirs: Hello): string | null | TLSError {
  if (ours.isServer === theirs.isServer) {
    const part = ours.isServer ? "server" : "client";
    return new TLSError(`The TLS handshake failed: both ends take the part of the ${part}`);
  }
  const [server, client] = ours.isServer ? [ours, theirs] : [theirs, ours];
  const offered = client.options.alpnProtocols;
  const known = server.options.alpnProtocols;
  if (!offered?.length || !known?.length) return null;
  const chosen = known.find((name) => offered.includes(name));
  return chosen ?? new TLSError("The TLS handshake failed: the ends have no application protocol in common");
}
