/**
 * A request on its way: what the client knows of it.
 * @module
 */
import type { Failure } from "@ropewalk/deferred";
import { HTTPHeaders } from "../http_headers.ts";
import type { BodyProducer } from "./body_writer.ts";
import type { RequestTimeouts } from "./options.ts";
import { type ClientResponse, type SentRequest, UNKNOWN_LENGTH } from "./response.ts";

/** A body as a connection sends it: nothing, all of it at once, or made piece by piece. */
export type WireBody = null | string | Uint8Array | BodyProducer;

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const NO_HEADERS = new HTTPHeaders();

/** A request, in the form that goes on the wire. */
export class ClientRequest implements SentRequest {
  /** When all of it has to be over, on the reactor's clock. */
  deadline = Infinity;

  /**
   * @param method The method.
   * @param target The target, in the form the server (or proxy) wants.
   * @param authority The value of `Host`, unless there is one among the headers.
   * @param extra Further header lines, each with its CR LF.
   * @param given The headers; `null` for none.
   * @param body The body.
   * @param timeouts How long each phase may take.
   * @param uri The whole address.
   */
  constructor(
    readonly method: string,
    readonly target: string,
    readonly authority: string,
    readonly extra: string,
    readonly given: HTTPHeaders | null,
    readonly body: WireBody,
    readonly timeouts: RequestTimeouts,
    readonly uri: string | URL,
  ) {}

  /** The whole address. */
  get absoluteURI(): string {
    return String(this.uri);
  }

  /** The headers that were given. */
  get headers(): HTTPHeaders {
    return this.given ?? NO_HEADERS;
  }

  /** True if it asks to switch protocols. */
  get upgrades(): boolean {
    return this.given !== null && this.given.has("upgrade");
  }

  /** True if the body waits for the server's word. */
  get expectsContinue(): boolean {
    return this.body !== null && this.given?.get("expect")?.toLowerCase() === "100-continue";
  }

  /** True if it may be sent twice: nothing is changed by that. */
  get idempotent(): boolean {
    return IDEMPOTENT.has(this.method) && this.body === null;
  }

  /**
   * The request line and headers, with the empty line.
   *
   * @param persistent Whether the connection is to be used again.
   */
  head(persistent: boolean): string {
    const { given } = this;
    let head = `${this.method} ${this.target} HTTP/1.1\r\n`;
    if (given === null || given.size === 0) {
      head += `Host: ${this.authority}\r\n`;
      if (!persistent) head += "Connection: close\r\n";
      return head + this.extra + this.#framing() + "\r\n";
    }
    if (!given.has("host")) head += `Host: ${this.authority}\r\n`;
    if (!persistent && !given.has("connection")) head += "Connection: close\r\n";
    return head + this.extra + this.#framing() + given.toString() + "\r\n";
  }

  #framing(): string {
    const { body } = this;
    if (body === null) return BODIES_USUAL.has(this.method) ? "Content-Length: 0\r\n" : "";
    const length = typeof body === "string" ? utf8Length(body) : body.length;
    return length === UNKNOWN_LENGTH ? "Transfer-Encoding: chunked\r\n" : `Content-Length: ${length}\r\n`;
  }
}

/** Who waits for the response to a request. */
export interface ResponseHandler {
  /** The head is here. Called last in whatever the connection does. */
  responded(response: ClientResponse): void;
  /** There will be none. */
  failed(failure: Failure): void;
}

const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "DELETE"]);
const BODIES_USUAL = new Set(["POST", "PUT", "PATCH"]);

/**
 * Makes sure that a method is one.
 *
 * @throws {TypeError} If it is no token.
 */
export function checkMethod(method: string): void {
  if (!TOKEN.test(method)) {
    throw new TypeError(`Cannot request with the method ${JSON.stringify(method)}: it is no token`);
  }
}

/** How many bytes a text has in UTF-8. */
function utf8Length(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x80) continue;
    length++;
    if (code < 0x800) continue;
    if (code >= 0xd800 && code < 0xdc00 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) i++; // 2 units, 4 bytes
    length++;
  }
  return length;
}
