/**
 * Conditional requests: RFC 9110 §13.
 * @module
 */
import { parseHTTPDate } from "./_date.ts";
import type { Request } from "./request.ts";

const TAG = /(?:W\/)?"[\x21\x23-\x7e\x80-\uffff]*"/g;

function listed(header: string, etag: string, weakly: boolean): boolean {
  if (header.trim() === "*") return true;
  const bare = (tag: string) => tag.replace(/^W\//, "");
  for (const [tag] of header.matchAll(TAG)) {
    if (weakly ? bare(tag) === bare(etag) : tag === etag && !tag.startsWith("W/")) return true;
  }
  return false;
}

function isSafe(request: Request): boolean {
  return request.method === "GET" || request.method === "HEAD";
}

/** What a tag says about the conditions of a request: 304, 412, or 0 to go on. */
export function conditionByTag(request: Request, etag: string): number {
  const match = request.getHeader("if-match");
  if (match !== undefined && !listed(match, etag, false)) return 412;
  const none = request.getHeader("if-none-match");
  if (none !== undefined && listed(none, etag, true)) return isSafe(request) ? 304 : 412;
  return 0;
}

/** The same for a time, in seconds since the epoch. A condition by tag goes before one by time. */
export function conditionByDate(request: Request, seconds: number): number {
  const unmodified = request.getHeader("if-unmodified-since");
  if (unmodified !== undefined && request.getHeader("if-match") === undefined) {
    const since = parseHTTPDate(unmodified);
    if (since !== null && seconds * 1000 > since) return 412;
  }
  const modified = request.getHeader("if-modified-since");
  if (modified !== undefined && isSafe(request) && request.getHeader("if-none-match") === undefined) {
    const since = parseHTTPDate(modified);
    if (since !== null && seconds * 1000 <= since) return 304;
  }
  return 0;
}
