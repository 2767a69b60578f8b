/**
 * `MultipartBody`: a form with files in it, RFC 7578.
 * @module
 */
import type { Deferred } from "@ropewalk/deferred";
import type { Consumer } from "@ropewalk/reactor/core";
import { concatBytes, encodeUtf8 } from "@ropewalk/protocols/bytes";
import { StreamBodyProducer } from "./body_sources.ts";
import type { BodyProducer } from "./body_writer.ts";
import { UNKNOWN_LENGTH } from "./response.ts";

/** One file of a form. */
export interface FilePart {
  /** Its name, as the server is told. */
  filename?: string;
  /** Its media type. @default "application/octet-stream" */
  contentType?: string;
  /** What is in it. */
  data: string | Uint8Array | AsyncIterable<string | Uint8Array>;
  /** How many bytes a stream has, if that is known. */
  length?: number;
}

/** One value of a form. */
export type MultipartValue = string | Uint8Array | Blob | FilePart;

/** A form: its fields in order; one name may come several times. */
export type MultipartFields =
  | FormData
  | Iterable<readonly [string, MultipartValue]>
  | Readonly<Record<string, MultipartValue | readonly MultipartValue[]>>;

/**
 * A form with files, as the body of a request. It has a length unless a stream in it has none.
 *
 * @example
 * ```ts
 * import { MultipartBody } from "@ropewalk/web/client";
 *
 * const body = new MultipartBody({ title: "cat", photo: { filename: "cat.png", data: new Uint8Array(4) } });
 * console.assert(body.contentType.startsWith("multipart/form-data; boundary="));
 * ```
 */
export class MultipartBody implements BodyProducer {
  /** The value of `Content-Type`, with the boundary. */
  readonly contentType: string;
  /** How many bytes there are. */
  readonly length: number | typeof UNKNOWN_LENGTH;
  readonly #pieces: (Uint8Array | AsyncIterable<string | Uint8Array>)[] = [];
  #producer: StreamBodyProducer | null = null;

  /**
   * Puts a form together.
   *
   * @param fields The fields.
   * @param boundary What the parts are separated by; it must not occur in them. @default a random one
   */
  constructor(fields: MultipartFields, boundary: string = `ropewalk-${crypto.randomUUID()}`) {
    if (!/^[\w'()+,\-./:=?]{1,70}$/.test(boundary)) {
      throw new TypeError(`Cannot use ${JSON.stringify(boundary)} as a boundary: RFC 2046 has other rules`);
    }
    this.contentType = `multipart/form-data; boundary=${
      /^[\w.-]+$/.test(boundary) ? boundary : `"${boundary}"`
    }`;
    let length: number | typeof UNKNOWN_LENGTH = 0;
    const add = (piece: Uint8Array | AsyncIterable<string | Uint8Array>, size: number | undefined) => {
      this.#pieces.push(piece);
      length = typeof length !== "number" || size === undefined ? UNKNOWN_LENGTH : length + size;
    };
    for (const [name, value] of entriesOf(fields)) {
      const part = partOf(value);
      const head = encodeUtf8(`--${boundary}\r\n${headOf(name, part)}\r\n`);
      add(head, head.length);
      const { data } = part;
      const bytes = typeof data === "string" ? encodeUtf8(data) : data;
      add(bytes, bytes instanceof Uint8Array ? bytes.length : part.length);
      add(LINE_END, LINE_END.length);
    }
    const end = encodeUtf8(`--${boundary}--\r\n`);
    add(end, end.length);
    this.length = length;
  }

  /** Writes the form. */
  startProducing(consumer: Consumer): Deferred<void> {
    this.#producer = new StreamBodyProducer(inTurn(this.#pieces));
    return this.#producer.startProducing(consumer);
  }

  /** Holds. */
  pauseProducing(): void {
    this.#producer?.pauseProducing();
  }

  /** Goes on. */
  resumeProducing(): void {
    this.#producer?.resumeProducing();
  }

  /** Gives up. */
  stopProducing(): void {
    this.#producer?.stopProducing();
  }
}

// deno-lint-ignore no-control-regex -- they would end the line
const CONTROL = /[\0-\x1f\x7f]/g;
const LINE_END = encodeUtf8("\r\n");

// Bytes that stand next to each other leave in one write.
async function* inTurn(
  pieces: (Uint8Array | AsyncIterable<string | Uint8Array>)[],
): AsyncGenerator<string | Uint8Array> {
  let bytes: Uint8Array[] = [];
  for (const piece of pieces) {
    if (piece instanceof Uint8Array) {
      bytes.push(piece);
      continue;
    }
    yield concatBytes(bytes);
    bytes = [];
    yield* piece;
  }
  yield concatBytes(bytes);
}

function* entriesOf(fields: MultipartFields): Generator<readonly [string, MultipartValue]> {
  if (Symbol.iterator in fields) {
    yield* fields as Iterable<readonly [string, MultipartValue]>;
    return;
  }
  for (const [name, value] of Object.entries(fields)) {
    if (Array.isArray(value)) { for (const one of value) yield [name, one]; }
    else yield [name, value as MultipartValue];
  }
}

function partOf(value: MultipartValue): FilePart {
  if (typeof value === "string" || value instanceof Uint8Array) return { data: value };
  if (!(value instanceof Blob)) return { contentType: "application/octet-stream", ...value };
  return {
    filename: value instanceof File ? value.name : "blob",
    contentType: value.type || "application/octet-stream",
    data: value.stream(),
    length: value.size,
  };
}

// The three characters that browsers escape, in the way they do (WHATWG, multipart/form-data encoding).
function quote(text: string): string {
  return `"${text.replace(/\r\n?|\n/g, "%0D%0A").replaceAll('"', "%22")}"`;
}

function headOf(name: string, part: FilePart): string {
  let head = `Content-Disposition: form-data; name=${quote(name)}`;
  if (part.filename !== undefined) head += `; filename=${quote(part.filename)}`;
  head += "\r\n";
  if (part.contentType !== undefined) {
    head += `Content-Type: ${part.contentType.replace(CONTROL, " ")}\r\n`;
  }
  return head;
}
