/**
 * Responses out of bytes, for the client's side of a connection. No socket in it.
 * @module
 */
import { latin1 } from "@ropewalk/protocols/bytes";
import { EMPTY_BLOCK, Fault, type HeaderBlock, isValueByte, scanHeaders } from "../_header_block.ts";
import { HEAD, MessageParser, NEED, type ParserEvent } from "../_message_parser.ts";
import type { ResponseLimits } from "./options.ts";

const NOT_HTTP = new Fault(502, "The response does not begin with a status line of HTTP/1");
const BAD_STATUS = new Fault(502, "The status line of the response is malformed");
const BARE_LINE_END = new Fault(502, "A line of the response does not end in CR LF");
const HEAD_TOO_LONG = new Fault(502, "The head of the response is too long");
const BAD_LENGTH = new Fault(502, "The Content-Length of the response is malformed");
const MANY_LENGTHS = new Fault(502, "The response has several Content-Lengths that differ");
const UNKNOWN_CODING = new Fault(502, "Only the Transfer-Encoding chunked is understood");
const BODY_TOO_LARGE = new Fault(502, "The body of the response is too large");
const BAD_UPGRADE = new Fault(502, "The server switched protocols without having been asked to");

const STATUS_START = /^(?:H(?:T(?:T(?:P(?:\/(?:1(?:\.\d?)?)?)?)?)?)?|HTTP\/1\.\d(?: [^\r\n]*\r?)?)$/;

/** What the headers say about framing and the connection; worked out once for each different block. */
class Framing {
  length = -1;
  chunked = false;
  coded = false;
  close = false;
  keepAlive = false;
  fault: Fault | null = null;
}

const NO_FRAMING = new Framing();

/** How a response's body ends; by this alone a program can tell whether it is complete. */
export type BodyEnd = "none" | "length" | "chunks" | "close";

/** The state machine of a client's reading side. */
export class ResponseParser extends MessageParser {
  /** The status. */
  status = 0;
  /** The phrase beside it; it may be empty. */
  phrase = "";
  /** The minor version: 0 or 1. */
  minor: 0 | 1 = 1;
  /** The body's length: -1 if only its end tells. */
  length = 0;
  /** True if the connection can be used again after this response. */
  persistent = false;
  /** True if this response turns the connection into something else: 101, or a tunnel. */
  switches = false;
  readonly #limits: ResponseLimits;
  #method = "";
  #upgrade = false;
  #framing: Framing = NO_FRAMING;
  #lastBlock = "\r\n"; // the last header lines and the empty line
  #lastHeaders: HeaderBlock = EMPTY_BLOCK;
  #complete = false; // a response was read whole: restart before the next

  /** @param limits How much is accepted. */
  constructor(limits: ResponseLimits) {
    super({ ...limits, maxRequestLineBytes: limits.maxHeaderLineBytes });
    this.#limits = limits;
  }

