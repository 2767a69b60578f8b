/**
 * A memcached-compatible server: memcached's text protocol over any store of keys and values.
 * @module
 */
import { Deferred, reportError } from "@ropewalk/deferred";
import { LineBuffer } from "../_line_buffer.ts";
import { PeerIntake } from "../_peer_intake.ts";
import { decodeUtf8 } from "../bytes.ts";
import type { Factory } from "../factory.ts";
import { Protocol } from "../protocol.ts";
import { Commands, isKey, isLater, type Storing } from "./commands.ts";
import type { Eventually, MemCacheStore } from "./store.ts";

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
  readonly #commands: Commands;
  readonly #maxValueBytes: number;
  readonly #maxLineBytes: number;
  readonly #buffer = new LineBuffer();
  #storing: Storing | null = null;
  #noreply = false; // the command at hand wants no answer
  #skip = 0; // bytes of a value that nobody wants
  #skipLine = false; // what is left of a line that nobody wants
  #busy = false; // the store has not answered yet
  readonly #intake = new PeerIntake(() => this.#hold(), () => this.#taken());
  #rest: (() => void) | null = null; // of an answer, when the client has taken the beginning
  #running = false;

  /**
   * A connection to be.
   *
   * @param store Where keys and values are.
   * @param options Limits.
   */
  constructor(store: MemCacheStore, options: MemCacheServerOptions = {}) {
    super();
    const { maxValueBytes = 1024 * 1024, version = "1.6.0-ropewalk", unixSeconds } = options;
    this.#maxValueBytes = maxValueBytes;
    this.#maxLineBytes = options.maxLineBytes ?? 65536;
    this.#commands = new Commands(
      {
        say: (line) => this.#say(line),
        quiet: (noreply) => this.#noreply = noreply,
        send: (parts) => this.transport.writeSequence(parts),
        when: (value, then) => this.#when(value, then),
        whenTaken: (then) => this.#intake.full ? void (this.#rest = then) : then(),
        close: () => this.transport.loseConnection(),
        seconds: () => this.reactor.seconds(),
      },
      store,
      { maxValueBytes, version, unixSeconds },
    );
  }

  /** Takes some bytes, and does the commands that are complete. */
  override dataReceived(data: Uint8Array): void {
    if (this.#running || this.#waits) {
      this.#buffer.append(data);
      return;
    }
    this.#buffer.take(data);
    this.#run();
  }

  // The client does not take its answers: no more commands are read or done.
  #hold(): void {
    if (!this.#busy && !this.transport.disconnecting) this.transport.pauseProducing();
  }

  #taken(): void {
    const rest = this.#rest;
    this.#rest = null;
    rest?.();
    this.#goOn();
  }

  get #waits(): boolean {
    return this.#busy || this.#intake.full;
  }

  #goOn(): void {
    if (this.#waits) return;
    if (!this.transport.disconnecting) this.transport.resumeProducing();
    if (!this.#running) this.#run();
  }

  #run(): void {
    this.#running = true;
    this.#intake.begin(this.transport);
    try {
      while (!this.#waits && this.#buffer.length > 0 && this.#step());
    } finally {
      this.#running = false;
      this.#intake.end();
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
    if (this.#skipLine) {
      this.#skipLine = found < 0;
      buffer.skip(found < 0 ? buffer.length : found + 1);
      return true;
    }
    if (found < 0 || found > this.#maxLineBytes) {
      if (found < 0 && buffer.length <= this.#maxLineBytes) return false;
      this.#say("CLIENT_ERROR line too long");
      this.transport.loseConnection();
      return false;
    }
    const length = found > 0 && buffer.bytes[buffer.start + found - 1] === 13 ? found - 1 : found;
    const line = decodeUtf8(buffer.bytes.subarray(buffer.start, buffer.start + length));
    buffer.skip(found + 1);
    const words = line.split(" ").filter((word) => word !== "");
    if (STORAGE.has(words[0]!)) this.#storageLine(words);
    else this.#commands.line(words);
    return true;
  }

  // set key flags exptime bytes [cas] [noreply]
  #storageLine([command, ...parts]: string[]): void {
    this.#noreply = parts.at(-1) === "noreply";
    if (this.#noreply) parts.pop();
    const [key = "", flags = "", expire = "", bytes = "", cas = ""] = parts;
    const length = Number(bytes);
    if (
      parts.length !== (command === "cas" ? 5 : 4) || !/^\d{1,10}$/.test(flags) || Number(flags) >= 2 ** 32 ||
      !/^-?\d{1,15}$/.test(expire) || !/^\d{1,15}$/.test(bytes)
    ) {
      this.#say("CLIENT_ERROR bad command line format");
      // Where the value ends is anyone's guess; what follows is read as commands, as memcached does.
      return;
    }
    const refusal = !isKey(key)
      ? "CLIENT_ERROR bad command line format"
      : length > this.#maxValueBytes
      ? "SERVER_ERROR object too large for cache"
      : null;
    if (refusal !== null) {
      this.#skip = length + 2;
      return this.#say(refusal);
    }
    this.#storing = {
      command: command!,
      key,
      flags: Number(flags),
      expire: Number(expire),
      length,
      cas,
    };
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
      this.#skipLine = true; // it was no command either
      this.#say("CLIENT_ERROR bad data chunk");
      return true;
    }
    buffer.skip(length + 2);
    this.#commands.store(storing, value);
    return true;
  }

  #say(line: string): void {
    if (!this.#noreply) this.transport.write(`${line}\r\n`);
  }

  // Goes on with what the store answers: now, or when it does; until then nothing more is done or read.
  #when<T>(value: Eventually<T>, then: (value: T) => void): void {
    if (!isLater(value)) return then(value as T);
    const deferred = Deferred.is(value)
      ? value as Deferred<T>
      : Deferred.fromPromise(value as PromiseLike<T>);
    if (!this.#waits && !this.transport.disconnecting) this.transport.pauseProducing();
    this.#busy = true;
    deferred.addCallback((result) => {
      this.#busy = false;
      this.#intake.begin(this.transport);
      try {
        then(result);
      } finally {
        this.#intake.end();
      }
    }).addErrback((failure) => {
      reportError(failure, "Error in the store of a memcached-compatible server");
      this.#busy = false;
      this.#say("SERVER_ERROR internal error");
    }).addBoth(() => this.#goOn());
  }
}
