/**
 * `MemCacheProtocol`: a client of memcached, by its text protocol.
 *
 * ```text
 *   get a ─► set b ─► get c ─►  [ #pending: get a, set b, get c ]  ◄─ answers, in the same order
 * ```
 * @module
 */
import { Deferred, Failure, TimeoutError } from "@ropewalk/deferred";
import type { Data, DelayedCall } from "@ropewalk/reactor/core";
import { LineBuffer } from "../_line_buffer.ts";
import { toBytes } from "../bytes.ts";
import type { Factory } from "../factory.ts";
import { Protocol } from "../protocol.ts";
import { ClientError, MemCacheProtocolError, NoSuchCommand, ServerError } from "./errors.ts";
import {
  COUNT,
  type Found,
  type FoundWithIdentifier,
  GET,
  GET_MANY,
  keyProblem,
  type Kind,
  numberProblem,
  Pending,
  refuse,
  STATS,
  STORE,
  STORE_ANSWERS,
  VERSION,
} from "./request.ts";

/** Options of {@linkcode MemCacheProtocol}. */
export interface MemCacheOptions {
  /** How long one request may wait for its answer. @default 60 */
  timeoutSeconds?: number;
  /** The longest value accepted from the server. @default 64 MiB */
  maxValueBytes?: number;
}

const MAX_LINE_BYTES = 8192;

/**
 * A connection to a memcached server. Requests may be made one after the other without waiting: they are sent at once,
 * and answered in order.
 *
 * A key has up to 250 bytes, none of them a space or a control character. An answer of `CLIENT_ERROR` or
 * `SERVER_ERROR` fails its request with {@linkcode ClientError} or {@linkcode ServerError}, and the connection goes on.
 * A request that gets no answer in time fails all of them with `TimeoutError` and loses the connection, as nobody can
 * tell any more which answer belongs to which.
 *
 * @example
 * ```ts
 * import { MemCacheProtocol } from "@ropewalk/protocols/memcache";
 *
 * async function visit(cache: MemCacheProtocol, page: string) {
 *   await cache.add(page, "0");
 *   return await cache.increment(page);
 * }
 * ```
 */
export class MemCacheProtocol<F = Factory> extends Protocol<F> {
  /** What is kept of a chunk is copied. */
  readonly borrowsData = true;
  /** How long one request may wait for its answer, in seconds. */
  timeoutSeconds: number;
  readonly #maxValueBytes: number;
  readonly #buffer = new LineBuffer();
  readonly #pending: Pending[] = [];
  #head = 0; // the first of #pending that counts
  #timer: DelayedCall | null = null;
  #gone: Failure | null = null;
  // The value that is being read.
  #valueKey = "";
  #valueFlags = 0;
  #valueCas = "";
  #valueLength = -1;

  /**
   * A connection to be.
   *
   * @param options Time and size limits.
   */
  constructor(options: MemCacheOptions = {}) {
    super();
    this.timeoutSeconds = options.timeoutSeconds ?? 60;
    this.#maxValueBytes = options.maxValueBytes ?? 64 * 1024 * 1024;
  }

  /** The value of a key. */
  get(key: string): Deferred<Found>;
  /** The value of a key, and an identifier for {@linkcode checkAndSet} if asked for. */
  get(key: string, withIdentifier: false): Deferred<Found>;
  /** The value of a key, with an identifier for {@linkcode checkAndSet}. */
  get(key: string, withIdentifier: true): Deferred<FoundWithIdentifier>;
  get(key: string, withIdentifier = false): Deferred<unknown> {
    const problem = keyProblem(key);
    if (problem !== null) return refuse(problem);
    return this.#send(GET, `${withIdentifier ? "gets" : "get"} ${key}\r\n`, withIdentifier);
  }

