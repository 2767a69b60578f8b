/**
 * What the commands of memcached's text protocol do to a store, with no connection in it.
 * @module
 */
import type { Data } from "@ropewalk/reactor/core";
import { concatBytes, decodeUtf8, encodeUtf8 } from "../bytes.ts";
import { MAX_KEY_BYTES } from "./request.ts";
import type { Eventually, MemCacheItem, MemCacheStore } from "./store.ts";

/** What commands ask of their connection. */
export interface CommandConnection {
  /** Whether the command at hand wants no answer of a line, not even of an error. */
  quiet(noreply: boolean): void;
  /** Answers a line, if one is wanted. */
  say(line: string): void;
  /** Sends pieces. */
  send(parts: Data[]): void;
  /** Goes on with what the store answers, now or when it does; nothing else is done until then. */
  when<T>(value: Eventually<T>, then: (value: T) => void): void;
  /** Goes on when the client has taken what was sent: now, if it has. */
  whenTaken(then: () => void): void;
  /** Ends the connection. */
  close(): void;
  /** Seconds since the reactor was started. */
  seconds(): number;
}

/** What commands need to know. */
export interface CommandOptions {
  /** The longest value, also by `append`. */
  readonly maxValueBytes: number;
  /** What `version` says. */
  readonly version: string;
  /** Tells the time, in seconds since 1970. */
  readonly unixSeconds?: (() => number) | undefined;
}

/** A storage command whose value is still to come. */
export interface Storing {
  readonly command: string;
  readonly key: string;
  readonly flags: number;
  readonly expire: number;
  readonly length: number;
  readonly cas: string;
}

const THIRTY_DAYS = 30 * 24 * 3600;
const LAST_64 = (1n << 64n) - 1n;
const SEND_AT_BYTES = 65536; // how much of an answer is put together before it is sent

/** How many words a command has at least, in front of `noreply`; a key may have that name, too. */
const NOREPLY: ReadonlyMap<string, number> = new Map([
  ["delete", 2],
  ["touch", 3],
  ["incr", 3],
  ["decr", 3],
  ["flush_all", 1],
  ["verbosity", 1],
]);

/** Does commands, one at a time. */
export class Commands {
  readonly #connection: CommandConnection;
  readonly #store: MemCacheStore;
  readonly #options: CommandOptions;
  readonly #counts = { cmd_get: 0, cmd_set: 0, get_hits: 0, get_misses: 0 };

  constructor(connection: CommandConnection, store: MemCacheStore, options: CommandOptions) {
    this.#connection = connection;
    this.#store = store;
    this.#options = options;
  }

  /** Does a command that has no value behind it. */
  line(words: string[]): void {
    const [command = ""] = words;
    const noreply = words.at(-1) === "noreply" && words.length > (NOREPLY.get(command) ?? Infinity);
    if (noreply) words.pop();
    this.#connection.quiet(noreply);
    const args = words.slice(1);
    switch (command) {
      case "get":
      case "gets":
        return this.#retrieve(args, command === "gets", null);
      case "gat":
      case "gats": {
        const expire = exptime(args[0]);
        if (expire === null) return this.#say("CLIENT_ERROR invalid exptime argument");
        return this.#retrieve(args.slice(1), command === "gats", expire);
      }
      case "delete":
        if (!this.#keyFits(args[0])) return;
        return this.#when(
          this.#store.delete(args[0]!),
          (there) => this.#say(there ? "DELETED" : "NOT_FOUND"),
        );
      case "touch": {
        if (!this.#keyFits(args[0])) return;
        const expire = exptime(args[1]);
        if (expire === null) return this.#say("CLIENT_ERROR invalid exptime argument");
        return this.#touch(
          args[0]!,
          expire,
          null,
          (there) => this.#say(there ? "TOUCHED" : "NOT_FOUND"),
        );
      }
      case "incr":
      case "decr":
        return this.#count(command, args);
      case "flush_all": // a time may stand behind it; this store forgets at once
        if (args[0] !== undefined && exptime(args[0]) === null) {
          return this.#say("CLIENT_ERROR invalid exptime argument");
        }
        return this.#when(this.#store.clear(), () => this.#say("OK"));
      case "version":
        return this.#say(`VERSION ${this.#options.version}`);
      case "verbosity":
        return this.#say("OK");
      case "stats":
        return this.#stats(args);
      case "quit":
        return this.#connection.close();
      default:
        this.#say("ERROR");
    }
  }

