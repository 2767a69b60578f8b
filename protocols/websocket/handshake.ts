/**
 * The opening handshake (RFC 6455 §4), from both sides, with no socket in it.
 * @module
 */
import { sha1 } from "./_sha1.ts";
import { HandshakeError } from "./errors.ts";

/** A name in a header (RFC 9110 §5.6.2). */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** The longest head of a request or response accepted, in bytes. */
export const MAX_HEAD_BYTES = 16384;

/** The head of an HTTP request or response. */
export interface Head {
  /** The first line, in its three parts. */
  readonly start: readonly [string, string, string];
  /** The fields. */
  readonly headers: Headers;
}

/**
 * Reads the head of an HTTP message.
 *
 * @param text All of it, without the empty line.
 * @throws {HandshakeError} If it is not one.
 */
export function parseHead(text: string): Head {
  const [first, ...lines] = text.split("\r\n");
  const match = /^(\S+) (\S+)(?: (.*))?$/.exec(first!);
  if (match === null) throw new HandshakeError(400, "Bad request line");
  const headers = new Headers();
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon <= 0 || !TOKEN.test(line.slice(0, colon))) {
      throw new HandshakeError(400, "Bad header field");
    }
    try {
      headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
    } catch {
      throw new HandshakeError(400, "Bad header field");
    }
  }
  return { start: [match[1]!, match[2]!, match[3] ?? ""], headers };
}

/**
 * Looks at subprotocols that are to be asked for.
 *
 * @throws {TypeError} If one is no token (RFC 6455 §4.1), or stands there twice.
 */
export function checkSubprotocols(subprotocols: readonly string[]): void {
  if (subprotocols.every((each) => TOKEN.test(each)) && new Set(subprotocols).size === subprotocols.length) {
    return;
  }
  throw new TypeError(
    `Cannot ask for the subprotocols ${JSON.stringify(subprotocols)}: they have to be tokens, each once`,
  );
}

function tokens(value: string | null): string[] {
  return (value ?? "").split(",").map((token) => token.trim()).filter((token) => token !== "");
}

/** What the server's side has to prove, for the key that a client sent. */
export function acceptKey(key: string): string {
  return btoa(String.fromCharCode(...sha1(key + GUID)));
}

/** What both sides agreed on. */
export interface Agreement {
  /** The subprotocol, or `""`. */
  readonly subprotocol: string;
  /** Whether messages may be compressed. */
  readonly deflate: boolean;
}

/** What a server may agree on. */
export interface AcceptOptions {
  /** The subprotocols it speaks, the preferred first. */
  subprotocols?: readonly string[];
  /** Whether it compresses messages. @default false */
  perMessageDeflate?: boolean;
  /** The origins whose pages may connect; others are refused. @default any */
  origins?: readonly string[];
}

/**
 * The server's side: what to answer to a request. For use by an HTTP server, which sends status 101 with the fields.
 *
 * @param method The request's method.
 * @param headers Its fields.
 * @param options What may be agreed on.
 * @returns The fields of the answer, and what was agreed on.
 * @throws {HandshakeError} With the status to answer instead.
 *
 * @example
 * ```ts
 * import { acceptHandshake } from "@ropewalk/protocols/websocket";
 * import { assertEquals } from "@std/assert";
 *
 * const { headers } = acceptHandshake("GET", new Headers({
 *   Connection: "Upgrade",
 *   Upgrade: "websocket",
 *   "Sec-WebSocket-Version": "13",
 *   "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
 * }));
 * assertEquals(headers.get("Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
 * ```
 */
