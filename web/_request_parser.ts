/**
 * Requests out of bytes: RFC 9112 to the letter where a lax reading lets requests be smuggled. No socket in it.
 * @module
 */
import { latin1 } from "@ropewalk/protocols/bytes";
import {
  EMPTY_BLOCK,
  Fault,
  type HeaderBlock,
  isTargetByte,
  isTokenByte,
  scanHeaders,
} from "./_header_block.ts";
import { HEAD, MessageParser, NEED, type ParserEvent } from "./_message_parser.ts";
import { type ParsedTarget, parseTarget } from "./_uri.ts";
import type { HTTPLimits } from "./limits.ts";

const BAD_LINE = new Fault(400, "The request line is malformed");
const BAD_TARGET = new Fault(400, "The request target is malformed");
const BAD_VERSION = new Fault(505, "Only HTTP/1.0 and HTTP/1.1 are spoken here");
const LINE_TOO_LONG = new Fault(414, "The request line is too long");
const HEADERS_TOO_LONG = new Fault(431, "The headers are too long");
const BARE_LINE_END = new Fault(400, "A line does not end in CR LF");
const NO_HOST = new Fault(400, "A request of HTTP/1.1 needs a Host");
const MANY_HOSTS = new Fault(400, "There is more than one Host");
const BAD_HOST = new Fault(400, "The Host is malformed");
const MANY_LENGTHS = new Fault(400, "There is more than one Content-Length");
const BAD_LENGTH = new Fault(400, "The Content-Length is malformed");
const BOTH_LENGTHS = new Fault(400, "Content-Length and Transfer-Encoding exclude each other");
const OLD_CODING = new Fault(400, "HTTP/1.0 has no Transfer-Encoding");
const NOT_CHUNKED = new Fault(400, "Only chunked can be the last Transfer-Encoding of a request");
const UNKNOWN_CODING = new Fault(501, "Only the Transfer-Encoding chunked is understood");
const BODY_TOO_LARGE = new Fault(413, "The body is too large");
const UNKNOWN_EXPECTATION = new Fault(417, "Only 100-continue can be expected");

/** A head that is longer after its target is not compared with the next. */
const MAX_REST = 2048;
/** Up to so many bytes are compared one by one; of more a string is made first. */
const MAX_SHORT = 96;

