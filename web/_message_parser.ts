/**
 * HTTP/1.1 messages out of bytes, with no socket in it: what requests and responses have in common.
 *
 * Theory of operation. Bytes go in by {@linkcode MessageParser.push}; {@linkcode MessageParser.next} is then called until
 * it says `NEED`. It never makes an event object: what an event tells stands in the parser's fields.
 *
 * ```text
 *   state        input                    event    next state
 *   HEAD         a whole head             HEAD     LENGTH | CHUNK_SIZE | UNTIL_CLOSE
 *   LENGTH       some of the body         BODY     LENGTH
 *                nothing left to come     END      DONE
 *   CHUNK_SIZE   "1f;ext=1" CRLF          -        CHUNK_DATA, or TRAILERS after size 0
 *   CHUNK_DATA   some of the chunk        BODY     CHUNK_DATA | CHUNK_END
 *   CHUNK_END    CRLF                     -        CHUNK_SIZE
 *   TRAILERS     lines, an empty line     END      DONE
 *   UNTIL_CLOSE  some of the body         BODY     UNTIL_CLOSE
 *   DONE         (restart)                NEED     HEAD
 *   any          what breaks the rules    FAULT    FAILED
 * ```
 *
 * In the state DONE nothing is read before {@linkcode MessageParser.restart}: a pipelined message stays where it is.
 * Bytes given to `push` are borrowed; {@linkcode MessageParser.keep} copies what is left of them.
 * @module
 */
import { latin1, NO_BYTES } from "@ropewalk/protocols/bytes";
import {
  EMPTY_BLOCK,
  Fault,
  type HeaderBlock,
  type HeaderLimits,
  isValueByte,
  scanHeaders,
} from "./_header_block.ts";

/** Nothing more can be told before more bytes come, or before `restart`. */
export const NEED = 0;
/** The head of a message is complete. */
export const HEAD = 1;
/** A piece of its body is in `body`. */
export const BODY = 2;
/** The message is complete. */
export const END = 3;
/** The peer broke the rules: `fault` tells how. Nothing is read any more. */
export const FAULT = 4;
/** What {@linkcode MessageParser.next} returns. */
export type ParserEvent = typeof NEED | typeof HEAD | typeof BODY | typeof END | typeof FAULT;

/** How much of a message is accepted. */
export interface MessageLimits extends HeaderLimits {
  /** The start line, in bytes. */
  maxRequestLineBytes: number;
  /** The body, in bytes. */
  maxBodyBytes: number;
  /** A line with a chunk's size, in bytes. */
  maxChunkLineBytes: number;
}

const enum State {
  Head,
  Length,
  ChunkSize,
  ChunkData,
  ChunkEnd,
  Trailers,
  UntilClose,
  Done,
  Failed,
}

/** The value of each hexadecimal digit, 255 for other bytes. */
const HEX = new Uint8Array(256).fill(255);
for (let i = 0; i < 16; i++) {
  HEX[i.toString(16).charCodeAt(0)] = HEX[i.toString(16).toUpperCase().charCodeAt(0)] = i;
}
/** So many bytes are made a string at a time: more than nearly all heads have. */
const WINDOW = 2048;
/** More digits cannot be told apart from others in a number. */
const MAX_HEX_DIGITS = 13;

const BODY_TOO_LARGE = new Fault(413, "The body is too large");
const BAD_CHUNK_SIZE = new Fault(400, "The size of a chunk is malformed");
const CHUNK_LINE_TOO_LONG = new Fault(400, "The size line of a chunk is too long");
const EXTENSIONS_TOO_LONG = new Fault(400, "The extensions of the chunks are too long");
const BAD_CHUNK_END = new Fault(400, "A chunk does not end where its size says");
const TRAILERS_TOO_LONG = new Fault(431, "The trailers are too long");

/** A parser of one direction of a connection. Subclasses read the head and say how the body ends. */
export abstract class MessageParser {
  /** The bytes at hand; those from `pos` to `end` are not used up. */
  protected data: Uint8Array = NO_BYTES;
  /** The next byte. */
  protected pos = 0;
  /** Just past the last byte. */
  protected end = 0;
  #own = false; // data is ours: a buffer that holds what was kept
  #scanned = 0; // bytes from pos on in which the end of the head was looked for in vain
  #state = State.Head;
  #left = 0; // of the body or chunk
  #bodyBytes = 0;
  #extensionBytes = 0;
  #text = ""; // the one-byte string of some of data, from #textStart on
  #textStart = -1;
  /** The piece of body that {@linkcode BODY} tells of: borrowed, valid until the next call. */
  body: Uint8Array = NO_BYTES;
  /** What {@linkcode FAULT} tells of. */
  fault: Fault | null = null;
  /** The header lines of the present message. */
  headers: HeaderBlock = EMPTY_BLOCK;
  /** The lines after the last chunk; there from {@linkcode END} on. */
  trailers: HeaderBlock = EMPTY_BLOCK;
  readonly #limits: MessageLimits;

