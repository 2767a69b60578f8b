/**
 * A memcached-compatible server: memcached's text protocol over any store of keys and values.
 * @module
 */
import { Deferred, reportError } from "@ropewalk/deferred";
import type { Data } from "@ropewalk/reactor/core";
import { LineBuffer } from "../_line_buffer.ts";
import { concatBytes, decodeUtf8, encodeUtf8 } from "../bytes.ts";
import type { Factory } from "../factory.ts";
import { Protocol } from "../protocol.ts";
import { MAX_KEY_BYTES } from "./request.ts";
import type { Eventually, MemCacheItem, MemCacheStore } from "./store.ts";

/** Options of {@linkcode MemCacheServer}. */
export interface MemCacheServerOptions {
  /** The longest value accepted; longer ones are answered with an error. @default 1 MiB */
  maxValueBytes?: number;
  /** The longest line of a command. @default 65536 */
  maxLineBytes?: number;
  /** Tells the time, in seconds since 1970, for clients that say until when a key lives. @default such keys stay */
  unixSeconds?: () => number;
  /** What `version` says. @default "1.6.0-ropewalk" */
  version?: string;
}

const THIRTY_DAYS = 30 * 24 * 3600;
const LAST_64 = (1n << 64n) - 1n;

/** A storage command whose value is still to come. */
interface Storing {
  readonly command: string;
  readonly key: string;
  readonly flags: number;
  readonly expire: number;
  readonly length: number;
  readonly cas: string;
  readonly noreply: boolean;
  readonly refusal: string | null; // the value is read and thrown away
}

/** What is known of a storage command. */
const STORAGE = new Set(["set", "add", "replace", "append", "prepend", "cas"]);

/**
 * One connection of a memcached-compatible server. Commands are done in order, one at a time; while the store takes its
 * time with one, nothing is read.
 *
 * It knows `get gets gat gats set add replace append prepend cas delete incr decr touch stats version flush_all
 * verbosity quit`, with `noreply`; not the binary protocol and not the meta commands.
 *
 * @example
 * ```ts
 * import { MemCacheServer, MemoryMemCacheStore } from "@ropewalk/protocols/memcache";
 * import { Clock, StringTransport } from "@ropewalk/testing";
 * import { assertEquals } from "@std/assert";
 *
 * const clock = new Clock();
 * const server = new MemCacheServer(new MemoryMemCacheStore(clock));
 * const transport = new StringTransport({ reactor: clock });
 * server.makeConnection(transport);
 * server.dataReceived(new TextEncoder().encode("set a 0 0 5\r\nhello\r\nget a\r\n"));
 * assertEquals(transport.text(), "STORED\r\nVALUE a 0 5\r\nhello\r\nEND\r\n");
 * ```
 */
export class MemCacheServer<F = Factory> extends Protocol<F> {
  /** What is kept of a chunk is copied. */
  readonly borrowsData = true;
  readonly #store: MemCacheStore;
  readonly #options: Required<Omit<MemCacheServerOptions, "unixSeconds">> & MemCacheServerOptions;
  readonly #buffer = new LineBuffer();
  #storing: Storing | null = null;
  #skip = 0; // bytes of a value that nobody wants
  #busy = false; // the store has not answered yet
  #running = false;
  #counts = { cmd_get: 0, cmd_set: 0, get_hits: 0, get_misses: 0 };