/** A host and port, RFC 9110 §7.2: a name, an IPv4 address, or an IPv6 address in brackets. */
const HOST = /^(?:\[[0-9A-Fa-f:.]+(?:%25[\w.~-]+)?\]|[\w.~!$&'()*+,;=%-]*)(?::\d{0,5})?$/;
/** A request line. */
const LINE = /^[!#$%&'*+.^`|~\w-]+ [\x21-\x7e]+ HTTP\/\d\.\d$/;
/** The beginning of a request line that may still become one. */
const LINE_START =
  /^[!#$%&'*+.^`|~\w-]+(?: (?:[\x21-\x7e]+(?: (?:H(?:T(?:T(?:P(?:\/[\d.]{0,3})?)?)?)?)?)?)?)?\r?$/;
const NOT_ASCII = /[^\0-\x7f]/;
const ABSOLUTE = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/([^/?#]*)(?=[/?]|$)/;

/** What the headers say about framing and the connection; worked out once for each different block. */
class Framing {
  length = -1;
  chunked = false;
  coded = false;
  hosts = 0;
  host = "";
  close = false;
  keepAlive = false;
  upgrade = false;
  continues = false;
  expectsOther = false;
  fault: Fault | null = null;
}

const NO_FRAMING = new Framing();

/** The state machine of a server's reading side. */
export class RequestParser extends MessageParser {
  /** The method, as it was sent. */
  method = "";
  /** The request target, as it was sent. */
  target = "";
  /** The minor version: 0 or 1. */
  minor: 0 | 1 = 1;
  /** The host: from the target if that is absolute, else from the header. Empty if there is none. */
  host = "";
  /** The length of the body: -1 if it comes in chunks. */
  length = 0;
  /** True if the client will not send anything after this request, or cannot tell where our answer ends. */
  close = false;
  /** True if the client waits for a 100 before it sends the body. */
  expectsContinue = false;
  /** The path of the target, taken apart. */
  parsed: ParsedTarget = parseTarget("/");
  /** True if the client offers to go over to another protocol. */
  upgrade = false;
  readonly #limits: HTTPLimits;
  #framing: Framing = NO_FRAMING;
  #emptyLines = 0;
  #targetFault: Fault | null = null;
  // The last head after its target: from the blank before the version to the empty line, if it is not too long.
  #rest = "";
  #short: Uint8Array | null = null; // all of the last head, if it is short and came twice in a row
  #lastHeaders: HeaderBlock = EMPTY_BLOCK;

  /** @param limits How much is accepted. */
  constructor(limits: HTTPLimits) {
    super(limits);
    this.#limits = limits;
  }

  override restart(): void {
    super.restart();
    this.#emptyLines = 0;
  }

  protected override readHead(): ParserEvent {
    // One empty line before a request is let pass (RFC 9112 §2.2): some clients end a body with it.
    while (this.data[this.pos] === 0x0d && this.#emptyLines === 0) {
      if (this.end - this.pos < 2) return NEED;
      if (this.data[this.pos + 1] !== 0x0a) return this.fail(BARE_LINE_END);
      this.pos += 2;
      this.#emptyLines++;
      if (this.pos === this.end) return NEED;
    }
    if (this.#again()) return this.#accept();
    const headEnd = this.findEmptyLine();
    if (headEnd < 0) return this.#incomplete();
    const { data, pos } = this;
    const text = this.text();
    const textStart = this.textStart;

    let i = pos;
    while (isTokenByte(data[i]!)) i++;
    if (i === pos || data[i] !== 0x20) return this.fail(BAD_LINE);
    const methodEnd = i++;
    while (isTargetByte(data[i]!)) i++;
    const targetEnd = i;
    if (targetEnd === methodEnd + 1 || data[i] !== 0x20) return this.fail(BAD_LINE);
    if (i - pos > this.#limits.maxRequestLineBytes) return this.fail(LINE_TOO_LONG);
    if (!text.startsWith(" HTTP/", i - textStart)) return this.fail(BAD_LINE);
    const major = data[i + 6]! - 0x30;
    const minor = data[i + 8]! - 0x30;
    if (!(major >= 0 && major <= 9 && minor >= 0 && minor <= 9) || data[i + 7] !== 0x2e) {
      return this.fail(BAD_LINE);
    }
    if (data[i + 9] !== 0x0d || data[i + 10] !== 0x0a) return this.fail(BAD_LINE);
    if (major !== 1) return this.fail(BAD_VERSION);
    if (i + 9 - pos > this.#limits.maxRequestLineBytes) return this.fail(LINE_TOO_LONG);
    const blockStart = i + 11;

    const blockEnd = headEnd + 2;
    const block = scanHeaders(data, blockStart, blockEnd, this.#limits, this.slice(blockStart, blockEnd));
    if (block instanceof Fault) return this.fail(block);
    this.#framing = framingOf(block);
    this.#lastHeaders = block;
    this.method = methodOf(text, pos - textStart, methodEnd - textStart);
    this.minor = minor === 0 ? 0 : 1;
    this.#rest = headEnd + 4 - i > MAX_REST ? "" : this.slice(i, headEnd + 4);
    this.#setTarget(this.slice(methodEnd + 1, targetEnd));
    this.pos = headEnd + 4;
    return this.#accept();
  }

  /**
   * Reads a head that is the last one but for its target. Programs ask so nearly always: all that was read of the other
   * parts still holds, and to see that they are the same costs one comparison of strings.
   *
   * @returns False if it is not so, or if anything is unusual: nothing was read then.
   */
  #again(): boolean {
    const rest = this.#rest;
    if (rest === "") return false;
    const { data, pos, end, method } = this;
    const short = this.#short;
    if (short !== null && pos + short.length <= end && startsWith(data, pos, short)) {
      this.pos += short.length;
      return true;
    }
    let i = pos;
    for (let k = 0; k < method.length; k++) if (data[i++] !== method.charCodeAt(k)) return false;
    if (data[i++] !== 0x20) return false;
    const start = i;
    while (i < end && isTargetByte(data[i]!)) i++;
    const after = i + rest.length;
    if (i === start || after > end || i + 9 - pos > this.#limits.maxRequestLineBytes) return false;
    const text = this.text(after - pos);
    const at = i - this.textStart;
    if (text.slice(at, at + rest.length) !== rest) return false;
    const target = this.slice(start, i);
    if (target !== this.target) this.#setTarget(target);
    else if (after - pos <= MAX_SHORT) this.#short = data.slice(pos, after);
    this.pos = after;
    return true;
  }

  #setTarget(target: string): void {
    this.#short = null;
    this.target = target;
    this.parsed = parseTarget(target, this.parsed);
    this.host = this.#framing.host;
    this.#targetFault = this.#checkTarget();
  }

  // All of a head that is well formed is read.
  #accept(): ParserEvent {
    this.headers = this.#lastHeaders;
    const fault = this.#targetFault ?? this.#applyFraming();
    return fault === null ? HEAD : this.fail(fault);
  }

  // RFC 9112 §3.2: origin-form, absolute-form, authority-form for CONNECT, asterisk-form.
  #checkTarget(): Fault | null {
    const { target } = this;
    if (this.method === "CONNECT") return HOST.test(target) && target.includes(":") ? null : BAD_TARGET;
    if (target.charCodeAt(0) === 0x2f || target === "*") return null;
    const match = ABSOLUTE.exec(target);
    if (match === null || !HOST.test(match[1]!)) return BAD_TARGET;
    this.host = match[1]!;
    return null;
  }

  #applyFraming(): Fault | null {
    const framing = this.#framing;
    if (framing.fault !== null) return framing.fault;
    this.close = framing.close || this.minor === 0;
    this.upgrade = framing.upgrade && this.minor === 1;
    this.expectsContinue = false;
    if (this.minor === 1) {
      if (framing.hosts === 0) return NO_HOST;
      if (framing.expectsOther) return UNKNOWN_EXPECTATION;
      if (framing.coded && !framing.chunked) return UNKNOWN_CODING;
    } else if (framing.coded) {
      return OLD_CODING;
    }
    if (framing.chunked) {
      this.length = -1;
      this.expectsContinue = framing.continues;
      this.expectChunks();
      return null;
    }
    this.length = framing.length < 0 ? 0 : framing.length;
    if (this.length > this.#limits.maxBodyBytes) return BODY_TOO_LARGE;
    this.expectsContinue = framing.continues && this.minor === 1 && this.length > 0;
    this.expectLength(this.length);
    return null;
  }

  // Not all of the head is there: say at once what cannot become right any more.
  #incomplete(): ParserEvent {
    const { data, pos, end } = this;
    const length = end - pos;
    const { maxRequestLineBytes, maxHeaderBytes } = this.#limits;
    for (let i = data.indexOf(0x0a, pos); i >= 0 && i < end; i = data.indexOf(0x0a, i + 1)) {
      if (i === pos || data[i - 1] !== 0x0d) return this.fail(BARE_LINE_END);
    }
    const text = latin1(data, pos, Math.min(end, pos + maxRequestLineBytes + 2));
    const lineEnd = text.indexOf("\r\n");
    if (lineEnd < 0) {
      if (length > maxRequestLineBytes + 1) return this.fail(LINE_TOO_LONG);
      if (!LINE_START.test(text)) return this.fail(BAD_LINE);
    } else {
      if (!LINE.test(text.slice(0, lineEnd))) return this.fail(BAD_LINE);
      if (length - lineEnd - 2 > maxHeaderBytes + 2) return this.fail(HEADERS_TOO_LONG);
    }
    return NEED;
  }
}

function startsWith(data: Uint8Array, at: number, start: Uint8Array): boolean {
  for (let i = 0; i < start.length; i++) if (data[at + i] !== start[i]) return false;
  return true;
}

function methodOf(text: string, from: number, to: number): string {
  // Constants for the usual ones: comparing them later is comparing pointers.
  if (to - from === 3 && text.startsWith("GET", from)) return "GET";
  if (to - from === 4 && text.startsWith("POST", from)) return "POST";
  return text.slice(from, to);
}

function framingOf(block: HeaderBlock): Framing {
  const framing = new Framing();
  for (let i = 0; i < block.count; i++) {
    switch (block.spans[4 * i + 1]! - block.spans[4 * i]!) {
      case 4:
        if (block.isNamed(i, "host")) setHost(framing, block.value(i));
        break;
      case 6:
        if (block.isNamed(i, "expect")) setExpect(framing, block.value(i));
        break;
      case 7:
        if (block.isNamed(i, "upgrade")) framing.upgrade = true;
        break;
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
  if (framing.coded && framing.length >= 0) framing.fault ??= BOTH_LENGTHS;
  return framing;
}

function setHost(framing: Framing, value: string): void {
  if (++framing.hosts > 1) framing.fault ??= MANY_HOSTS;
  if (!HOST.test(value)) framing.fault ??= BAD_HOST;
  framing.host = value;
}

function setExpect(framing: Framing, value: string): void {
  if (value.toLowerCase() === "100-continue") framing.continues = true;
  else framing.expectsOther = true;
}

function setConnection(framing: Framing, value: string): void {
  for (const option of value.toLowerCase().split(",")) {
    const name = option.trim();
    if (name === "close") framing.close = true;
    else if (name === "keep-alive") framing.keepAlive = true;
  }
}

function setLength(framing: Framing, value: string): void {
  if (framing.length >= 0) framing.fault ??= MANY_LENGTHS;
  if (!/^\d+$/.test(value)) framing.fault ??= BAD_LENGTH;
  framing.length = Number(value);
}

// RFC 9112 §6.1 and §6.3: chunked, once, and last.
function setCoding(framing: Framing, value: string): void {
  if (NOT_ASCII.test(value)) framing.fault ??= NOT_CHUNKED; // in small letters the sign of the kelvin is a k
  const codings = value.toLowerCase().split(",").map((coding) => coding.trim());
  if (framing.coded) framing.fault ??= NOT_CHUNKED;
  framing.coded = true;
  if (codings.length === 1 && codings[0] === "chunked") framing.chunked = true;
  else if (
    codings.at(-1) !== "chunked" || codings.indexOf("chunked") !== codings.length - 1 || codings.includes("")
  ) {
    framing.fault ??= NOT_CHUNKED;
  }
}