  /** @param limits How much is accepted. */
  constructor(limits: MessageLimits) {
    this.#limits = limits;
  }

  /** How many bytes are held and not used up. */
  get buffered(): number {
    return this.end - this.pos;
  }

  /** True while some of a head is there, but not all. */
  get inHead(): boolean {
    return this.#state === State.Head && this.end > this.pos;
  }

  /** True between {@linkcode HEAD} and {@linkcode END}. */
  get inBody(): boolean {
    return this.#state > State.Head && this.#state < State.Done;
  }

  /** True when only the peer's closing ends the body (responses only). */
  get untilClose(): boolean {
    return this.#state === State.UntilClose;
  }

  /** Takes more bytes; they are borrowed until {@linkcode keep}. */
  push(data: Uint8Array): void {
    this.#textStart = -1;
    if (this.pos === this.end) {
      this.data = data;
      this.pos = 0;
      this.end = data.length;
      this.#own = false;
      this.#scanned = 0;
      return;
    }
    this.#reserve(data.length);
    this.data.set(data, this.end);
    this.end += data.length;
  }

  /** Copies what is not used up yet, so that the caller's bytes are free again. */
  keep(): void {
    this.body = NO_BYTES;
    if (this.pos === this.end) {
      this.data = NO_BYTES;
      this.pos = this.end = this.#scanned = 0;
      this.#own = false;
    } else if (!this.#own) {
      this.#reserve(0);
    }
    this.#text = "";
    this.#textStart = -1;
  }

  /** Gives up all that is held, and returns a copy of it: the connection speaks another protocol now. */
  takeRest(): Uint8Array {
    const rest = this.data.slice(this.pos, this.end);
    this.pos = this.end = 0;
    this.keep();
    this.#state = State.Done;
    return rest;
  }

