/**
 * What a memcached server answers, as it comes in: bytes in, answered requests out.
 * @module
 */
import { LineBuffer } from "../_line_buffer.ts";
import type { RequestQueue } from "../request_queue.ts";
import { ClientError, MemCacheProtocolError, NoSuchCommand, ServerError } from "./errors.ts";
import {
  COUNT,
  type Found,
  type FoundWithIdentifier,
  GET,
  GET_MANY,
  type Pending,
  STATS,
  STORE,
  STORE_ANSWERS,
  VERSION,
} from "./request.ts";

const MAX_LINE_BYTES = 8192;
/** How many figures one answer to `stats` may have. */
const MAX_STATS = 10_000;

const VALUE = /^VALUE ([^ ]+) (\d{1,10}) (\d{1,15})(?: (\d{1,20}))? ?$/;

/** Reads answers, and gives each to the request that it is for. */
export class AnswerParser {
  readonly #requests: RequestQueue<unknown, Pending>;
  readonly #maxValueBytes: number;
  readonly #buffer = new LineBuffer();
  // The value that is being read.
  #valueKey = "";
  #valueFlags = 0;
  #valueCas = "";
  #valueLength = -1;

  constructor(requests: RequestQueue<unknown, Pending>, maxValueBytes: number) {
    this.#requests = requests;
    this.#maxValueBytes = maxValueBytes;
  }

  /**
   * Takes some bytes, and answers the requests whose answers are complete.
   *
   * @throws {MemCacheProtocolError} If they are no answers, or not to what was asked.
   */
  take(data: Uint8Array): void {
    const buffer = this.#buffer;
    buffer.take(data);
    try {
      while (this.#requests.gone === null && buffer.length > 0 && this.#parseOne());
    } finally {
      buffer.settle();
    }
  }

  /** Forgets what has not been read. */
  clear(): void {
    this.#buffer.clear();
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
    const request = this.#requests.first!;
    const found: Found | FoundWithIdentifier = request.withIdentifier
      ? [this.#valueFlags, this.#valueCas, value]
      : [this.#valueFlags, value];
    if (request.many === null) request.found = found;
    else request.many[this.#valueKey] = found;
    return true;
  }

  #lineReceived(line: string): void {
    const request = this.#requests.first;
    if (request === undefined) throw new MemCacheProtocolError("Cannot take an answer: nothing was asked");
    if (line === "ERROR") {
      return void this.#requests.fail(new NoSuchCommand("The server does not know the command"));
    }
    if (line.startsWith("CLIENT_ERROR")) return void this.#requests.fail(new ClientError(line.slice(13)));
    if (line.startsWith("SERVER_ERROR")) return void this.#requests.fail(new ServerError(line.slice(13)));
    switch (request.kind) {
      case GET:
      case GET_MANY:
        if (line === "END") {
          const missing = request.withIdentifier ? [0, "", null] : [0, null];
          return this.#done(request.many ?? request.found ?? missing);
        }
        return this.#valueLine(line, request);
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
        const match = /^STAT ([^ ]+) ?(.*)$/.exec(line);
        if (match === null) break;
        if (++request.count > MAX_STATS) {
          throw new MemCacheProtocolError("Cannot take an answer: it has too many figures");
        }
        request.many[match[1]!] = match[2]!;
        return;
      }
      case VERSION:
        if (line.startsWith("VERSION ")) return this.#done(line.slice(8));
    }
    throw new MemCacheProtocolError(`Cannot take an answer: ${JSON.stringify(line.slice(0, 100))}`);
  }

  // VALUE key flags bytes [cas]
  #valueLine(line: string, { kind, key, many }: Pending): void {
    const match = VALUE.exec(line);
    if (match === null) {
      throw new MemCacheProtocolError(`Cannot take an answer: ${JSON.stringify(line.slice(0, 100))}`);
    }
    const length = Number(match[3]);
    if (length > this.#maxValueBytes) throw new MemCacheProtocolError("Cannot take a value: it is too long");
    this.#valueKey = match[1]!;
    // Answers that are out of step would be somebody else's values.
    if (kind === GET ? this.#valueKey !== key : !(this.#valueKey in many!)) {
      throw new MemCacheProtocolError("Cannot take a value: its key was not asked for");
    }
    this.#valueFlags = Number(match[2]);
    this.#valueCas = match[4] ?? "";
    this.#valueLength = length;
  }

  #done(value: unknown): void {
    this.#requests.answer(value);
  }
}
