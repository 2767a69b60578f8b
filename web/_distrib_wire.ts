/**
 * A request on its way to another process, as Twisted's `web.distrib` writes it: a copy, and a reference by which the
 * answer comes back.
 * @module
 */
import { decodeUtf8, encodeUtf8, fromLatin1, latin1, toBytes } from "@ropewalk/protocols/bytes";
import {
  type Address,
  IPv4Address,
  IPv6Address,
  type PushProducer,
  UNIXAddress,
} from "@ropewalk/reactor/core";
import {
  Copyable,
  Referenceable,
  RemoteCopy,
  type RemoteReference,
  setUnjellyableForClass,
  tuple,
} from "@ropewalk/spread";
import { errorBody } from "./_error_body.ts";
import type { Request } from "./request.ts";

/** The type of a request on the wire. */
export const WIRE_NAME = "twisted.web.server.Request";
/** What a method returns whose answer comes by other calls. */
export const WIRE_NOT_DONE_YET = 1;
/** No string on the wire is longer. */
export const PIECE_BYTES = 640 * 1024;

/** What a publisher has. */
export interface RemoteWeb {
  /** Answers a request. */
  remote_request(request: unknown): unknown;
}

/** A request that another process answers. */
export class IssuedRequest extends Copyable {
  readonly #request: Request;
  readonly #content: Uint8Array;

  constructor(request: Request, content: Uint8Array) {
    super();
    this.#request = request;
    this.#content = content;
  }

  override getTypeToCopy(): string {
    return WIRE_NAME;
  }

  override getStateToCopy(): unknown {
    const request = this.#request;
    const headers = new Map<string, Uint8Array[]>();
    for (const [name, value] of request.requestHeaders) {
      const values = headers.get(name.toLowerCase());
      if (values === undefined) headers.set(name.toLowerCase(), [fromLatin1(value)]);
      else values.push(fromLatin1(value));
    }
    const args = new Map<Uint8Array, Uint8Array[]>();
    for (const name of new Set(request.args.keys())) {
      args.set(encodeUtf8(name), request.args.getAll(name).map((value) => encodeUtf8(value)));
    }
    return {
      method: fromLatin1(request.method),
      uri: fromLatin1(request.uri),
      path: fromLatin1(request.path),
      prepath: request.prepath.map((segment) => encodeUtf8(segment)),
      postpath: request.postpath.map((segment) => encodeUtf8(segment)),
      args,
      clientproto: fromLatin1(request.clientproto),
      host: addressTuple(request.getHost()),
      client: addressTuple(request.getClientAddress()),
      requestHeaders: [...headers].map(([name, values]) => tuple(fromLatin1(name), values)),
      content_data: this.#content,
      notifications: [],
      received_cookies: new Map(),
      cookies: [],
      remote: new AnswerTaker(request),
    };
  }