  /** The values of several keys, by key; a missing one has the value `null`. */
  getMultiple(keys: readonly string[]): Deferred<Record<string, Found>>;
  /** The values of several keys. */
  getMultiple(keys: readonly string[], withIdentifier: false): Deferred<Record<string, Found>>;
  /** The values of several keys, with identifiers for {@linkcode checkAndSet}. */
  getMultiple(keys: readonly string[], withIdentifier: true): Deferred<Record<string, FoundWithIdentifier>>;
  getMultiple(keys: readonly string[], withIdentifier = false): Deferred<unknown> {
    for (const key of keys) {
      const problem = keyProblem(key);
      if (problem !== null) return refuse(problem);
    }
    const many: Record<string, unknown> = Object.create(null);
    for (const key of keys) many[key] = withIdentifier ? [0, "", null] : [0, null];
    if (keys.length === 0) {
      const none = new Deferred<unknown>();
      none.callback(many);
      return none;
    }
    const command = `${withIdentifier ? "gets" : "get"} ${keys.join(" ")}\r\n`;
    const result = this.#send(GET_MANY, command, withIdentifier);
    const last = this.#pending.at(-1);
    if (last?.result === result) last.many = many;
    return result;
  }

  /** Stores a value. @returns True. */
  set(key: string, value: Data, flags = 0, expireSeconds = 0): Deferred<boolean> {
    return this.#store("set", key, value, flags, expireSeconds);
  }

  /** Stores a value unless there is one. @returns False if there is. */
  add(key: string, value: Data, flags = 0, expireSeconds = 0): Deferred<boolean> {
    return this.#store("add", key, value, flags, expireSeconds);
  }

  /** Stores a value in place of one. @returns False if there is none. */
  replace(key: string, value: Data, flags = 0, expireSeconds = 0): Deferred<boolean> {
    return this.#store("replace", key, value, flags, expireSeconds);
  }

  /** Adds to the end of a value. @returns False if there is none. */
  append(key: string, value: Data): Deferred<boolean> {
    return this.#store("append", key, value, 0, 0);
  }

  /** Adds to the beginning of a value. @returns False if there is none. */
  prepend(key: string, value: Data): Deferred<boolean> {
    return this.#store("prepend", key, value, 0, 0);
  }

  /**
   * Stores a value if nobody else has since it was got.
   *
   * @param cas The identifier that `get(key, true)` gave.
   * @returns False if somebody has, or the key is missing.
   */
  checkAndSet(key: string, value: Data, cas: string, flags = 0, expireSeconds = 0): Deferred<boolean> {
    if (!/^\d+$/.test(cas)) return refuse("the identifier is not one that get gave");
    return this.#store("cas", key, value, flags, expireSeconds, ` ${cas}`);
  }

  /** Adds to a number that is stored as decimal digits. @returns The new number, or false if the key is missing. */
  increment(key: string, n = 1): Deferred<number | false> {
    return this.#count("incr", key, n);
  }

  /** Takes from a number, down to 0. @returns The new number, or false if the key is missing. */
  decrement(key: string, n = 1): Deferred<number | false> {
    return this.#count("decr", key, n);
  }

  /** Deletes a key. @returns False if it is missing. */
  delete(key: string): Deferred<boolean> {
    const problem = keyProblem(key);
    if (problem !== null) return refuse(problem);
    return this.#send(STORE, `delete ${key}\r\n`) as Deferred<boolean>;
  }

  /** Has a key live `expireSeconds` from now. @returns False if it is missing. */
  touch(key: string, expireSeconds: number): Deferred<boolean> {
    const problem = keyProblem(key) ?? numberProblem(expireSeconds);
    if (problem !== null) return refuse(problem);
    return this.#send(STORE, `touch ${key} ${expireSeconds}\r\n`) as Deferred<boolean>;
  }

  /**
   * The server's figures, by name.
   *
   * @param which A group of them, such as `"items"` or `"settings"`.
   */
  stats(which?: string): Deferred<Record<string, string>> {
    const problem = which === undefined ? null : keyProblem(which);
    if (problem !== null) return refuse(problem);
    return this.#send(STATS, which === undefined ? "stats\r\n" : `stats ${which}\r\n`) as Deferred<
      Record<string, string>
    >;
  }

