/**
 * Sets of header fields that programs make again and again.
 *
 * ```text
 *   NO_HEADERS ─ content-type: text/plain ─▶ set ─ cache-control: no-store ─▶ set
 *        └────── content-type: text/html ──▶ set         lines, flags and a whole answer are kept with each
 * ```
 *
 * A resource sets the same fields in the same order for each request. Following an edge costs two comparisons; making
 * the fields anew would cost two arrays, a look-up of each name, a check of each value and the joining of the lines.
 * Sets never change. How many there are is bounded: by what one leads to, and altogether.
 * @module
 */
import { encodeUtf8, NO_BYTES } from "@ropewalk/protocols/bytes";
import { DEFAULT_TYPE, okHead } from "./_date.ts";
import { HAS_CONTENT_TYPE, type Name, nameOf, safeValue } from "./_header_names.ts";

/** So many sets follow one. */
const MAX_EDGES = 4;
/** One that is full learns only so many misses apart: fields that differ each time are not worth it. */
const LEARN_EVERY = 16;
/** Once there are so many they are forgotten. */
const MAX_SETS = 1024;
/** A longer value is not shared. */
const MAX_VALUE = 128;
/** A longer body is not kept with its head. */
const MAX_BODY = 1024;
/** A longer body is not put into the bytes of the last answer: the host's encoder is quicker. */
const MAX_PATCHED = 32;

let sets = 0;

/** Header fields that responses share. */
export class HeaderSet {
  readonly #edgeNames: string[] = []; // as they were given
  readonly #edgeValues: string[] = [];
  readonly #edges: HeaderSet[] = [];
  #misses = 0;
  readonly #rest: string; // of a head, after the length
  #head = ""; // the last one, made of these two
  #headStart = "";
  #headLength = 0;
  #answer: Uint8Array = NO_BYTES; // the last one, made of these two
  #answerHead = "";
  #body = "";
  #seen = ""; // a long body, the last

  /**
   * @param names The fields' names. Not to be changed, nor are the values.
   * @param values Their values.
   * @param flags Which names there are that a connection has to know of.
   * @param lines The lines of all.
   */
  constructor(
    readonly names: Name[],
    readonly values: string[],
    readonly flags: number,
    readonly lines: string,
  ) {
    this.#rest = `\r\n${lines}\r\n`;
  }

  /** The set with one field more; `null` if it is not one to share. */
  with(name: string, value: string): HeaderSet | null {
    const names = this.#edgeNames;
    for (let i = 0; i < names.length; i++) {
      if (names[i] === name && this.#edgeValues[i] === value) return this.#edges[i]!;
    }
    if (names.length === MAX_EDGES && ++this.#misses % LEARN_EVERY !== 0) return null;
    return this.#learn(name, value);
  }

  #learn(name: string, value: string): HeaderSet | null {
    if (typeof value !== "string" || value.length > MAX_VALUE) return null;
    const key = nameOf(name);
    if (key.lower === "set-cookie" || this.names.includes(key)) return null; // a secret, or it replaces another
    if (this.names.some(({ lower }) => lower === key.lower)) return null; // written in another way
    if (++sets > MAX_SETS) {
      sets = 0;
      NO_HEADERS.#forget();
    }
    const safe = safeValue(key, value);
    const set = new HeaderSet(
      [...this.names, key],
      [...this.values, safe],
      this.flags | key.flag,
      `${this.lines}${key.wire}: ${safe}\r\n`,
    );
    const at = this.#edges.length < MAX_EDGES
      ? this.#edges.length
      : Math.floor(this.#misses / LEARN_EVERY) % MAX_EDGES;
    this.#edgeNames[at] = name;
    this.#edgeValues[at] = value;
    this.#edges[at] = set;
    return set;
  }

  #forget(): void {
    this.#edgeNames.length = this.#edgeValues.length = this.#edges.length = 0;
  }

  /**
   * The head of an answer of status 200.
   *
   * @param now Milliseconds since the epoch.
   * @param length How many bytes its body has.
   */
  head(now: number, length: number): string {
    const start = okHead(now, this.#type(length));
    if (start !== this.#headStart || length !== this.#headLength) {
      this.#headStart = start;
      this.#headLength = length;
      this.#head = `${start}${length}${this.#rest}`;
    }
    return this.#head;
  }

  // What is said of the type of a body if a page did not.
  #type(length: number): "" | typeof DEFAULT_TYPE {
    return length === 0 || (this.flags & HAS_CONTENT_TYPE) !== 0 ? "" : DEFAULT_TYPE;
  }

  /**
   * A whole answer of status 200 as bytes, valid until the next call; `null` if the body is none that is kept, or not
   * ASCII. A body of the length of the last is put in its place.
   *
   * @param now Milliseconds since the epoch.
   * @param body The body.
   */
  answer(now: number, body: string): Uint8Array | null {
    const { length } = body;
    if (length > MAX_BODY) return null;
    const head = okHead(now, this.#type(length));
    if (head === this.#answerHead) {
      if (body === this.#body) return this.#answer;
      if (length === this.#body.length && length <= MAX_PATCHED) return this.#patch(body);
    }
    if (length > MAX_PATCHED && body !== this.#seen) { // long ones are kept once they come again
      this.#seen = body;
      return null;
    }
    const text = `${head}${length}${this.#rest}${body}`;
    const bytes = encodeUtf8(text);
    if (bytes.length !== text.length) return null;
    this.#answerHead = head;
    this.#body = body;
    return this.#answer = bytes;
  }

  #patch(body: string): Uint8Array | null {
    const bytes = this.#answer;
    for (let i = 0, at = bytes.length - body.length; i < body.length; i++) {
      const code = body.charCodeAt(i);
      if (code > 0x7f) {
        this.#answerHead = "";
        return null;
      }
      bytes[at++] = code;
    }
    this.#body = body;
    return bytes;
  }
}

/** No fields: where all sets begin. */
export const NO_HEADERS: HeaderSet = new HeaderSet([], [], 0, "");