  /** The other process is gone. */
  readonly publisherLost = (): void => {
    if (this.#request.startedWriting) {
      if (!this.#request.finished && !this.#request.disconnected) this.#request.channel.abortResponse();
    } else unreachable(this.#request);
  };
}

/** The answer when there is no publisher. */
export function unreachable(request: Request): void {
  if (request.disconnected || request.finished) return;
  const page = errorBody(request, 502, "The process behind this one did not answer.");
  if (request.method === "HEAD") request.setHeader("content-length", page.length);
  request.write(page);
  request.finish();
}

function text(value: unknown): string {
  return value instanceof Uint8Array ? latin1(value) : String(value);
}

// The values of an answer's fields are text, and go out as UTF-8.
function utf8(value: unknown): string {
  return value instanceof Uint8Array ? decodeUtf8(value) : String(value);
}

/** Takes the answer of the other process; what it says after the client has left is let pass. */
class AnswerTaker extends Referenceable {
  readonly #request: Request;

  constructor(request: Request) {
    super();
    this.#request = request;
  }

  get #over(): boolean {
    return this.#request.disconnected || this.#request.finished;
  }

  remote_write(data: Uint8Array | string): void {
    if (!this.#over) this.#request.write(toBytes(data));
  }

  remote_finish(): void {
    if (this.#over) return;
    this.#request.unregisterProducer();
    this.#request.finish();
  }

  remote_setResponseCode(code: number, message?: unknown): void {
    if (!this.#over) this.#request.setResponseCode(code, message == null ? "" : utf8(message));
  }

  remote_setHeader(name: unknown, value: unknown): void {
    if (!this.#over) this.#request.setHeader(text(name), utf8(value));
  }

  remote_addCookie(name: unknown, value: unknown): void {
    if (!this.#over) this.#request.addCookie(text(name), utf8(value));
  }

  /** Ours: a field that may be there more than once. */
  remote_addHeader(name: unknown, value: unknown): void {
    if (!this.#over) this.#request.responseHeaders.append(text(name), utf8(value));
  }

  remote_setETag(tag: unknown): void {
    if (!this.#over) this.#request.setETag(text(tag));
  }

  remote_setLastModified(when: number): void {
    if (!this.#over) this.#request.setLastModified(when);
  }

  remote_registerProducer(producer: RemoteReference, streaming: unknown): void {
    if (!this.#over) this.#request.registerProducer(new FarProducer(producer), Boolean(streaming));
  }

  remote_unregisterProducer(): void {
    if (!this.#over) this.#request.unregisterProducer();
  }

  remote_abort(): void {
    if (!this.#over) this.#request.channel.abortResponse();
  }
}

/** A producer in the other process. */
class FarProducer implements PushProducer {
  constructor(readonly far: RemoteReference) {}

  pauseProducing(): void {
    this.#tell("pauseProducing");
  }

  resumeProducing(): void {
    this.#tell("resumeProducing");
  }

  stopProducing(): void {
    this.#tell("stopProducing");
  }

  #tell(what: string): void {
    try {
      this.far.callRemote(what).addErrback(() => {}); // it is over, or its process is gone
    } catch { /* a dead reference: the same */ }
  }
}

function addressTuple(address: Address): unknown {
  if (address instanceof IPv4Address || address instanceof IPv6Address) {
    return tuple("INET", address.host, address.port);
  }
  return tuple("UNIX", address instanceof UNIXAddress ? address.name : "");
}

/** The copy that a publisher gets. */
export class ReceivedRequest extends RemoteCopy {
  /** The state, as it came. */
  state: Record<string, unknown> = {};

  /** Takes the state as it came: nothing of it is believed yet. */
  override setCopyableState(state: unknown): void {
    if (typeof state === "object" && state !== null) this.state = state as Record<string, unknown>;
  }

  /** A field that is text or bytes. */
  text(name: string): string {
    const value = this.state[name];
    return value instanceof Uint8Array ? latin1(value) : typeof value === "string" ? value : "";
  }

  /** A field that is a list of segments. */
  segments(name: string): string[] {
    const value = this.state[name];
    if (!Array.isArray(value)) return [];
    return value.map((one) => one instanceof Uint8Array ? decodeUtf8(one) : String(one));
  }

  /** An address. */
  address(name: string): Address {
    const value = this.state[name];
    if (!Array.isArray(value) || value[0] !== "INET") {
      return new UNIXAddress(Array.isArray(value) ? String(value[1] ?? "") : "");
    }
    const host = String(value[1]);
    return host.includes(":")
      ? new IPv6Address("TCP", host, Number(value[2]))
      : new IPv4Address("TCP", host, Number(value[2]));
  }

  /** The header lines, each with its CR LF. */
  headerLines(): string {
    const value = this.state["requestHeaders"];
    let lines = "";
    for (const pair of Array.isArray(value) ? value : []) {
      for (const one of Array.isArray(pair?.[1]) ? pair[1] : []) {
        lines += `${text(pair[0])}: ${text(one)}\r\n`;
      }
    }
    return lines;
  }
}

setUnjellyableForClass(WIRE_NAME, ReceivedRequest);