  // Makes data a buffer of our own with room for `more` bytes; what is used up is dropped.
  #reserve(more: number): void {
    const length = this.end - this.pos;
    if (this.#own && this.end + more <= this.data.length) return;
    let into = this.data;
    if (!this.#own || length + more > into.length) {
      into = new Uint8Array(Math.max(512, this.#own ? 2 * (length + more) : length + more));
    }
    into.set(this.data.subarray(this.pos, this.end), 0);
    this.data = into;
    this.pos = 0;
    this.end = length;
    this.#own = true;
    this.#textStart = -1;
  }

  /** The present message is dealt with: go on to the next. */
  restart(): void {
    if (this.#state !== State.Done) {
      throw new TypeError("Cannot restart the parser: a message is not complete");
    }
    this.#state = State.Head;
    this.#scanned = 0;
  }

  /** What comes next in the bytes at hand. */
  next(): ParserEvent {
    for (;;) {
      switch (this.#state) {
        case State.Head:
          return this.#head();
        case State.Length:
          if (this.#left === 0) return this.#finish();
          return this.#piece();
        case State.UntilClose:
          this.#left = this.end - this.pos;
          if ((this.#bodyBytes += this.#left) > this.#limits.maxBodyBytes) return this.fail(BODY_TOO_LARGE);
          return this.#piece();
        case State.ChunkSize: {
          const fault = this.#chunkSize();
          if (fault === undefined) return NEED;
          if (fault !== null) return this.fail(fault);
          break;
        }
        case State.ChunkData:
          if (this.#left > 0) return this.#piece();
          this.#state = State.ChunkEnd;
          break;
        case State.ChunkEnd:
          if (this.end > this.pos && this.data[this.pos] !== 0x0d) return this.fail(BAD_CHUNK_END);
          if (this.end - this.pos < 2) return NEED;
          if (this.data[this.pos + 1] !== 0x0a) return this.fail(BAD_CHUNK_END);
          this.pos += 2;
          this.#state = State.ChunkSize;
          break;
        case State.Trailers:
          return this.#trailers();
        default:
          return NEED;
      }
    }
  }

  /** Reads the head, if it is complete: {@linkcode HEAD}, {@linkcode NEED} or {@linkcode FAULT}. */
  protected abstract readHead(): ParserEvent;

  /**
   * The one-byte string of bytes from {@linkcode textStart} on, which is at `pos` or before: `text[i]` is byte
   * `textStart + i`. One serves the short messages of a chunk.
   *
   * @param length How many bytes from `pos` on it has to have, if there are so many.
   */
  protected text(length = 1): string {
    const { pos, end } = this;
    const start = this.#textStart;
    if (start < 0 || start > pos || start + this.#text.length < Math.min(end, pos + length)) {
      this.#text = latin1(this.data, pos, Math.min(end, pos + Math.max(WINDOW, length)));
      this.#textStart = pos;
    }
    return this.#text;
  }

  /** See {@linkcode text}. */
  protected get textStart(): number {
    return this.#textStart;
  }

  /** Some bytes that {@linkcode text} has, as a string. */
  protected slice(from: number, to: number): string {
    // A slice keeps the whole text alive: of a long one it is a string of its own.
    if (this.#text.length > WINDOW) return latin1(this.data, from, to);
    return this.#text.slice(from - this.#textStart, to - this.#textStart);
  }

  /**
   * Looks for the empty line that ends a head.
   *
   * @returns The offset in `data` of the CRLF CRLF, which {@linkcode text} has then; or -1, and the bytes are not
   * searched again.
   */
  protected findEmptyLine(): number {
    const { pos, end } = this;
    const from = Math.max(pos, pos + this.#scanned - 3);
    if (from > pos) { // it began in an earlier chunk: search only what is new
      const at = latin1(this.data, from, end).indexOf("\r\n\r\n");
      if (at >= 0) {
        this.text(at + from + 4 - pos);
        return at + from;
      }
    } else {
      for (let length = 1;; length = length === 1 ? WINDOW : end - pos) { // at first the text that is there
        const text = this.text(length);
        const at = text.indexOf("\r\n\r\n", pos - this.#textStart);
        if (at >= 0) return at + this.#textStart;
        if (this.#textStart + text.length === end) break;
      }
    }
    this.#scanned = end - pos;
    return -1;
  }

  /** The body is `length` bytes long. */
  protected expectLength(length: number): void {
    this.#state = State.Length;
    this.#left = length;
    this.trailers = EMPTY_BLOCK;
  }

  /** The body comes in chunks. */
  protected expectChunks(): void {
    this.#state = State.ChunkSize;
    this.#bodyBytes = 0;
    this.#extensionBytes = 0;
    this.trailers = EMPTY_BLOCK;
  }

  /** The body ends with the connection. */
  protected expectClose(): void {
    this.#state = State.UntilClose;
    this.#bodyBytes = 0;
    this.trailers = EMPTY_BLOCK;
  }

  /** Gives up. */
  protected fail(fault: Fault): typeof FAULT {
    this.fault = fault;
    this.#state = State.Failed;
    return FAULT;
  }

  #head(): ParserEvent {
    if (this.pos === this.end) return NEED;
    const event = this.readHead();
    if (event === HEAD) this.#scanned = 0;
    return event;
  }

  #piece(): ParserEvent {
    const length = Math.min(this.#left, this.end - this.pos);
    if (length === 0) return NEED;
    this.body = this.data.subarray(this.pos, this.pos + length);
    this.pos += length;
    this.#left -= length;
    return BODY;
  }

  #finish(): ParserEvent {
    this.#state = State.Done;
    return END;
  }

  /** Reads a size line: `null` when it is read, `undefined` when it is not complete. RFC 9112 §7.1. */
  #chunkSize(): Fault | null | undefined {
    const { data, pos, end } = this;
    let size = 0;
    let i = pos;
    for (; i < end; i++) {
      const digit = HEX[data[i]!]!;
      if (digit === 255) break;
      if (i - pos === MAX_HEX_DIGITS) return BAD_CHUNK_SIZE;
      size = size * 16 + digit;
    }
    if (i === end) return undefined;
    if (i === pos) return BAD_CHUNK_SIZE;
    const sizeEnd = i;
    while (data[i] === 0x20 || data[i] === 0x09) i++;
    if (i > sizeEnd && i < end && data[i] !== 0x3b) return BAD_CHUNK_SIZE; // blanks only before an extension
    if (i < end && data[i] === 0x3b) { while (i < end && isValueByte(data[i]!)) i++; }
    if (i - pos > this.#limits.maxChunkLineBytes) return CHUNK_LINE_TOO_LONG;
    if (i === end) return undefined;
    if (data[i] !== 0x0d) return BAD_CHUNK_SIZE;
    if (i + 1 === end) return undefined;
    if (data[i + 1] !== 0x0a) return BAD_CHUNK_SIZE;
    if ((this.#extensionBytes += i - sizeEnd) > this.#limits.maxHeaderBytes) return EXTENSIONS_TOO_LONG;
    if ((this.#bodyBytes += size) > this.#limits.maxBodyBytes) return BODY_TOO_LARGE;
    this.pos = i + 2;
    this.#left = size;
    this.#scanned = 0;
    this.#state = size === 0 ? State.Trailers : State.ChunkData;
    return null;
  }

  #trailers(): ParserEvent {
    const { data, pos, end } = this;
    if (end - pos < 2) {
      return NEED;
    }
    if (data[pos] === 0x0d && data[pos + 1] === 0x0a) {
      this.pos += 2;
      return this.#finish();
    }
    const at = this.findEmptyLine();
    if (at < 0) return end - pos > this.#limits.maxHeaderBytes + 2 ? this.fail(TRAILERS_TOO_LONG) : NEED;
    const block = scanHeaders(data, pos, at + 2, this.#limits);
    if (block instanceof Fault) return this.fail(block);
    this.trailers = block;
    this.pos = at + 4;
    return this.#finish();
  }
}
