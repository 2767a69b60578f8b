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
import { serverAndDate } from "./_date.ts";
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

const ASCII = /^[\0-\x7f]*$/;

let sets = 0;

/** Header fields that responses share. */
export class HeaderSet {
  readonly #edgeNames: string[] = []; // as they were given
  readonly #edgeValues: string[] = [];
  readonly #edges: HeaderSet[] = [];
  #misses = 0;
  #body: string | null = null; // the last
  #dated = ""; // `Server` and `Date` in what follows
  /** A whole answer, once {@linkcode prepare} said so. */
  text = "";
  /** The same as bytes. */
  bytes: Uint8Array = NO_BYTES;

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
  ) {}

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
   * Makes `text` and `bytes` the whole answer of status 200 with a body, if that was the last body too.
   *
   * @param body The body.
   * @param now Milliseconds since the epoch.
   * @returns False if the body is another, or none to keep.
   */
  prepare(body: string, now: number): boolean {
    if (body !== this.#body) {
      if (body.length > MAX_BODY) return false;
      this.#body = ASCII.test(body) ? body : null;
      this.#dated = "";
      return false;
    }
    const dated = serverAndDate(now);
    if (dated === this.#dated) return true;
    const type = body === "" || (this.flags & HAS_CONTENT_TYPE) !== 0 ? "" : DEFAULT_TYPE;
    this.text =
      `HTTP/1.1 200 OK\r\n${dated}${type}Content-Length: ${body.length}\r\n${this.lines}\r\n${body}`;
    this.bytes = encodeUtf8(this.text);
    this.#dated = dated;
    return true;
  }
}

/** The line for a body whose type was not said. */
export const DEFAULT_TYPE = "Content-Type: text/html; charset=utf-8\r\n";

/** No fields: where all sets begin. */
export const NO_HEADERS: HeaderSet = new HeaderSet([], [], 0, "");
