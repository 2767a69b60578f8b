/**
 * What the tests of this module share: a site on a string transport, and its answers taken apart.
 * @module
 */
import { assert } from "@std/assert";
import { fromLatin1, latin1 } from "@ropewalk/protocols/bytes";
import { Clock, StringTransportWithDisconnection } from "@ropewalk/testing";
import type { HTTPChannel } from "./http_channel.ts";
import { NOT_DONE_YET } from "./not_done_yet.ts";
import type { Request } from "./request.ts";
import { type RenderResult, Resource } from "./resource.ts";
import type { HTTPFactory } from "./site.ts";
import { Site, type SiteOptions } from "./site.ts";

/** An answer of a server. */
export interface Answer {
  /** The status. */
  status: number;
  /** The phrase. */
  phrase: string;
  /** The headers, their names in lower case; several of a name are joined by `", "`. */
  headers: Map<string, string>;
  /** The body, as a one-byte string, without chunks. */
  body: string;
}

/** One connection to a site. */
export class Client {
  readonly clock: Clock;
  readonly transport: StringTransportWithDisconnection;
  readonly channel: HTTPChannel;

  constructor(readonly site: HTTPFactory, clock = new Clock(), secure = false) {
    this.clock = clock;
    this.transport = new StringTransportWithDisconnection({ reactor: clock, lenient: true });
    this.transport.secure = secure;
    this.channel = site.buildProtocol(this.transport.getPeer())!;
    this.transport.protocol = this.channel;
    this.channel.makeConnection(this.transport);
  }

  /** True once the server closed. */
  get closed(): boolean {
    return !this.transport.connected || this.transport.writeDisconnected;
  }

  /** Sends a one-byte string, in chunks or whole. */
  send(wire: string, chunks: readonly Uint8Array[] = [fromLatin1(wire)]): this {
    for (const chunk of chunks) {
      if (this.closed) break;
      const borrowed = chunk.slice();
      this.channel.dataReceived(borrowed);
      borrowed.fill(0x21); // what was borrowed is used again
    }
    return this;
  }

  /** Sends a request and returns the answer, which must be complete. */
  ask(head: string, body = ""): Answer {
    this.transport.clear();
    const length = body === "" ? "" : `Content-Length: ${body.length}\r\n`;
    const [line, ...headers] = head.split("\n");
    const all = ["Host: a.example", ...headers].map((header) => `${header}\r\n`).join("");
    this.send(`${line} HTTP/1.1\r\n${all}${length}\r\n${body}`);
    const [answer] = this.answers([line!.split(" ")[0]!]);
    if (answer === undefined) throw new Error("Cannot read the answer: there is none");
    return answer;
  }

  /** What was sent, as a one-byte string. */
  get wire(): string {
    return latin1(this.transport.value());
  }

  /** The answers that were sent, in order; `methods` are those of the requests, where one is HEAD. */
  answers(methods: readonly string[] = []): Answer[] {
    return parseAnswers(this.wire, methods);
  }
}

/** Takes answers apart. */
export function parseAnswers(wire: string, methods: readonly string[] = []): Answer[] {
  const answers: Answer[] = [];
  let at = 0;
  while (at < wire.length) {
    const end = wire.indexOf("\r\n\r\n", at);
    if (end < 0) throw new Error(`Cannot read an answer: ${JSON.stringify(wire.slice(at))}`);
    const [line, ...lines] = wire.slice(at, end).split("\r\n");
    const match = /^HTTP\/1\.1 (\d{3}) (.*)$/.exec(line!);
    if (match === null) throw new Error(`Cannot read a status line: ${JSON.stringify(line)}`);
    const headers = new Map<string, string>();
    for (const field of lines) {
      const colon = field.indexOf(": ");
      const name = field.slice(0, colon).toLowerCase();
      const value = field.slice(colon + 2);
      headers.set(name, headers.has(name) ? `${headers.get(name)}, ${value}` : value);
    }
    const status = Number(match[1]);
    at = end + 4;
    let body = "";
    const length = headers.get("content-length");
    const method = methods[answers.length];
    if (method === "HEAD" || status < 200 || status === 204 || status === 304) { /* none */ }
    else if (headers.get("transfer-encoding") === "chunked") [body, at] = readChunks(wire, at);
    else if (length !== undefined) at += (body = wire.slice(at, at + Number(length))).length;
    else at += (body = wire.slice(at)).length;
    answers.push({ status, phrase: match[2]!, headers, body });
  }
  return answers;
}

function readChunks(wire: string, at: number): [body: string, at: number] {
  let body = "";
  for (;;) {
    const end = wire.indexOf("\r\n", at);
    const size = parseInt(wire.slice(at, end), 16);
    if (end < 0 || Number.isNaN(size)) throw new Error("Cannot read a chunk: it is not complete");
    body += wire.slice(end + 2, end + 2 + size);
    at = end + 4 + size;
    if (size === 0) return [body, at];
  }
}

/** A resource that answers everything by a function. */
export class Page extends Resource {
  override isLeaf = true;

  constructor(readonly answer: (request: Request) => RenderResult) {
    super();
  }

  override render(request: Request): RenderResult {
    return this.answer(request);
  }
}

/** A connection to a site of one page. */
export function pageClient(answer: (request: Request) => RenderResult, options: SiteOptions = {}): Client {
  return new Client(new Site(new Page(answer), options));
}

/** A connection to a site with a root. */
export function siteClient(root: Resource, options: SiteOptions = {}): Client {
  return new Client(new Site(root, options));
}

/** The shortest request. */
export const GET = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";

/** The statuses of the answers to some bytes, after which the connection is closed. */
export function statuses(options: SiteOptions, wire: string): number[] {
  const client = pageClient(() => "ok", options).send(wire);
  assert(client.closed);
  return client.answers().map((answer) => answer.status);
}

/** A page whose requests a test finishes by hand. */
export function held(options: SiteOptions = {}): { client: Client; requests: Request[] } {
  const requests: Request[] = [];
  const client = pageClient((request) => {
    requests.push(request);
    return NOT_DONE_YET;
  }, options);
  return { client, requests };
}
