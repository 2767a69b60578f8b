/**
 * `HTTPHeaders`: header fields, by name without regard to case.
 * @module
 */
import { EMPTY_BLOCK, type HeaderBlock } from "./_header_block.ts";
import { type Name, nameOf, safeValue } from "./_header_names.ts";
import { type HeaderSet, NO_HEADERS } from "./_header_set.ts";

/**
 * Header fields: the methods of the platform's `Headers`, and Twisted's `getRawHeaders` and its kin. Several fields may
 * have one name, and stay apart. Values are text; on the wire they are UTF-8. A line cannot be broken out of: control
 * characters in a value become spaces, and a name that is no token is refused.
 *
 * @example
 * ```ts
 * import { HTTPHeaders } from "@ropewalk/web";
 * import { assertEquals } from "@std/assert";
 *
 * const headers = new HTTPHeaders({ "content-type": "text/plain" });
 * headers.append("Vary", "Accept");
 * headers.append("vary", "Cookie");
 * assertEquals(headers.getRawHeaders("Vary"), ["Accept", "Cookie"]);
 * assertEquals([...headers], [["Content-Type", "text/plain"], ["Vary", "Accept"], ["Vary", "Cookie"]]);
 * ```
 */
export class HTTPHeaders {
  #set: HeaderSet | null = NO_HEADERS; // while it is not null the arrays are the set's, which all may share
  #names: Name[] = NO_HEADERS.names;
  #values: string[] = NO_HEADERS.values;
  #flags = 0;
  #block: HeaderBlock; // fields received; they move into the arrays when something is changed

  /**
   * Makes one.
   *
   * @param init Fields to begin with.
   */
  constructor(
    init?: Iterable<readonly [string, string]> | Readonly<Record<string, string | readonly string[]>>,
  ) {
    this.#block = EMPTY_BLOCK;
    if (init === undefined) return;
    for (const [name, value] of Symbol.iterator in init ? init : Object.entries(init)) {
      if (typeof value === "string") this.append(name, value);
      else for (const one of value) this.append(name, one);
    }
  }

  /** @ignore Fields that others have too. */
  static _shared(set: HeaderSet): HTTPHeaders {
    const headers = new HTTPHeaders();
    headers.#take(set);
    return headers;
  }

  /** @ignore The headers of a message that was parsed. */
  static _received(block: HeaderBlock): HTTPHeaders {
    const headers = new HTTPHeaders();
    headers.#block = block;
    headers.#set = null;
    return headers;
  }

  /** How many fields there are. */
  get size(): number {
    return this.#block.count + this.#names.length;
  }

  /** The fields under a name, joined by `", "` as the platform's `Headers` does; `null` if there is none. */
  get(name: string): string | null {
    const all = this.#all(name);
    return all.length === 0 ? null : all.length === 1 ? all[0]! : all.join(", ");
  }

  /** Puts one field in place of all that have its name. */
  set(name: string, value: string): void {
    if (this.#set !== null && this.#share(this.#set, name, value)) return;
    this.#own();
    const key = nameOf(name);
    const at = this.#find(key.lower);
    if (at < 0) {
      this.#add(key, safeValue(key, String(value)));
      return;
    }
    this.#values[at] = safeValue(key, String(value));
    this.#remove(key, at + 1);
  }

  /** Adds a field, beside others of its name. */
  append(name: string, value: string): void {
    if (this.#set !== null && this.#share(this.#set, name, value)) return;
    this.#own();
    const key = nameOf(name);
    this.#add(key, safeValue(key, String(value)));
  }

  // Goes on to the set with one field more, if there is one that was used before or shall be used again.
  #share(from: HeaderSet, name: string, value: string): boolean {
    const set = from.with(name, value);
    if (set !== null) this.#take(set);
    return set !== null;
  }

  #take(set: HeaderSet): void {
    this.#set = set;
    this.#names = set.names;
    this.#values = set.values;
    this.#flags = set.flags;
  }

