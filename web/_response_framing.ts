/**
 * The head of a response, and with it how its end is told: by a length, by chunks, or by the end of the connection
 * (RFC 9112 §6).
 * @module
 */
import { DEFAULT_TYPE, serverAndDate } from "./_date.ts";
import {
  HAS_CONNECTION,
  HAS_CONTENT_LENGTH,
  HAS_CONTENT_TYPE,
  HAS_DATE,
  HAS_SERVER,
  HAS_TRANSFER_ENCODING,
} from "./_header_names.ts";
import type { HeaderSet } from "./_header_set.ts";
import type { HTTPHeaders } from "./http_headers.ts";
import type { Request } from "./request.ts";
import { hasNoBody, statusPhrase } from "./status.ts";

/** Fields that are not written as they are. */
const SPEAKS_OF_CONNECTION = HAS_CONNECTION | HAS_CONTENT_LENGTH | HAS_DATE | HAS_SERVER |
  HAS_TRANSFER_ENCODING;

/** How the response at hand is framed. One serves a connection for all of its responses. */
export class ResponseFraming {
  /** The connection closes after this response. */
  close = false;
  /** The body goes out in chunks. */
  chunked = false;
  /** What is left of a body whose length was announced; -1 if it was not. */
  left = -1;

  /** The fields of a response whose head is as most are, or `null`: those with them keep it for the next. */
  usual(request: Request): HeaderSet | null {
    if (request.code !== 200 || request._dropsBody || this.close) return null;
    const set = request._headerSet;
    if (set === null || (set.flags & SPEAKS_OF_CONNECTION) !== 0) return null;
    return request.codeMessage === "" && request.method !== "CONNECT" ? set : null;
  }

  /**
   * Writes any head.
   *
   * @param request What it answers.
   * @param now Milliseconds since the epoch.
   * @param length The body's, in bytes; -1 if it is not known.
   * @param typed Whether there is a body that has a type.
   */
  head(request: Request, now: number, length: number, typed: boolean): string {
    const headers = request._setHeaders;
    const { code } = request;
    const tunnel = request.method === "CONNECT" && code >= 200 && code <= 299;
    if (headers !== null && (headers._flags & HAS_TRANSFER_ENCODING) !== 0) {
      headers.delete("transfer-encoding");
    }
    if (tunnel && headers !== null) headers.delete("content-length"); // RFC 9110 §9.3.6: what follows is the tunnel
    const flags = headers === null ? 0 : headers._flags;
    let framing = "";
    this.chunked = false;
    this.left = -1;
    if (tunnel) {
      if (length >= 0 || typed) this.close = true; // no tunnel, but an answer: it ends with the connection
      typed = false;
    } else if (hasNoBody(code)) {
      typed = false;
      if (headers !== null && code !== 304) headers.delete("content-length");
    } else if (length >= 0) {
      if ((flags & HAS_CONTENT_LENGTH) === 0) framing = `Content-Length: ${length}\r\n`;
      else if (request.method !== "HEAD") headers!.set("content-length", String(length));
    } else if ((flags & HAS_CONTENT_LENGTH) !== 0 && (this.left = announcedLength(headers!)) >= 0) {
      // what is written is held to it
    } else if (request.clientproto === "HTTP/1.1") {
      framing = "Transfer-Encoding: chunked\r\n";
      this.chunked = true;
    } else {
      this.close = true;
    }
    let close = "";
    if ((flags & HAS_CONNECTION) !== 0) {
      if (/\bclose\b/i.test(headers!.get("connection")!)) this.close = true;
      else if (this.close && code !== 101) headers!.set("connection", "close");
    } else if (this.close) close = "Connection: close\r\n";
    const type = typed && (flags & HAS_CONTENT_TYPE) === 0 ? DEFAULT_TYPE : "";
    const rest = close + type + framing + (headers === null ? "\r\n" : headers.toString() + "\r\n");
    let standard = serverAndDate(now);
    if ((flags & HAS_SERVER) !== 0) standard = standard.slice(standard.indexOf("Date:"));
    if ((flags & HAS_DATE) !== 0) standard = standard.slice(0, standard.indexOf("Date:"));
    const phrase = request.codeMessage === "" ? statusPhrase(code) : request.codeMessage;
    return `HTTP/1.1 ${code} ${phrase}\r\n` + standard + rest;
  }

  /** A whole refusal, after which the connection closes. */
  refusal(status: number, reason: string, now: number): string {
    const phrase = statusPhrase(status);
    const text = `${status} ${phrase}: ${reason}\n`;
    return `HTTP/1.1 ${status} ${phrase}\r\n${serverAndDate(now)}Connection: close\r\n` +
      `Content-Type: text/plain\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
  }
}

// The one length that a page said, or -1: one that is no number, or that is said twice, is taken away.
function announcedLength(headers: HTTPHeaders): number {
  const lengths = headers.getRawHeaders("content-length");
  if (lengths.length === 1 && /^\d+$/.test(lengths[0]!)) return Number(lengths[0]);
  headers.delete("content-length");
  return -1;
}
