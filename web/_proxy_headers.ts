/**
 * Headers on their way through a proxy: what speaks of one connection only stays behind.
 * @module
 */
import { HTTPHeaders } from "./http_headers.ts";

/** Fields that speak of one connection only (RFC 9110 §7.6.1). */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "expect", // answered by whoever took the body
  "keep-alive",
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** How this proxy signs. */
const VIA = "1.1 ropewalk";

/**
 * The headers that go on: without those of one connection, nor those that `Connection` names.
 *
 * @param headers As they came.
 */
export function endToEnd(headers: HTTPHeaders): HTTPHeaders {
  const named = new Set<string>();
  for (const value of headers.getRawHeaders("connection")) {
    for (const option of value.toLowerCase().split(",")) named.add(option.trim());
  }
  const passed = new HTTPHeaders();
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    if (!HOP_BY_HOP.has(lower) && !named.has(lower)) passed.append(name, value);
  }
  return passed;
}

/** The headers of a request that go on to a server, signed. */
export function requestHeadersFor(headers: HTTPHeaders): HTTPHeaders {
  const passed = endToEnd(headers);
  passed.delete("host"); // the next connection has its own
  passed.append("via", VIA);
  return passed;
}

/** True if the request asks for a WebSocket: the one protocol that is passed through. */
export function wantsWebSocket(headers: HTTPHeaders): boolean {
  return /(?:^|,)\s*upgrade\s*(?:,|$)/i.test(headers.get("connection") ?? "") &&
    headers.get("upgrade")?.trim().toLowerCase() === "websocket";
}

/** Refuses what is no reactor at once, not with the first request. */
export function checkReactor(reactor: unknown, action: string): void {
  if (typeof (reactor as { connectTCP?: unknown } | null | undefined)?.connectTCP !== "function") {
    throw new TypeError(`Cannot ${action}: the reactor makes no connections`);
  }
}
