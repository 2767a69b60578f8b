/**
 * `Request`: what a client asked for, and the answer while it is made.
 * @module
 */
import { Deferred, fail, Failure, reportError, succeed } from "@ropewalk/deferred";
import { type Address, type Data, IPv4Address, IPv6Address } from "@ropewalk/reactor/core";
import type { PullProducer, PushProducer, ReactorTime, StreamProtocol } from "@ropewalk/reactor/core";
import type { FilePath } from "@ropewalk/reactor/filepath";
import { CACHED, NOT_DONE_YET } from "./not_done_yet.ts";
import { conditionByDate, conditionByTag } from "./_conditions.ts";
import { httpDate } from "./_date.ts";
import { deliver } from "./_deliver.ts";
import { errorHTML } from "./_error_body.ts";
import { EMPTY_BLOCK, type HeaderBlock } from "./_header_block.ts";
import { type HeaderSet, NO_HEADERS } from "./_header_set.ts";
import type { ResponseChannel } from "./_response_channel.ts";
import { type ParsedTarget, parseTarget, queryOf } from "./_uri.ts";
import { FileSpool } from "./_file_spool.ts";
import { formBoundary, type FormLimits, MultipartScanner } from "./_multipart.ts";
import { HTTPHeaders } from "./http_headers.ts";
import { RequestContent } from "./request_content.ts";
import { type CookieOptions, formatCookie, parseCookies } from "./request_cookies.ts";
import { type RenderResult, Resource } from "./resource.ts";
import type { Session } from "./session.ts";
import { hasNoBody, statusPhrase } from "./status.ts";
import { UploadedFile } from "./uploaded_file.ts";

/** So much of a body that is here already is delivered at once. */
const PIECE_BYTES = 65_536;

/** What a request needs of its site. */
export interface RequestSite {
  /** Whether error pages show the error. */
  readonly displayTracebacks: boolean;
  /** The resource that answers. */
  getResourceFor(request: Request): Resource | Deferred<Resource> | Promise<Resource>;
  /** Whether whoever will answer takes the body as a stream. */
  streamsBody(request: Request): boolean;
  /** Forms with files that are larger go to a file, if there is a place for it. */
  readonly uploadMemoryBytes: number;
  /** How much a multipart form may hold. */
  readonly formLimits: FormLimits;
  /** The path of a new file for a form that is large; `null` to keep it in memory. */
  makeUploadPath(): FilePath | null;
  /** A session by its id. */
  findSession(uid: string): Session | undefined;
  /** A new session. */
  makeSession(reactor: ReactorTime): Session;
}

/** Takes the body of a request while it arrives. */
export interface BodyReceiver {
  /** Some bytes came; they are valid during the call only. */
  bodyReceived(bytes: Uint8Array): void;
  /** All of the body came. When the client goes away before, only `notifyFinish` tells of it. */
  bodyComplete(): void;
}

/** The head of a request, as a parser found it. */
export interface RequestHead {
  /** The method. */
  readonly method: string;
  /** The target. */
  readonly target: string;
  /** The minor version of HTTP/1. */
  readonly minor: number;
  /** The host that is asked for; may be empty. */
  readonly host: string;
  /** The headers. */
  readonly headers: HeaderBlock;
  /** @ignore The path of the target taken apart, where the parser did so. */
  readonly parsed?: ParsedTarget;
}

/**
 * A request, and the response to it. A render method reads the one from its fields and makes the other by
 * {@linkcode setHeader}, {@linkcode write} and {@linkcode finish}, or by what it returns.
 */