  /**
   * A connection to be.
   *
   * @param store Where keys and values are.
   * @param options Limits.
   */
  constructor(store: MemCacheStore, options: MemCacheServerOptions = {}) {
    super();
    this.#store = store;
    this.#options = {
      maxValueBytes: 1024 * 1024,
      maxLineBytes: 65536,
      version: "1.6.0-ropewalk",
      ...options,
    };
  }

  /** Takes some bytes, and does the commands that are complete. */
  override dataReceived(data: Uint8Array): void {
    if (this.#running || this.#busy) {
      this.#buffer.append(data);
      return;
    }
    this.#buffer.take(data);
    this.#run();
  }

  #run(): void {
    this.#running = true;
    try {
      while (!this.#busy && this.#buffer.length > 0 && this.#step());
    } finally {
      this.#running = false;
      this.#buffer.settle();
    }
  }

  #step(): boolean {
    const buffer = this.#buffer;
    if (this.transport.disconnecting) {
      buffer.clear();
      return false;
    }
    if (this.#skip > 0) {
      const skipped = Math.min(this.#skip, buffer.length);
      buffer.skip(skipped);
      this.#skip -= skipped;
      return true;
    }
    if (this.#storing !== null) return this.#valueReceived(this.#storing);
    const found = buffer.find("\n");
    if (found < 0 || found > this.#options.maxLineBytes) {
      if (found < 0 && buffer.length <= this.#options.maxLineBytes) return false;
      this.#say("CLIENT_ERROR line too long");
      this.transport.loseConnection();
      return false;
    }
    const length = found > 0 && buffer.bytes[buffer.start + found - 1] === 13 ? found - 1 : found;
    const line = decodeUtf8(buffer.bytes.subarray(buffer.start, buffer.start + length));
    buffer.skip(found + 1);
    this.#lineReceived(line);
    return true;
  }

  #lineReceived(line: string): void {
    const words = line.split(" ").filter((word) => word !== "");
    const command = words[0] ?? "";
    if (STORAGE.has(command)) return this.#storageLine(command, words);
    const noreply = words.at(-1) === "noreply";
    if (noreply) words.pop();
    const args = words.slice(1);
    switch (command) {
      case "get":
      case "gets":
        return this.#retrieve(args, command === "gets", null);
      case "gat":
      case "gats": {
        const expire = Number(args[0]);
        if (!Number.isSafeInteger(expire)) return this.#say("CLIENT_ERROR invalid exptime argument");
        return this.#retrieve(args.slice(1), command === "gats", expire);
      }
      case "delete":
        if (!this.#keyFits(args[0])) return;
        return this.#when(
          this.#store.delete(args[0]!),
          (there) => this.#say(there ? "DELETED" : "NOT_FOUND", noreply),
        );
      case "touch": {
        const expire = Number(args[1]);
        if (!this.#keyFits(args[0])) return;
        if (!Number.isSafeInteger(expire)) return this.#say("CLIENT_ERROR invalid exptime argument");
        return this.#when(this.#store.get(args[0]!), (item) => {
          if (item === null) return this.#say("NOT_FOUND", noreply);
          this.#when(
            this.#put(args[0]!, item.value, item.flags, expire),
            () => this.#say("TOUCHED", noreply),
          );
        });
      }
      case "incr":
      case "decr":
        return this.#count(command, args, noreply);
      case "flush_all":
        return this.#when(this.#store.clear(), () => this.#say("OK", noreply));
      case "version":
        return this.#say(`VERSION ${this.#options.version}`);
      case "verbosity":
        return this.#say("OK", noreply);
      case "stats":
        return this.#stats(args);
      case "quit":
        return this.transport.loseConnection();
      default:
        this.#say("ERROR");
    }
  }

  // set key flags exptime bytes [cas] [noreply]
  #storageLine(command: string, words: string[]): void {
    const parts = words.slice(1);
    const noreply = parts.at(-1) === "noreply";
    if (noreply) parts.pop();
    const [key, flags, expire, length, cas] = parts;
    const wanted = command === "cas" ? 5 : 4;
    const bytes = Number(length);
    if (
      parts.length !== wanted || !/^\d+$/.test(length!) || !/^\d+$/.test(flags!) || !/^-?\d+$/.test(expire!)
    ) {
      this.#say("CLIENT_ERROR bad command line format");
      // Where the value ends is anyone's guess; what follows is read as commands, as memcached does.
      return;
    }
    let refusal: string | null = null;
    if (encodeUtf8(key!).length > MAX_KEY_BYTES || key!.includes("\ufffd")) {
      refusal = "CLIENT_ERROR bad command line format";
    } else if (bytes > this.#options.maxValueBytes) refusal = "SERVER_ERROR object too large for cache";
    this.#storing = {
      command,
      key: key!,
      flags: Number(flags),
      expire: Number(expire),
      length: bytes,
      cas: cas ?? "",
      noreply,
      refusal,
    };
    if (refusal !== null) {
      this.#storing = null;
      this.#skip = bytes + 2;
      this.#say(refusal, noreply);
    }
  }

  #valueReceived(storing: Storing): boolean {
    const buffer = this.#buffer;
    const { length } = storing;
    if (buffer.length < length + 2) return false;
    const value = buffer.bytes.slice(buffer.start, buffer.start + length); // it stays: a copy of its own
    const end = buffer.start + length;
    const complete = buffer.bytes[end] === 13 && buffer.bytes[end + 1] === 10;
    this.#storing = null;
    if (!complete) {
      buffer.skip(length);
      const next = buffer.find("\n"); // the rest of the line was no command either
      buffer.skip(next < 0 ? buffer.length : next + 1);
      this.#say("CLIENT_ERROR bad data chunk");
      return true;
    }
    buffer.skip(length + 2);
    this.#counts.cmd_set++;
    this.#storeValue(storing, value);
    return true;
  }

  #storeValue(storing: Storing, value: Uint8Array): void {
    const { command, key, flags, expire, noreply } = storing;
    const put = (bytes: Uint8Array, itemFlags: number) =>
      this.#when(this.#put(key, bytes, itemFlags, expire), () => this.#say("STORED", noreply));
    if (command === "set") return put(value, flags);
    this.#when(this.#store.get(key), (item) => {
      if (command === "cas") {
        if (item === null) return this.#say("NOT_FOUND", noreply);
        return String(item.cas) === storing.cas ? put(value, flags) : this.#say("EXISTS", noreply);
      }
      if ((item === null) !== (command === "add")) return this.#say("NOT_STORED", noreply);
      if (command === "append" || command === "prepend") {
        if (item!.value.length + value.length > this.#options.maxValueBytes) {
          return this.#say("SERVER_ERROR object too large for cache", noreply);
        }
        const parts = command === "append" ? [item!.value, value] : [value, item!.value];
        return put(concatBytes(parts), item!.flags);
      }
      return put(value, flags);
    });
  }

  // Negative: expired already. Above thirty days: seconds since 1970, which no reactor counts from.
  #put(key: string, value: Uint8Array, flags: number, expire: number): Eventually<unknown> {
    if (expire < 0) return this.#store.delete(key);
    if (expire <= THIRTY_DAYS) return this.#store.set(key, value, flags, expire);
    const now = this.#options.unixSeconds;
    if (now === undefined) return this.#store.set(key, value, flags, 0);
    const left = expire - now();
    return left <= 0 ? this.#store.delete(key) : this.#store.set(key, value, flags, left);
  }

  #retrieve(keys: string[], withCas: boolean, expire: number | null): void {
    if (keys.length === 0) return this.#say("ERROR");
    for (const key of keys) if (!this.#keyFits(key)) return;
    const parts: Data[] = [];
    const next = (i: number): void => {
      for (; i < keys.length; i++) {
        const key = keys[i]!;
        this.#counts.cmd_get++;
        const item = this.#store.get(key);
        if (isLater(item)) {
          this.#when(item, (found) => {
            add(key, found);
            next(i + 1);
          });
          return;
        }
        add(key, item);
      }
      parts.push("END\r\n");
      this.transport.writeSequence(parts);
    };
    const add = (key: string, item: MemCacheItem | null) => {
      if (item === null) {
        this.#counts.get_misses++;
        return;
      }
      this.#counts.get_hits++;
      if (expire !== null) this.#when(this.#put(key, item.value, item.flags, expire), () => {});
      const cas = withCas ? ` ${item.cas}` : "";
      parts.push(`VALUE ${key} ${item.flags} ${item.value.length}${cas}\r\n`, item.value, "\r\n");
    };
    next(0);
  }

  #count(command: string, [key, by]: string[], noreply: boolean): void {
    if (!this.#keyFits(key)) return;
    if (by === undefined || !/^\d+$/.test(by)) {
      return this.#say("CLIENT_ERROR invalid numeric delta argument", noreply);
    }
    this.#when(this.#store.get(key!), (item) => {
      if (item === null) return this.#say("NOT_FOUND", noreply);
      const text = decodeUtf8(item.value);
      if (!/^\d{1,20} *$/.test(text)) {
        return this.#say("CLIENT_ERROR cannot increment or decrement non-numeric value", noreply);
      }
      const old = BigInt(text.trimEnd());
      const delta = BigInt(by);
      const value = command === "incr" ? (old + delta) & LAST_64 : old > delta ? old - delta : 0n;
      this.#when(
        this.#store.set(key!, encodeUtf8(String(value)), item.flags, 0),
        () => this.#say(String(value), noreply),
      );
    });
  }

  #stats([which]: string[]): void {
    const lines: string[] = [];
    if (which === undefined) {
      const figures = {
        pid: 1,
        uptime: Math.floor(this.reactor.seconds()),
        time: Math.floor(this.reactor.seconds()),
        version: this.#options.version,
        pointer_size: 64,
        ...this.#counts,
        ...this.#store.stats?.(),
      };
      for (const [name, value] of Object.entries(figures)) lines.push(`STAT ${name} ${value}\r\n`);
    }
    this.transport.write(lines.join("") + "END\r\n");
  }

  #keyFits(key: string | undefined): boolean {
    if (key === undefined) this.#say("ERROR");
    else if (
      key.includes("\ufffd") || (key.length > MAX_KEY_BYTES / 3 && encodeUtf8(key).length > MAX_KEY_BYTES)
    ) {
      this.#say("CLIENT_ERROR bad command line format");
    } else return true;
    return false;
  }

  #say(line: string, noreply = false): void {
    if (!noreply) this.transport.write(`${line}\r\n`);
  }

  // Goes on with what the store answers: now, or when it does; until then nothing more is done or read.
  #when<T>(value: Eventually<T>, then: (value: T) => void): void {
    if (!isLater(value)) return then(value);
    const deferred = Deferred.is(value)
      ? value as Deferred<T>
      : Deferred.fromPromise(value as PromiseLike<T>);
    const outer = !this.#busy;
    this.#busy = true;
    if (outer) this.transport.pauseProducing();
    deferred.addCallback((result) => {
      this.#busy = false;
      then(result);
    }).addErrback((failure) => {
      reportError(failure, "Error in the store of a memcached-compatible server");
      this.#busy = false;
      this.#say("SERVER_ERROR internal error");
    }).addBoth(() => {
      if (this.#busy) return; // there is more to wait for
      if (!this.transport.disconnecting) this.transport.resumeProducing();
      if (!this.#running) this.#run();
    });
  }
}

function isLater<T>(value: Eventually<T>): value is Deferred<T> | PromiseLike<T> {
  return typeof (value as PromiseLike<T> | null)?.then === "function";
}
