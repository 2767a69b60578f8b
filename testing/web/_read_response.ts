/**
 * Takes an answer apart, as far as it is there.
 * @module
 */
import { concatenate } from "../written.ts";

/** An answer, or the beginning of one. */
export interface ResponseParts {
  readonly status: number;
  readonly phrase: string;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly finished: boolean;
}

const NOTHING: ResponseParts = {
  status: 0,
  phrase: "",
  headers: new Headers(),
  body: new Uint8Array(),
  finished: false,
};

/**
 * Reads what a server has sent in answer to one request.
 *
 * @param bytes All of it.
 * @param method The request's: an answer to HEAD has no body.
 * @param closed Whether the server has closed, which ends a body without a length.
 * @throws {Error} If it is no answer.
 */
export function readResponse(bytes: Uint8Array, method: string, closed: boolean): ResponseParts {
  const end = headEnd(bytes);
  if (end < 0) return NOTHING;
  const [statusLine, ...lines] = new TextDecoder("latin1").decode(bytes.subarray(0, end)).split("\r\n");
  const match = /^HTTP\/1\.[01] (\d{3}) ?(.*)$/.exec(statusLine!);
  if (match === null) throw new Error(`Cannot read the answer: it begins with "${statusLine}"`);
  const status = Number(match[1]);
  const rest = bytes.subarray(end + 4);
  if (status >= 100 && status < 200 && status !== 101) return readResponse(rest, method, closed);
  const headers = new Headers();
  for (const line of lines) {
    const colon = line.indexOf(":");
    headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return { status, phrase: match[2]!, headers, ...readBody(rest, method, status, headers, closed) };
}

function headEnd(bytes: Uint8Array): number {
  for (let i = 0; i + 3 < bytes.length; i++) {
    if (bytes[i] === 13 && bytes[i + 1] === 10 && bytes[i + 2] === 13 && bytes[i + 3] === 10) return i;
  }
  return -1;
}

function readBody(
  rest: Uint8Array,
  method: string,
  status: number,
  headers: Headers,
  closed: boolean,
): Pick<ResponseParts, "body" | "finished"> {
  if (method === "HEAD" || status === 204 || status === 304) {
    return { body: new Uint8Array(), finished: true };
  }
  if (headers.get("transfer-encoding") === "chunked") return readChunks(rest);
  const length = headers.get("content-length");
  if (length === null) return { body: rest.slice(), finished: closed };
  return { body: rest.slice(0, Number(length)), finished: rest.length >= Number(length) };
}

function readChunks(rest: Uint8Array): Pick<ResponseParts, "body" | "finished"> {
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (;;) {
    const end = rest.indexOf(10, at);
    const size = end < 0 ? NaN : parseInt(new TextDecoder().decode(rest.subarray(at, end)), 16);
    if (Number.isNaN(size)) return { body: concatenate(pieces), finished: false };
    at = end + 1;
    if (size === 0) return { body: concatenate(pieces), finished: rest.length >= at + 2 };
    pieces.push(rest.subarray(at, at + size));
    at += size + 2;
  }
}