export class Request {
  /** The method: `"GET"`. */
  readonly method: string;
  /** The target as it was sent: `"/a%20b?c=d"`. */
  uri: string;
  /** The path of it, still encoded: `"/a%20b"`. */
  path: string;
  /** The query of it, without the `?`. */
  query: string;
  /** `"HTTP/1.1"` or `"HTTP/1.0"`. */
  readonly clientproto: string;
  /** The site that answers. */
  readonly site: RequestSite;
  /** The status of the response. */
  code = 200;
  /** The phrase that goes with it; the usual one if empty. */
  codeMessage = "";
  /** How many bytes of body were sent. */
  sentLength = 0;
  /** True once the head of the response was sent. */
  startedWriting = false;
  /** True once the response is complete. */
  finished = false;
  /** What carries the response. */
  readonly channel: ResponseChannel;
  /** The host that the client asked for, with the port if it named one; empty if it named none. */
  host: string;
  readonly #head: HeaderBlock;
  readonly #segments: readonly string[]; // of the path; requests may share them
  #depth = 0; // how many of them are behind, until one of the two is asked for
  #prepath: string[] | null = null;
  #postpath: string[] | null = null;
  #requestHeaders: HTTPHeaders | null = null;
  #headerSet: HeaderSet = NO_HEADERS; // the response's, while there are no #responseHeaders
  #responseHeaders: HTTPHeaders | null = null;
  #content: RequestContent | null = null;
  #trailers: HTTPHeaders | null = null;
  #form: MultipartScanner | null = null;
  #files: UploadedFile[] | null = null;
  #args: URLSearchParams | null = null;
  #cookies: Map<string, string> | null = null;
  #notifications: Deferred<void>[] | null = null;
  #waitingFor: Deferred<unknown> | null = null;
  #lost: Failure | null = null;
  #bodyDropped = false;
  #producing = false;
  #streaming = false; // the resource was found before the body came
  #receiver: BodyReceiver | null = null;
  #etag = "";
  #lastModified = -1;
  #secure: boolean | null = null;
  #hostAddress: Address | null = null;
  #session: Session | null = null;
  #rootDepth = 0;

  /**
   * Makes one.
   *
   * @param channel What carries the response.
   * @param site Who answers.
   * @param head What was asked.
   */
  constructor(channel: ResponseChannel, site: RequestSite, head: RequestHead) {
    const { target } = head;
    const { path, segments } = head.parsed ?? parseTarget(target);
    this.channel = channel;
    this.site = site;
    this.method = head.method;
    this.uri = target;
    this.path = path;
    this.query = target.length === path.length ? "" : queryOf(target, path);
    this.clientproto = head.minor === 0 ? "HTTP/1.0" : "HTTP/1.1";
    this.host = head.host;
    this.#segments = segments;
    this.#head = head.headers;
    this.#bodyDropped = head.method === "HEAD";
  }

  // ---------------------------------------------------------------------------------------- the request

  /** The segments of the path that led to the resource, decoded. */
  get prepath(): string[] {
    return this.#prepath ??= this.#segments.slice(0, this.#depth);
  }

  set prepath(segments: string[]) {
    this.#prepath = segments;
  }

  /** The segments that are left, decoded. */
  get postpath(): string[] {
    return this.#postpath ??= this.#segments.slice(this.#depth);
  }

  set postpath(segments: string[]) {
    this.#postpath = segments;
  }

  /** @ignore Goes to the next segment: from `postpath` to `prepath`. @returns It, or `undefined` after the last. */
  _nextSegment(): string | undefined {
    if (this.#prepath === null && this.#postpath === null) {
      return this.#depth < this.#segments.length ? this.#segments[this.#depth++] : undefined;
    }
    const { prepath, postpath } = this; // both, before either moves
    if (postpath.length === 0) return undefined;
    const segment = postpath.shift()!;
    prepath.push(segment);
    return segment;
  }

  /** The clock and timers of the connection. */
  get reactor(): ReactorTime {
    return this.channel.reactor;
  }

  /** The headers of the request. */
  get requestHeaders(): HTTPHeaders {
    return this.#requestHeaders ??= HTTPHeaders._received(this.#head);
  }

