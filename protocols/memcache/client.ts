/**
 * `MemCacheProtocol`: a client of memcached, by its text protocol.
 *
 * ```text
 *   get a ─► set b ─► get c ─►  [ #requests: get a, set b, get c ]  ◄─ answers, in the same order
 * ```
 * @module
 */
import { Deferred, Failure } from "@ropewalk/deferred";
import type { Data } from "@ropewalk/reactor/core";
import { toBytes } from "../bytes.ts";
import type { Factory } from "../factory.ts";
import { Protocol } from "../protocol.ts";
import { RequestQueue } from "../request_queue.ts";
import { AnswerParser } from "./answers.ts";
import { MemCacheProtocolError } from "./errors.ts";
import {
  COUNT,
  deltaProblem,
  expiryProblem,
  flagsProblem,
  type Found,
  type FoundWithIdentifier,
  GET,
  GET_MANY,
  isIdentifier,
  keyProblem,
  Pending,
  refuse,
  STATS,
  STORE,
  VERSION,
} from "./request.ts";

/** Options of {@linkcode MemCacheProtocol}. */
export interface MemCacheOptions {
  /** How long one request may wait for its answer. @default 60 */
  timeoutSeconds?: number;
  /** The longest value accepted from the server. @default 64 MiB */
  maxValueBytes?: number;
}

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
  readonly #requests: RequestQueue<unknown, Pending>;
  readonly #answers: AnswerParser;

  /**
   * A connection to be.
   *
   * @param options Time and size limits.
   */
  constructor(options: MemCacheOptions = {}) {
    super();
    const { timeoutSeconds = 60, maxValueBytes = 64 * 1024 * 1024 } = options;
    this.#requests = new RequestQueue(this, { timeoutSeconds });
    this.#answers = new AnswerParser(this.#requests, maxValueBytes);
  }

  /** How long a request made from now on may wait for its answer, in seconds. */
  get timeoutSeconds(): number {
    return this.#requests.timeoutSeconds!;
  }

  set timeoutSeconds(seconds: number) {
    this.#requests.timeoutSeconds = seconds;
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
    const request = new Pending(GET, withIdentifier, key);
    return this.#send(request, `${withIdentifier ? "gets" : "get"} ${key}\r\n`);
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
    const request = new Pending(GET_MANY, withIdentifier);
    request.many = many;
    return this.#send(request, command);
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
    if (!isIdentifier(cas)) return refuse("the identifier is not one that get gave");
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
    return this.#send(new Pending(STORE), `delete ${key}\r\n`) as Deferred<boolean>;
  }

  /** Has a key live `expireSeconds` from now. @returns False if it is missing. */
  touch(key: string, expireSeconds: number): Deferred<boolean> {
    const problem = keyProblem(key) ?? expiryProblem(expireSeconds);
    if (problem !== null) return refuse(problem);
    return this.#send(new Pending(STORE), `touch ${key} ${expireSeconds}\r\n`) as Deferred<boolean>;
  }

  /**
   * The server's figures, by name.
   *
   * @param which A group of them, such as `"items"` or `"settings"`.
   */
  stats(which?: string): Deferred<Record<string, string>> {
    const problem = which === undefined ? null : keyProblem(which);
    if (problem !== null) return refuse(problem);
    return this.#send(
      new Pending(STATS),
      which === undefined ? "stats\r\n" : `stats ${which}\r\n`,
    ) as Deferred<
      Record<string, string>
    >;
  }

  /** The server's version. */
  version(): Deferred<string> {
    return this.#send(new Pending(VERSION), "version\r\n") as Deferred<string>;
  }

  /** Forgets everything. @returns True. */
  flushAll(): Deferred<boolean> {
    return this.#send(new Pending(STORE), "flush_all\r\n") as Deferred<boolean>;
  }

  /** Takes some bytes, and fires the requests whose answers are complete. */
  override dataReceived(data: Uint8Array): void {
    if (this.#requests.gone !== null) return;
    try {
      this.#answers.take(data);
    } catch (error) {
      if (!(error instanceof MemCacheProtocolError)) throw error;
      this.transport.loseConnection();
      this.#answers.clear();
      this.#requests.failAll(new Failure(error));
    }
  }

  /** All that was asked fails with the reason. */
  override connectionLost(reason: Failure): void {
    this.connected = false;
    this.#requests.failAll(reason);
  }

  #store(
    command: string,
    key: string,
    value: Data,
    flags: number,
    expireSeconds: number,
    suffix = "",
  ): Deferred<boolean> {
    const problem = keyProblem(key) ?? flagsProblem(flags) ?? expiryProblem(expireSeconds);
    if (problem !== null) return refuse(problem);
    if (typeof value === "string" && /^[\0-\x7f]*$/.test(value)) {
      const text = `${command} ${key} ${flags} ${expireSeconds} ${value.length}${suffix}\r\n${value}\r\n`;
      return this.#send(new Pending(STORE), text) as Deferred<boolean>;
    }
    const bytes = toBytes(value);
    const head = `${command} ${key} ${flags} ${expireSeconds} ${bytes.length}${suffix}\r\n`;
    return this.#send(new Pending(STORE), [head, bytes, "\r\n"]) as Deferred<boolean>;
  }

  #count(command: string, key: string, n: number): Deferred<number | false> {
    const problem = keyProblem(key) ?? deltaProblem(n);
    if (problem !== null) return refuse(problem);
    return this.#send(new Pending(COUNT), `${command} ${key} ${n}\r\n`) as Deferred<number | false>;
  }

  #send(request: Pending, data: string | Data[]): Deferred<unknown> {
    const requests = this.#requests;
    if (requests.gone === null && !this.connected) return refuse("not connected");
    const result = requests.push(request);
    if (requests.gone !== null) return result;
    if (typeof data === "string") this.transport.write(data);
    else this.transport.writeSequence(data);
    return result;
  }
}