  /** The server's version. */
  version(): Deferred<string> {
    return this.#send(VERSION, "version\r\n") as Deferred<string>;
  }

  /** Forgets everything. @returns True. */
  flushAll(): Deferred<boolean> {
    return this.#send(STORE, "flush_all\r\n") as Deferred<boolean>;
  }

  /** Takes some bytes, and fires the requests whose answers are complete. */
  override dataReceived(data: Uint8Array): void {
    if (this.#gone !== null) return;
    const buffer = this.#buffer;
    buffer.take(data);
    try {
      while (this.#gone === null && buffer.length > 0 && this.#parseOne());
    } catch (error) {
      if (!(error instanceof MemCacheProtocolError)) throw error;
      this.#lose(new Failure(error));
    } finally {
      buffer.settle();
    }
  }

  /** All that was asked fails with the reason. */
  override connectionLost(reason: Failure): void {
    this.connected = false;
    this.#failAll(reason);
  }

  #store(
    command: string,
    key: string,
    value: Data,
    flags: number,
    expireSeconds: number,
    suffix = "",
  ): Deferred<boolean> {
    const problem = keyProblem(key) ?? numberProblem(flags) ?? numberProblem(expireSeconds);
    if (problem !== null) return refuse(problem);
    if (typeof value === "string" && /^[\0-\x7f]*$/.test(value)) {
      const text = `${command} ${key} ${flags} ${expireSeconds} ${value.length}${suffix}\r\n${value}\r\n`;
      return this.#send(STORE, text) as Deferred<boolean>;
    }
    const bytes = toBytes(value);
    const head = `${command} ${key} ${flags} ${expireSeconds} ${bytes.length}${suffix}\r\n`;
    return this.#send(STORE, [head, bytes, "\r\n"]) as Deferred<boolean>;
  }

  #count(command: string, key: string, n: number): Deferred<number | false> {
    const problem = keyProblem(key) ?? numberProblem(n);
    if (problem !== null) return refuse(problem);
    return this.#send(COUNT, `${command} ${key} ${n}\r\n`) as Deferred<number | false>;
  }