  /** Stores a value that came. */
  store({ command, key, flags, expire, cas }: Storing, value: Uint8Array): void {
    this.#counts.cmd_set++;
    const put = () => this.#when(this.#put(key, value, flags, expire), () => this.#say("STORED"));
    if (command === "set") return put();
    this.#when(this.#store.get(key), (item) => {
      if (command === "cas") {
        if (item === null) return this.#say("NOT_FOUND");
        return String(item.cas) === cas ? put() : this.#say("EXISTS");
      }
      if ((item === null) !== (command === "add")) return this.#say("NOT_STORED");
      if (command !== "append" && command !== "prepend") return put();
      if (item!.value.length + value.length > this.#options.maxValueBytes) {
        return this.#say("SERVER_ERROR object too large for cache");
      }
      const parts = command === "append" ? [item!.value, value] : [value, item!.value];
      this.#when(
        this.#update(key, concatBytes(parts), item!.flags),
        () => this.#say("STORED"),
      );
    });
  }

  // How long a key lives: null if it is to be gone. Above thirty days: seconds since 1970, which no reactor counts from.
  #left(expire: number): number | null {
    if (expire < 0) return null;
    if (expire <= THIRTY_DAYS) return expire;
    const now = this.#options.unixSeconds;
    if (now === undefined) return 0;
    return expire > now() ? expire - now() : null;
  }

  #put(key: string, value: Uint8Array, flags: number, expire: number): Eventually<unknown> {
    const left = this.#left(expire);
    return left === null ? this.#store.delete(key) : this.#store.set(key, value, flags, left);
  }

  // Another value; how long the key lives is as it was.
  #update(key: string, value: Uint8Array, flags: number): Eventually<unknown> {
    return this.#store.update ? this.#store.update(key, value, flags) : this.#store.set(key, value, flags, 0);
  }

  #touch(
    key: string,
    expire: number,
    known: MemCacheItem | null,
    then: (there: boolean) => void,
  ): void {
    const left = this.#left(expire);
    if (left === null) return this.#when(this.#store.delete(key), then);
    if (this.#store.touch) return this.#when(this.#store.touch(key, left), then);
    this.#when(known ?? this.#store.get(key), (item) => {
      if (item === null) return then(false);
      this.#when(this.#store.set(key, item.value, item.flags, left), () => then(true));
    });
  }

  // A short request may have a long answer: it is sent in pieces, no faster than the client takes them.
  #retrieve(keys: string[], withCas: boolean, expire: number | null): void {
    if (keys.length === 0) return this.#say("ERROR");
    for (const key of keys) if (!this.#keyFits(key)) return;
    let parts: Data[] = [];
    let bytes = 0;
    const next = (i: number): void => {
      for (; i < keys.length; i++) {
        if (bytes > SEND_AT_BYTES) {
          this.#connection.send(parts);
          parts = [];
          bytes = 0;
          return this.#connection.whenTaken(() => next(i));
        }
        const key = keys[i]!;
        this.#counts.cmd_get++;
        const item = this.#store.get(key);
        if (isLater(item) || (item !== null && expire !== null)) {
          this.#when(item, (found) => {
            if (found === null || expire === null) {
              add(key, found);
              return next(i + 1);
            }
            this.#touch(key, expire, found, () => {
              add(key, found);
              next(i + 1);
            });
          });
          return;
        }
        add(key, item);
      }
      parts.push("END\r\n");
      this.#connection.send(parts);
    };
    const add = (key: string, item: MemCacheItem | null) => {
      if (item === null) {
        this.#counts.get_misses++;
        return;
      }
      this.#counts.get_hits++;
      const cas = withCas ? ` ${item.cas}` : "";
      parts.push(`VALUE ${key} ${item.flags} ${item.value.length}${cas}\r\n`, item.value, "\r\n");
      bytes += item.value.length + 64;
    };
    next(0);
  }

  #count(command: string, [key, by]: string[]): void {
    if (!this.#keyFits(key)) return;
    if (by === undefined || !/^\d{1,20}$/.test(by) || BigInt(by) > LAST_64) {
      return this.#say("CLIENT_ERROR invalid numeric delta argument");
    }
    this.#when(this.#store.get(key!), (item) => {
      if (item === null) return this.#say("NOT_FOUND");
      const text = item.value.length > 32 ? "" : decodeUtf8(item.value);
      if (!/^\d{1,20} *$/.test(text) || BigInt(text.trimEnd()) > LAST_64) {
        return this.#say("CLIENT_ERROR cannot increment or decrement non-numeric value");
      }
      const old = BigInt(text.trimEnd());
      const delta = BigInt(by);
      const value = command === "incr" ? (old + delta) & LAST_64 : old > delta ? old - delta : 0n;
      this.#when(
        this.#update(key!, encodeUtf8(String(value)), item.flags),
        () => this.#say(String(value)),
      );
    });
  }

  #stats([which]: string[]): void {
    const lines: string[] = [];
    if (which === undefined) {
      const seconds = Math.floor(this.#connection.seconds());
      const figures = {
        pid: 1,
        uptime: seconds,
        time: seconds,
        version: this.#options.version,
        pointer_size: 64,
        ...this.#counts,
        ...this.#store.stats?.(),
      };
      for (const [name, value] of Object.entries(figures)) lines.push(`STAT ${name} ${value}\r\n`);
    }
    this.#connection.send([lines.join("") + "END\r\n"]);
  }

  #keyFits(key: string | undefined): boolean {
    if (key === undefined) this.#say("ERROR");
    else if (!isKey(key)) this.#say("CLIENT_ERROR bad command line format");
    else return true;
    return false;
  }

  #say(line: string): void {
    this.#connection.say(line);
  }

  #when<T>(value: Eventually<T>, then: (value: T) => void): void {
    this.#connection.when(value, then);
  }
}

/** Whether something is a key: text of up to 250 bytes. */
export function isKey(key: string): boolean {
  return !key.includes("\ufffd") &&
    (key.length <= MAX_KEY_BYTES / 3 || encodeUtf8(key).length <= MAX_KEY_BYTES);
}

/** Whether a value is still to come. */
export function isLater<T>(value: Eventually<T>): value is Exclude<Eventually<T>, T> {
  return typeof (value as PromiseLike<T> | null)?.then === "function";
}

/** Seconds, as a command says them; `null` for what is no number of them. */
function exptime(word: string | undefined): number | null {
  return word !== undefined && /^-?\d{1,15}$/.test(word) ? Number(word) : null;
}