  #add(key: Name, value: string): void {
    this.#flags |= key.flag;
    if (this.#names.length === 0) { // literals: the first push would reserve room for 17
      this.#names = [key];
      this.#values = [value];
    } else {
      this.#names.push(key);
      this.#values.push(value);
    }
  }

  /** True if there is a field of this name. */
  has(name: string): boolean {
    return this.#all(name).length > 0;
  }

  /** Removes all fields of a name. */
  delete(name: string): void {
    this.#own();
    const key = nameOf(name);
    this.#flags &= ~key.flag;
    this.#remove(key, 0);
  }

  /** Each `Set-Cookie` by itself. */
  getSetCookie(): string[] {
    return [...this.#all("set-cookie")];
  }

  /** All values under a name, in order; `fallback` if there is none. */
  getRawHeaders(name: string): string[];
  /** As above, with a fallback. */
  getRawHeaders<T>(name: string, fallback: T): string[] | T;
  getRawHeaders(name: string, fallback: unknown = []): unknown {
    const all = this.#all(name);
    return all.length === 0 ? fallback : [...all];
  }

  /** Puts some fields in place of all that have their name. */
  setRawHeaders(name: string, values: readonly string[]): void {
    this.delete(name);
    for (const value of values) this.append(name, value);
  }

  /** As {@linkcode append}. */
  addRawHeader(name: string, value: string): void {
    this.append(name, value);
  }

  /** As {@linkcode has}. */
  hasHeader(name: string): boolean {
    return this.has(name);
  }

  /** As {@linkcode delete}. */
  removeHeader(name: string): void {
    this.delete(name);
  }

  /** The names with all their values. */
  *getAllRawHeaders(): Generator<[name: string, values: string[]]> {
    const seen = new Map<string, string[]>();
    for (const [name, value] of this) {
      const values = seen.get(name);
      if (values === undefined) seen.set(name, [value]);
      else values.push(value);
    }
    yield* seen;
  }

  /** A copy that changes by itself. */
  copy(): HTTPHeaders {
    return new HTTPHeaders(this);
  }

  /** The fields, one pair for each, the names as they go on the wire. */
  *[Symbol.iterator](): Generator<[name: string, value: string]> {
    for (let i = 0; i < this.#block.count; i++) {
      yield [nameOf(this.#block.name(i)).wire, this.#block.value(i)];
    }
    for (let i = 0; i < this.#names.length; i++) yield [this.#names[i]!.wire, this.#values[i]!];
  }

  /** As the iteration. */
  entries(): Generator<[name: string, value: string]> {
    return this[Symbol.iterator]();
  }

  /** Calls `f` for each field. */
  forEach(f: (value: string, name: string, headers: HTTPHeaders) => void): void {
    for (const [name, value] of this) f(value, name, this);
  }

  /** The platform's headers, for the fetch boundary: text above U+00FF as the bytes of its UTF-8. */
  toPlatform(): Headers {
    const headers = new Headers();
    for (const [name, value] of this) headers.append(name, byteString(value));
    return headers;
  }

  /** The lines as they go on the wire. */
  toString(): string {
    if (this.#set !== null) return this.#set.lines;
    let lines = "";
    if (this.#block.count > 0) this.#own();
    const keys = this.#names;
    const values = this.#values;
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]!;
      lines += key.value === values[i] ? key.line : `${key.wire}: ${values[i]!}\r\n`;
    }
    return lines;
  }

  /** @ignore Which of the names that a connection has to know of are there; only of fields set here. */
  get _flags(): number {
    return this.#flags;
  }

  /** @ignore The shared set that these fields are, or `null`. */
  get _set(): HeaderSet | null {
    return this.#set;
  }

  /** @ignore The last value under a name in lower case; the quick way for headers that were received. */
  _last(lower: string): string | undefined {
    if (this.#names.length === 0) return this.#block.get(lower);
    const all = this.#all(lower);
    return all[all.length - 1];
  }

  #all(name: string): readonly string[] {
    if (this.#names.length === 0) {
      return this.#block.count === 0 ? [] : this.#block.getAll(name.toLowerCase());
    }
    const { lower } = nameOf(name);
    const found: string[] = [];
    for (let i = 0; i < this.#names.length; i++) {
      if (this.#names[i]!.lower === lower) found.push(this.#values[i]!);
    }
    return found;
  }

  #find(lower: string): number {
    for (let i = 0; i < this.#names.length; i++) if (this.#names[i]!.lower === lower) return i;
    return -1;
  }

  // Makes the arrays ours to change.
  #own(): void {
    if (this.#set !== null) {
      this.#set = null;
      this.#names = this.#names.slice();
      this.#values = this.#values.slice();
      return;
    }
    const block = this.#block;
    if (block.count === 0) return;
    this.#block = EMPTY_BLOCK;
    for (let i = 0; i < block.count; i++) {
      this.#add(nameOf(block.name(i)), block.value(i));
    }
  }

  #remove(key: Name, from: number): void {
    for (let i = this.#names.length - 1; i >= from; i--) {
      if (this.#names[i]!.lower !== key.lower) continue;
      this.#names.splice(i, 1);
      this.#values.splice(i, 1);
    }
  }
}

function byteString(value: string): string {
  if (/^[\0-\xff]*$/.test(value)) return value;
  return Array.from(new TextEncoder().encode(value), (byte) => String.fromCharCode(byte)).join("");
}