  #send(kind: Kind, request: string | Data[], withIdentifier = false): Deferred<unknown> {
    const result = new Deferred<unknown>();
    if (this.#gone !== null || !this.connected) {
      result.errback(this.#gone ?? new Failure(new ClientError("Cannot send a request: not connected")));
      return result;
    }
    const reactor = this.reactor;
    this.#pending.push(
      new Pending(kind, withIdentifier, reactor.seconds() + this.timeoutSeconds, result),
    );
    this.#timer ??= reactor.callLater(this.timeoutSeconds, () => this.#timedOut());
    if (typeof request === "string") this.transport.write(request);
    else this.transport.writeSequence(request);
    return result;
  }

  // One timer, that of the oldest request when it was set; it is not moved for each answer, but looks when it fires.
  #timedOut(): void {
    this.#timer = null;
    const oldest = this.#pending[this.#head];
    if (oldest === undefined) return;
    const left = oldest.deadline - this.reactor.seconds();
    if (left > 0) this.#timer = this.reactor.callLater(left, () => this.#timedOut());
    else this.#lose(new Failure(new TimeoutError(this.timeoutSeconds)));
  }

  #lose(reason: Failure): void {
    this.transport.loseConnection();
    this.#buffer.clear();
    this.#failAll(reason);
  }

  #failAll(reason: Failure): void {
    this.#gone ??= reason;
    this.#stopTimer();
    const waiting = this.#pending.splice(0).slice(this.#head);
    this.#head = 0;
    for (const { result } of waiting) result.errback(reason);
  }

  #stopTimer(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  // True if something was used up.
  #parseOne(): boolean {
    const buffer = this.#buffer;
    if (this.#valueLength >= 0) return this.#parseValue();
    const length = buffer.find("\r\n");
    if (length < 0) {
      if (buffer.length > MAX_LINE_BYTES) {
        throw new MemCacheProtocolError("Cannot take an answer: it is too long");
      }
      return false;
    }
    const line = buffer.peekText(length);
    buffer.skip(length + 2);
    this.#lineReceived(line);
    return true;
  }

  #parseValue(): boolean {
    const buffer = this.#buffer;
    const length = this.#valueLength;
    if (buffer.length < length + 2) return false;
    const value = buffer.takeView(length);
    if (buffer.bytes[buffer.start] !== 13 || buffer.bytes[buffer.start + 1] !== 10) {
      throw new MemCacheProtocolError("Cannot take a value: its length is wrong");
    }
    buffer.skip(2);
    this.#valueLength = -1;
    const request = this.#pending[this.#head]!;
    const found: Found | FoundWithIdentifier = request.withIdentifier
      ? [this.#valueFlags, this.#valueCas, value]
      : [this.#valueFlags, value];
    if (request.many === null) request.found = found;
    else request.many[this.#valueKey] = found;
    return true;
  }

  #lineReceived(line: string): void {
    const request = this.#pending[this.#head];
    if (request === undefined) throw new MemCacheProtocolError("Cannot take an answer: nothing was asked");
    if (line === "ERROR") return this.#fail(new NoSuchCommand("The server does not know the command"));
    if (line.startsWith("CLIENT_ERROR")) return this.#fail(new ClientError(line.slice(13)));
    if (line.startsWith("SERVER_ERROR")) return this.#fail(new ServerError(line.slice(13)));
    switch (request.kind) {
      case GET:
      case GET_MANY:
        if (line === "END") {
          const missing = request.withIdentifier ? [0, "", null] : [0, null];
          return this.#done(request.many ?? request.found ?? missing);
        }
        return this.#valueLine(line);
      case STORE: {
        const answer = STORE_ANSWERS.get(line);
        if (answer === undefined) break;
        return this.#done(answer);
      }
      case COUNT:
        if (line === "NOT_FOUND") return this.#done(false);
        if (/^\d+ *$/.test(line)) { // decr leaves spaces where digits were
          const number = Number(line);
          return this.#done(Number.isSafeInteger(number) ? number : BigInt(line.trimEnd()));
        }
        break;
      case STATS: {
        request.many ??= Object.create(null) as Record<string, unknown>;
        if (line === "END" || line === "RESET") return this.#done(request.many);
        const match = /^STAT (\S+) ?(.*)$/.exec(line);
        if (match === null) break;
        request.many[match[1]!] = match[2]!;
        return;
      }
      case VERSION:
        if (line.startsWith("VERSION ")) return this.#done(line.slice(8));
    }
    throw new MemCacheProtocolError(`Cannot take an answer: ${JSON.stringify(line.slice(0, 100))}`);
  }

  // VALUE key flags bytes [cas]
  #valueLine(line: string): void {
    const parts = line.split(" ");
    const flags = Number(parts[2]);
    const length = Number(parts[3]);
    if (
      parts[0] !== "VALUE" || parts.length < 4 || !(flags >= 0) || !Number.isSafeInteger(length) || length < 0
    ) {
      throw new MemCacheProtocolError(`Cannot take an answer: ${JSON.stringify(line.slice(0, 100))}`);
    }
    if (length > this.#maxValueBytes) throw new MemCacheProtocolError("Cannot take a value: it is too long");
    this.#valueKey = parts[1]!;
    this.#valueFlags = flags;
    this.#valueCas = parts[4] ?? "";
    this.#valueLength = length;
  }

  #next(): Deferred<unknown> {
    const { result } = this.#pending[this.#head++]!;
    if (this.#head === this.#pending.length) {
      this.#pending.length = this.#head = 0;
      this.#stopTimer();
    } else if (this.#head > 1024) {
      this.#pending.splice(0, this.#head);
      this.#head = 0;
    }
    return result;
  }

  #done(value: unknown): void {
    this.#next().callback(value);
  }

  #fail(error: Error): void {
    this.#next().errback(error);
  }
}