  /**
   * A request was sent: the next response answers it.
   *
   * @param method Its method: it decides whether there can be a body.
   * @param upgrade Whether it asked to switch protocols.
   */
  expect(method: string, upgrade: boolean): void {
    this.#method = method;
    this.#upgrade = upgrade;
    if (this.#complete) this.restart();
    this.#complete = false;
  }

  protected override readHead(): ParserEvent {
    const headEnd = this.findEmptyLine();
    if (headEnd < 0) return this.#incomplete();
    const { data, pos } = this;
    const text = this.text();
    const textStart = this.textStart;
    if (headEnd - pos > this.#limits.maxHeaderBytes + this.#limits.maxHeaderLineBytes) {
      return this.fail(HEAD_TOO_LONG);
    }

    const at = pos - textStart;
    if (!text.startsWith("HTTP/1.", at)) return this.fail(NOT_HTTP);
    const minor = data[pos + 7]! - 0x30;
    const code = 100 * (data[pos + 9]! - 0x30) + 10 * (data[pos + 10]! - 0x30) + (data[pos + 11]! - 0x30);
    if (!isDigits(data, pos + 9, 3) || data[pos + 8] !== 0x20 || !(minor >= 0 && minor <= 9) || code < 100) {
      return this.fail(BAD_STATUS);
    }
    let lineEnd = pos + 12;
    if (data[lineEnd] === 0x20) {
      while (isValueByte(data[lineEnd]!)) lineEnd++;
    }
    if (data[lineEnd] !== 0x0d || data[lineEnd + 1] !== 0x0a) return this.fail(BAD_STATUS);
    if (lineEnd - pos > this.#limits.maxHeaderLineBytes) return this.fail(HEAD_TOO_LONG);
    const blockStart = lineEnd + 2;

    // A server's headers often stay the same for a second: as long as its Date does.
    if (!text.startsWith(this.#lastBlock, blockStart - textStart) || this.#framing === NO_FRAMING) {
      const block = this.#scan(blockStart, headEnd + 2);
      if (block instanceof Fault) return this.fail(block);
      this.#framing = framingOf(block);
      this.#lastBlock = latin1(data, blockStart, headEnd + 4); // a string of its own: a slice would keep the chunk
      this.#lastHeaders = block;
    }
    this.headers = this.#lastHeaders;
    this.status = code;
    this.phrase = code === 200 && text.startsWith("OK\r", at + 13) ? "OK" : latin1(data, pos + 13, lineEnd);
    this.minor = minor === 0 ? 0 : 1;
    this.pos = headEnd + 4;
    const fault = this.#applyFraming();
    return fault === null ? HEAD : this.fail(fault);
  }

  // A folded header counts as one line, the fold as spaces: RFC 9112 §5.2 asks that of user agents.
  #scan(from: number, to: number): HeaderBlock | Fault {
    const block = scanHeaders(this.data, from, to, this.#limits);
    if (!(block instanceof Fault) || !/\r\n[ \t]/.test(latin1(this.data, from, to))) return block;
    const copy = this.data.slice(from, to);
    for (let i = 2; i < copy.length; i++) {
      if ((copy[i] === 0x20 || copy[i] === 0x09) && copy[i - 1] === 0x0a && copy[i - 2] === 0x0d) {
        copy[i - 1] = copy[i - 2] = 0x20;
      }
    }
    return scanHeaders(copy, 0, copy.length, this.#limits);
  }

  // RFC 9112 §6.3, in its order.
  #applyFraming(): Fault | null {
    const { status } = this;
    const framing = this.#framing;
    this.switches = status === 101 || (this.#method === "CONNECT" && status >= 200 && status < 300);
    this.persistent = !framing.close && (this.minor === 1 || framing.keepAlive);
    if (status === 101 && !this.#upgrade) return BAD_UPGRADE;
    if (this.#method === "HEAD" || status < 200 || status === 204 || status === 304 || this.switches) {
      // With HEAD the length is that of the body there would have been.
      this.length = this.#method === "HEAD" && framing.fault === null && !framing.coded ? framing.length : 0;
      this.#complete = status >= 200;
      this.expectLength(0);
      return null;
    }
    if (framing.fault !== null) return framing.fault;
    this.#complete = true;
    if (framing.chunked) {
      // With a Content-Length beside it somebody on the way may be mistaken: use the connection no more.
      if (framing.length >= 0 || this.minor === 0) this.persistent = false;
      this.length = -1;
      this.expectChunks();
    } else if (framing.length >= 0) {
      if (framing.length > this.#limits.maxBodyBytes) return BODY_TOO_LARGE;
      this.length = framing.length;
      this.expectLength(framing.length);
    } else {
      this.length = -1;
      this.persistent = false;
      this.expectClose();
    }
    return null;
  }

  // Not all of the head is there: say at once what cannot become right any more.
  #incomplete(): ParserEvent {
    const { data, pos, end } = this;
    const { maxHeaderBytes, maxHeaderLineBytes } = this.#limits;
    if (end - pos > maxHeaderBytes + maxHeaderLineBytes) return this.fail(HEAD_TOO_LONG);
    const text = latin1(data, pos, Math.min(end, pos + maxHeaderLineBytes + 2));
    const lineEnd = text.indexOf("\n");
    const line = lineEnd < 0 ? text : text.slice(0, lineEnd);
    if (!STATUS_START.test(line)) return this.fail(NOT_HTTP);
    if (line.length > maxHeaderLineBytes + 1) return this.fail(HEAD_TOO_LONG);
    // An empty line of a bare LF: the server would wait for us, and we for it.
    for (let i = data.indexOf(0x0a, pos); i >= 0 && i < end; i = data.indexOf(0x0a, i + 1)) {
      if (data[i - 1] !== 0x0d) return this.fail(BARE_LINE_END);
    }
    return NEED;
  }
}

function isDigits(data: Uint8Array, at: number, count: number): boolean {
  for (let i = at; i < at + count; i++) if (!(data[i]! >= 0x30 && data[i]! <= 0x39)) return false;
  return true;
}

function framingOf(block: HeaderBlock): Framing {
  const framing = new Framing();
  for (let i = 0; i < block.count; i++) {
    switch (block.spans[4 * i + 1]! - block.spans[4 * i]!) {
      case 10:
        if (block.isNamed(i, "connection")) setConnection(framing, block.value(i));
        break;
      case 14:
        if (block.isNamed(i, "content-length")) setLength(framing, block.value(i));
        break;
      case 17:
        if (block.isNamed(i, "transfer-encoding")) setCoding(framing, block.value(i));
        break;
    }
  }
  return framing;
}

function setConnection(framing: Framing, value: string): void {
  for (const option of value.toLowerCase().split(",")) {
    const name = option.trim();
    if (name === "close") framing.close = true;
    else if (name === "keep-alive") framing.keepAlive = true;
  }
}

// Several that agree are one (RFC 9112 §6.3, rule 5).
function setLength(framing: Framing, value: string): void {
  for (const part of value.split(",")) {
    const text = part.trim();
    const length = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(length)) framing.fault ??= BAD_LENGTH;
    else if (framing.length >= 0 && framing.length !== length) framing.fault ??= MANY_LENGTHS;
    else framing.length = length;
  }
}

// We never say `TE`, so nothing but chunked may come; `identity` is an old word for nothing.
function setCoding(framing: Framing, value: string): void {
  if (/[^\0-\x7f]/.test(value)) framing.fault ??= UNKNOWN_CODING; // in small letters the sign of the kelvin is a k
  for (const part of value.toLowerCase().split(",")) {
    const coding = part.trim();
    if (coding === "identity" || coding === "") continue;
    framing.coded = true;
    if (coding === "chunked" && !framing.chunked) framing.chunked = true;
    else framing.fault ??= UNKNOWN_CODING;
  }
}