export function acceptHandshake(
  method: string,
  headers: Headers,
  options: AcceptOptions = {},
): { headers: Headers; agreed: Agreement } {
  const has = (name: string, token: string) =>
    tokens(headers.get(name)).some((each) => each.toLowerCase() === token);
  if (method !== "GET") throw new HandshakeError(405, "A WebSocket is opened with GET");
  if (!has("connection", "upgrade") || !has("upgrade", "websocket")) {
    throw new HandshakeError(426, "This is a WebSocket: upgrade to it");
  }
  if (headers.get("sec-websocket-version") !== "13") {
    throw new HandshakeError(426, "WebSocket version 13 is needed");
  }
  const key = headers.get("sec-websocket-key") ?? "";
  if (!/^[A-Za-z0-9+/]{21}[AQgw]==$/.test(key)) throw new HandshakeError(400, "Bad Sec-WebSocket-Key");
  const origin = headers.get("origin");
  if (options.origins !== undefined && (origin === null || !options.origins.includes(origin))) {
    throw new HandshakeError(403, "This origin may not connect");
  }
  const answer = new Headers({
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Accept": acceptKey(key),
  });
  const offered = tokens(headers.get("sec-websocket-protocol"));
  const subprotocol = options.subprotocols?.find((each) => offered.includes(each)) ?? "";
  if (subprotocol !== "") answer.set("Sec-WebSocket-Protocol", subprotocol);
  const deflate = options.perMessageDeflate === true &&
    deflateOffered(headers.get("sec-websocket-extensions"));
  if (deflate) {
    answer.set(
      "Sec-WebSocket-Extensions",
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
    );
  }
  return { headers: answer, agreed: { subprotocol, deflate } };
}

// An offer that we can meet: our window is the full one, and we keep no context.
function deflateOffered(extensions: string | null): boolean {
  return tokens(extensions).some((offer) => {
    const [name, ...parameters] = offer.split(";").map((part) => part.trim());
    if (name !== "permessage-deflate") return false;
    return parameters.every((parameter) =>
      /^((server|client)_no_context_takeover|client_max_window_bits(="?\d+"?)?|server_max_window_bits="?15"?)$/
        .test(
          parameter,
        )
    );
  });
}

/** What a client asks for. */
export interface RequestOptions {
  /** The subprotocols it speaks, the preferred first. */
  subprotocols?: readonly string[];
  /** Whether it offers to compress messages. @default false */
  perMessageDeflate?: boolean;
  /** Further fields of the request. */
  headers?: Headers;
}

/**
 * The client's side: what to ask.
 *
 * @param url Where to: `ws:` or `wss:`.
 * @param key Sixteen random bytes in base64.
 * @param options What to ask for.
 */
export function handshakeRequest(url: URL, key: string, options: RequestOptions = {}): string {
  const lines = [
    `GET ${url.pathname}${url.search} HTTP/1.1`,
    `Host: ${url.host}`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Key: ${key}`,
    "Sec-WebSocket-Version: 13",
  ];
  if (options.subprotocols?.length) lines.push(`Sec-WebSocket-Protocol: ${options.subprotocols.join(", ")}`);
  if (options.perMessageDeflate) {
    lines.push(
      "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover",
    );
  }
  options.headers?.forEach((value, name) => lines.push(`${name}: ${value}`));
  return lines.join("\r\n") + "\r\n\r\n";
}

/**
 * The client's side: what the server answered.
 *
 * @throws {HandshakeError} If it did not agree, or agreed on what was not asked for.
 */
export function checkAnswer(head: Head, key: string, options: RequestOptions = {}): Agreement {
  const { start: [version, status], headers } = head;
  const refuse = (message: string) => new HandshakeError(Number(status) || 0, message);
  if (!/^HTTP\/1\.1$/.test(version) || status !== "101") throw refuse(`The server answered ${status}`);
  if (headers.get("upgrade")?.toLowerCase() !== "websocket") {
    throw refuse("The server upgraded to something else");
  }
  if (!tokens(headers.get("connection")).some((token) => token.toLowerCase() === "upgrade")) {
    throw refuse("The server did not upgrade");
  }
  if (headers.get("sec-websocket-accept") !== acceptKey(key)) throw refuse("The server's proof is wrong");
  const subprotocol = headers.get("sec-websocket-protocol") ?? "";
  if (subprotocol !== "" && !options.subprotocols?.includes(subprotocol)) {
    throw refuse("The server chose a subprotocol that was not offered");
  }
  const extensions = tokens(headers.get("sec-websocket-extensions"));
  if (extensions.length === 0) return { subprotocol, deflate: false };
  const [name, ...parameters] = extensions[0]!.split(";").map((part) => part.trim());
  const fits = parameters.every((parameter) =>
    /^((server|client)_no_context_takeover|(client|server)_max_window_bits="?15"?)$/.test(parameter)
  );
  if (
    extensions.length > 1 || name !== "permessage-deflate" || !options.perMessageDeflate || !fits ||
    !parameters.includes("server_no_context_takeover")
  ) throw refuse("The server chose an extension that was not offered");
  return { subprotocol, deflate: true };
}