  /** The last value of a header of the request, or `undefined`. */
  getHeader(name: string): string | undefined {
    if (this.#requestHeaders !== null) return this.#requestHeaders._last(name.toLowerCase());
    return this.#head.get(name) ?? this.#head.get(name.toLowerCase());
  }

  /** The headers of the request as an object with names in lower case, the last value of each. */
  getAllHeaders(): Record<string, string> {
    const all: Record<string, string> = Object.create(null);
    for (const [name, value] of this.requestHeaders) all[name.toLowerCase()] = value;
    return all;
  }

  /** The body of the request. */
  get content(): RequestContent {
    return this.#content ??= new RequestContent();
  }

  /** True while the body is still arriving, for a resource that takes it as a stream. */
  get streaming(): boolean {
    return this.#streaming;
  }

  /** How many bytes the body has; -1 if it comes in chunks and is not here yet. */
  get contentLength(): number {
    if (!this.#streaming) return this.#content === null ? 0 : this.#content.length;
    const length = this.#head.get("content-length");
    return length === undefined ? -1 : Number(length);
  }

  /**
   * Takes the body piece by piece. For a resource that {@linkcode Resource.streamsBody} it is not read from the connection
   * before this is called; one that is here already is delivered before this returns.
   *
   * @param receiver Takes it.
   * @throws {TypeError} If somebody takes it already.
   */
  deliverBody(receiver: BodyReceiver): void {
    if (this.#receiver !== null) throw new TypeError("Cannot deliver the body: somebody takes it already");
    this.#receiver = receiver;
    if (this.#streaming) {
      if (this.#lost === null) this.channel.resumeBody();
      return;
    }
    const { content } = this;
    for (let at = 0; at < content.length; at += PIECE_BYTES) {
      receiver.bodyReceived(content.slice(at, at + PIECE_BYTES));
    }
    receiver.bodyComplete();
  }

  /** Reads no more of the body for now: the client is held back. */
  pauseBody(): void {
    if (this.#streaming && this.#lost === null && !this.finished) this.channel.pauseBody();
  }

  /** Reads on. */
  resumeBody(): void {
    if (this.#streaming && this.#lost === null && !this.finished) this.channel.resumeBody();
  }

  /** What was sent after the last chunk of the body. */
  get trailers(): HTTPHeaders {
    return this.#trailers ??= new HTTPHeaders();
  }

  /**
   * The arguments: of the query, and of the body where that is a form (`application/x-www-form-urlencoded`, or the
   * fields of `multipart/form-data`).
   */
  get args(): URLSearchParams {
    return this.#args ??= this.#readArgs();
  }

  set args(args: URLSearchParams) {
    this.#args = args;
  }

  /** The files that came with a multipart form. */
  get files(): readonly UploadedFile[] {
    return this.#files ??= (this.#form?.files ?? []).map(({ name, filename, type, start, end }) =>
      new UploadedFile(name, filename, type, this.content, start, end)
    );
  }

  /** The first file of a field, or `undefined`. */
  getFile(name: string): UploadedFile | undefined {
    return this.files.find((file) => file.name === name);
  }

  #readArgs(): URLSearchParams {
    if (this.#form !== null) {
      const args = new URLSearchParams(this.query);
      for (const [name, value] of this.#form.fields) args.append(name, value);
      return args;
    }
    const form = this.#content !== null && this.#content.length > 0 ? this.#formText() : "";
    if (form === "") return new URLSearchParams(this.query);
    return new URLSearchParams(this.query === "" ? form : `${this.query}&${form}`);
  }

  #formText(): string {
    const type = this.getHeader("content-type");
    if (type === undefined || !/^application\/x-www-form-urlencoded(?:\s*;|\s*$)/i.test(type)) return "";
    return this.#content!.text();
  }

  /** A cookie that the client sent, or `undefined`. */
  getCookie(name: string): string | undefined {
    this.#cookies ??= parseCookies(this.#head.getAll("cookie").join("; "));
    return this.#cookies.get(name);
  }

  /** The user's name from `Authorization: Basic`; empty without it. */
  getUser(): string {
    return basicCredentials(this.getHeader("authorization"))[0];
  }

  /** The password from `Authorization: Basic`; empty without it. */
  getPassword(): string {
    return basicCredentials(this.getHeader("authorization"))[1];
  }

  /** The client's address. */
  getClientAddress(): Address {
    return this.channel.getPeer();
  }

  /** The client's address as text, or `null` where it has none (UNIX sockets). */
  getClientIP(): string | null {
    const peer = this.channel.getPeer();
    return peer instanceof IPv4Address || peer instanceof IPv6Address ? peer.host : null;
  }

  /** Our address; or what {@linkcode setHost} said. */
  getHost(): Address {
    return this.#hostAddress ?? this.channel.getHost();
  }

  /** The host that the client asked for, without the port. */
  getRequestHostname(): string {
    if (this.host === "") {
      const host = this.getHost();
      return host instanceof IPv4Address || host instanceof IPv6Address ? host.host : "";
    }
    return this.host.replace(/:\d*$/, "");
  }

  /** True if the client came by TLS. */
  isSecure(): boolean {
    return this.#secure ?? this.channel.secure;
  }

  /**
   * Sets what the site is called from outside: behind a proxy.
   *
   * @param host A name or address.
   * @param port The port.
   * @param secure True if clients come by TLS.
   */
  setHost(host: string, port: number, secure = false): void {
    this.#secure = secure;
    const isDefault = port === (secure ? 443 : 80);
    const name = host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
    this.requestHeaders.set("host", isDefault ? name : `${name}:${port}`);
    this.host = isDefault ? name : `${name}:${port}`;
    this.#hostAddress = host.includes(":")
      ? new IPv6Address("TCP", host.replace(/^\[|\]$/g, ""), port)
      : new IPv4Address("TCP", host, port);
  }

  /** The URL of the resource: scheme, host and the segments of {@linkcode prepath}. */
  prePathURL(): string {
    return this.#url(this.prepath);
  }

  /** Remembers the resource at hand as the root of an application, for {@linkcode getRootURL}. */
  rememberRootURL(): void {
    this.#rootDepth = this.prepath.length;
  }

  /** The URL of the application's root; see {@linkcode rememberRootURL}. */
  getRootURL(): string {
    return this.#url(this.prepath.slice(0, this.#rootDepth));
  }

  /** A link to a child of the resource at hand, right with and without a slash at the end of the page's own path. */
  childLink(name: string): string {
    const last = this.path.slice(this.path.lastIndexOf("/") + 1);
    return this.postpath.length === 0 && last !== "" ? `${last}/${name}` : name;
  }

  #url(segments: readonly string[]): string {
    const scheme = this.isSecure() ? "https" : "http";
    const host = this.host === "" ? this.getRequestHostname() : this.host;
    const bare = host.replace(scheme === "https" ? /:443$/ : /:80$/, "");
    return `${scheme}://${bare}/${segments.map(encodeURIComponent).join("/")}`;
  }

  // ---------------------------------------------------------------------------------------- the response

  /** The headers of the response. */
  get responseHeaders(): HTTPHeaders {
    return this.#responseHeaders ??= HTTPHeaders._shared(this.#headerSet);
  }

  /** @ignore The same if any was set. */
  get _setHeaders(): HTTPHeaders | null {
    return this.#responseHeaders ?? (this.#headerSet === NO_HEADERS ? null : this.responseHeaders);
  }

  /** @ignore The set of them that other responses have too; `null` if there is none. */
  get _headerSet(): HeaderSet | null {
    return this.#responseHeaders === null ? this.#headerSet : this.#responseHeaders._set;
  }

  /** @ignore True if no body goes out: HEAD, 204, 304, and after a condition was met. */
  get _dropsBody(): boolean {
    return this.#bodyDropped;
  }

  /** Sets a header of the response, in place of others of its name. */
  setHeader(name: string, value: string | number): void {
    const text = typeof value === "string" ? value : String(value);
    if (this.#responseHeaders === null) {
      const set = this.#headerSet.with(name, text);
      if (set !== null) {
        this.#headerSet = set;
        return;
      }
    }
    this.responseHeaders.set(name, text);
  }

  /**
   * Sets the status of the response.
   *
   * @param code 100 to 999.
   * @param message The phrase. @default the usual one
   * @throws {TypeError} If the code is no such number.
   */
  setResponseCode(code: number, message = ""): void {
    if (!Number.isInteger(code) || code < 100 || code > 999) {
      throw new TypeError(`Cannot set the response code: ${String(code)} is none`);
    }
    this.code = code;
    this.codeMessage = message.replace(/[^\t\x20-\x7e\x80-\uffff]+/g, " ");
  }

  /** Adds a cookie to the response. */
  addCookie(name: string, value: string, options?: CookieOptions): void {
    this.responseHeaders.append("set-cookie", formatCookie(name, value, options));
  }

  /**
   * Sends the client elsewhere: status 302, or another that was set before and is a redirection.
   *
   * @param url Where to; relative to this page, or absolute.
   */
  redirect(url: string): void {
    if (this.code < 300 || this.code > 399) this.setResponseCode(302);
    this.setHeader("location", url);
  }

  /**
   * Says what version of the page this is, and looks whether the client has it.
   *
   * @param etag The tag, with or without its quotes, `W/` before it if it is weak.
   * @returns {@linkcode CACHED} if the client's condition is met: no body is sent, and the status is 304 or 412.
   */
  setETag(etag: string): typeof CACHED | undefined {
    this.#etag = /^(?:W\/)?"/.test(etag) ? etag : `"${etag}"`;
    this.setHeader("etag", this.#etag);
    return this.#conditional(conditionByTag(this, this.#etag));
  }

  /**
   * Says when the page was last changed, and looks whether the client has that. The latest time said counts.
   *
   * @param when Seconds since the epoch, or a `Date`.
   * @returns As {@linkcode setETag}.
   */
  setLastModified(when: number | Date): typeof CACHED | undefined {
    const seconds = Math.floor(typeof when === "number" ? when : when.getTime() / 1000);
    if (seconds > this.#lastModified) {
      this.#lastModified = seconds;
      this.setHeader("last-modified", httpDate(seconds * 1000));
    }
    return this.#conditional(conditionByDate(this, this.#lastModified));
  }

  /** When the page was last changed, as {@linkcode setLastModified} said, in seconds since the epoch; -1 if it did not. */
  get lastModified(): number {
    return this.#lastModified;
  }

  /** The tag that {@linkcode setETag} set, with its quotes; empty if it did not. */
  get etag(): string {
    return this.#etag;
  }

  #conditional(code: number): typeof CACHED | undefined {
    if (code === 0 || this.code >= 300) return this.#bodyDropped && this.code >= 304 ? CACHED : undefined;
    this.setResponseCode(code);
    this.#bodyDropped = true;
    return CACHED;
  }

  /**
   * Sends a piece of the body; the first sends the head too. After the client is gone nothing happens.
   *
   * @throws {TypeError} If the response is finished.
   */
  write(data: Data): void {
    if (this.finished) throw new TypeError("Cannot write to the response: it is finished");
    if (this.#lost !== null) return;
    if (!this.startedWriting) this.#start();
    if (data.length === 0 || this.#bodyDropped) return;
    this.channel.writeBody(data);
  }

  /** As several calls of {@linkcode write}. */
  writeSequence(parts: Iterable<Data>): void {
    for (const part of parts) this.write(part);
  }

  #start(): void {
    this.startedWriting = true;
    if (hasNoBody(this.code)) this.#bodyDropped = true;
    this.channel.startResponse(this);
  }

  /**
   * The response is complete.
   *
   * @throws {TypeError} If it was finished before, if the client is gone, or while a producer is registered.
   */
  finish(): void {
    if (this.finished) throw new TypeError("Cannot finish the response: it is finished already");
    if (this.#lost !== null) throw new TypeError("Cannot finish the response: the connection was lost");
    if (this.#producing) throw new TypeError("Cannot finish the response: a producer is still registered");
    if (this.startedWriting) {
      this.finished = true;
      this.channel.endResponse(this);
      this.#notify(null);
    } else {
      this.#respond("");
    }
  }

  // The whole response at once: its length is known.
  #respond(body: Data): void {
    this.startedWriting = true;
    this.finished = true;
    if (hasNoBody(this.code)) this.#bodyDropped = true;
    this.channel.respond(this, body);
    this.#notify(null);
  }

  /**
   * Tells when the response is over.
   *
   * @returns Fires when it is finished; fails, with what ended the connection, if the client went away before.
   */
  notifyFinish(): Deferred<void> {
    if (this.finished) return succeed();
    if (this.#lost !== null) return fail(this.#lost);
    const d = new Deferred<void>();
    (this.#notifications ??= []).push(d);
    return d;
  }

  #notify(reason: Failure | null): void {
    if (reason === null) this.#content?._release();
    const waiting = this.#notifications;
    if (waiting === null) return;
    this.#notifications = null;
    for (const d of waiting) {
      if (d.called) continue;
      if (reason === null) d.callback();
      else d.errback(reason);
    }
  }

  /** True once the client went away before the response was finished. */
  get disconnected(): boolean {
    return this.#lost !== null;
  }

  /**
   * The page could not be made: reports the error, and answers 500 if the head is not out yet. The connection is closed.
   *
   * @param failure What went wrong.
   */
  processingFailed(failure: Failure): void {
    reportError(failure, `Error while answering ${this.method} ${this.path}`);
    if (this.finished || this.#lost !== null) return;
    this.#producing = false;
    if (this.startedWriting) {
      this.channel.abortResponse();
      return;
    }
    const detail = this.site.displayTracebacks
      ? failure.getTraceback()
      : "The server could not make this page.";
    this.#responseHeaders = null;
    this.#headerSet = NO_HEADERS;
    this.#bodyDropped = this.method === "HEAD";
    this.setResponseCode(500);
    this.setHeader("content-type", "text/html; charset=utf-8");
    this.channel.closeAfter();
    this.#respond(errorHTML(`500 ${statusPhrase(500)}`, detail));
  }

  /**
   * Ties a producer to the response: it is paused while the client does not read. It has to
   * {@linkcode unregisterProducer} before {@linkcode finish}.
   *
   * @param producer A push producer if `streaming`, else a pull producer.
   * @param streaming Which kind it is.
   */
  registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    if (this.#producing) throw new TypeError("Cannot register a producer: another one is registered");
    if (this.finished) throw new TypeError("Cannot register a producer: the response is finished");
    if (this.#lost !== null) return producer.stopProducing();
    this.#producing = true;
    this.channel.registerProducer(producer, streaming);
  }

  /** The producer has nothing more. */
  unregisterProducer(): void {
    if (!this.#producing) return;
    this.#producing = false;
    if (this.#lost === null) this.channel.unregisterProducer();
  }

  /**
   * Gives the connection to another protocol, after the head of this response: status 101 unless another was set (200 for
   * CONNECT). The request is finished.
   *
   * @param protocol Gets the connection by `makeConnection`, and everything that arrives from here on.
   */
  upgrade(protocol: StreamProtocol): void {
    if (this.startedWriting) throw new TypeError("Cannot upgrade the connection: the response has begun");
    if (this.#lost !== null) throw new TypeError("Cannot upgrade the connection: it was lost");
    if (this.code === 200 && this.method !== "CONNECT") this.setResponseCode(101);
    this.startedWriting = true;
    this.finished = true;
    this.#bodyDropped = true;
    this.channel.upgrade(this, protocol);
    this.#notify(null);
  }

  // ---------------------------------------------------------------------------------------- sessions

  /**
   * The session of this client; a new one, with its cookie, if it has none that lives. Over TLS there is another than in
   * plain text, with a secure cookie.
   */
  getSession(): Session {
    if (this.#session !== null && this.#session.active) {
      this.#session.touch();
      return this.#session;
    }
    const name = this.isSecure() ? "ROPEWALK_SECURE_SESSION" : "ROPEWALK_SESSION";
    const uid = this.getCookie(name);
    let session = uid === undefined ? undefined : this.site.findSession(uid);
    // One that was made in plain text may be known to others: it is none under TLS, whatever a cookie says.
    if (session?.secure !== this.isSecure()) session = undefined;
    if (session === undefined) {
      session = this.site.makeSession(this.reactor);
      session.secure = this.isSecure();
      this.addCookie(name, session.uid, {
        path: "/",
        httpOnly: true,
        sameSite: "lax",
        secure: this.isSecure(),
      });
    }
    session.touch();
    return this.#session = session;
  }

  // ---------------------------------------------------------------------------------------- by the channel

  /** @ignore The body is yet to come. @returns True if it will be taken as a stream: the request is answered now. */
  _streamsBody(): boolean {
    return this.#streaming = this.site.streamsBody(this);
  }

  /** @ignore A piece of the body came. @returns False if it cannot be right. */
  _bodyReceived(bytes: Uint8Array): boolean {
    if (this.#streaming) {
      this.#receiver?.bodyReceived(bytes);
      return true;
    }
    const { content } = this;
    if (content.length === 0) {
      const boundary = formBoundary(this.getHeader("content-type"));
      if (boundary !== null) this.#form = new MultipartScanner(boundary, this.site.formLimits);
    }
    if (
      this.#form !== null && !content.spooled && content.length + bytes.length > this.site.uploadMemoryBytes
    ) {
      const path = this.site.makeUploadPath();
      if (path !== null) content._spoolTo(new FileSpool(path, this.channel));
    }
    content._append(bytes);
    return this.#form === null || this.#form.push(bytes);
  }

  /** @ignore All of the body came. @returns False if it is not whole. */
  _bodyComplete(): boolean {
    if (this.#streaming) {
      this.#streaming = false;
      this.#receiver?.bodyComplete();
      return true;
    }
    return this.#form === null || this.#form.finish();
  }

  /** @ignore The body is there: find the resource and render it. */
  process(): void {
    const flushed = this.#content === null ? null : this.#content._flushed();
    if (flushed !== null) this._await(flushed, () => this.#process());
    else this.#process();
  }

  #process(): void {
    let resource: unknown;
    try {
      resource = this.site.getResourceFor(this);
    } catch (error) {
      this.processingFailed(new Failure(error));
      return;
    }
    if (resource instanceof Resource) this.render(resource);
    else this._await(resource, (found) => this.render(found as Resource));
  }

  /** Has a resource make the response. */
  render(resource: Resource): void {
    let result: RenderResult;
    try {
      result = resource.render(this);
    } catch (error) {
      this.processingFailed(new Failure(error));
      return;
    }
    if (typeof result === "string" || result instanceof Uint8Array) this._deliverWhole(result);
    else if (result !== NOT_DONE_YET) deliver(this, result);
  }

  /** @ignore A body that a render method returned, or its Deferred came to. */
  _deliverWhole(body: Data): void {
    if (this.#lost !== null) return;
    if (this.finished) {
      reportError(new TypeError("Cannot send what a render method returned: the response is finished"));
    } else if (this.startedWriting) {
      this.write(body);
      this.finish();
    } else {
      this.#respond(body);
    }
  }

  /** @ignore Waits for a Deferred or promise; it is cancelled if the client goes away. */
  _await(result: unknown, then: (value: unknown) => void): void {
    const d = Deferred.is(result) ? result : Deferred.fromPromise(Promise.resolve(result));
    this.#waitingFor = d;
    d.addCallbacks((value) => {
      this.#waitingFor = null;
      if (this.#lost === null) then(value);
    }).addErrback((failure) => {
      const cancelled = this.#lost !== null && this.#waitingFor === d;
      this.#waitingFor = null;
      if (!cancelled) this.processingFailed(failure);
    });
  }

  /** @ignore The client went away. */
  connectionLost(reason: Failure): void {
    this.#content?._release();
    if (this.finished || this.#lost !== null) return;
    this.#lost = reason;
    this.#notify(reason);
    this.#waitingFor?.cancel();
  }

  /** @ignore The body's trailers. */
  _setTrailers(block: HeaderBlock): void {
    if (block !== EMPTY_BLOCK) this.#trailers = HTTPHeaders._received(block);
  }
}

function basicCredentials(header: string | undefined): [user: string, password: string] {
  const match = /^basic +([A-Za-z0-9+/=_-]+) *$/i.exec(header ?? "");
  if (match === null) return ["", ""];
  try {
    const bytes = Uint8Array.from(atob(match[1]!), (character) => character.charCodeAt(0));
    const text = new TextDecoder().decode(bytes);
    const colon = text.indexOf(":");
    return colon < 0 ? ["", ""] : [text.slice(0, colon), text.slice(colon + 1)];
  } catch {
    return ["", ""];
  }
}
