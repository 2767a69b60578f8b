/**
 * `ReceivedRequest`: what a client asked for.
 * @module
 */
import { type Address, IPv4Address, IPv6Address, type ReactorTime } from "@ropewalk/reactor/core";
import { basicCredentials } from "./_basic_credentials.ts";
import type { HeaderBlock } from "./_header_block.ts";
import { type BodyReceiver, RequestBody } from "./_request_body.ts";
import type { RequestHead, RequestSite } from "./_request_site.ts";
import type { ResponseChannel } from "./_response_channel.ts";
import { parseTarget, queryOf } from "./_uri.ts";
import { HTTPHeaders } from "./http_headers.ts";
import type { RequestContent } from "./request_content.ts";
import { parseCookies } from "./request_cookies.ts";
import type { UploadedFile } from "./uploaded_file.ts";

/** What few requests are asked for: the others need not have room for it. */
class RareFacts {
  /** How many segments lead to the root of the application. */
  rootDepth = 0;
  cookies: Map<string, string> | null = null;
  /** What `setHost` said. */
  address: Address | null = null;
  secure: boolean | null = null;
}

/** What a client asked for: the half of {@linkcode Request} that is read. */
export abstract class ReceivedRequest {
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
  /** The host that the client asked for, with the port if it named one; empty if it named none. */
  host: string;
  /** The site that answers. */
  readonly site: RequestSite;
  /** What carries the response. */
  readonly channel: ResponseChannel;
  /** True once the response is complete. */
  abstract readonly finished: boolean;
  /** True once the client went away before the response was finished. */
  abstract readonly disconnected: boolean;
  readonly #head: HeaderBlock;
  readonly #segments: readonly string[]; // of the path; requests may share them
  #depth = 0; // how many of them are behind, until one of the two is asked for
  #prepath: string[] | null = null;
  #postpath: string[] | null = null;
  #requestHeaders: HTTPHeaders | null = null;
  #body: RequestBody | null = null;
  #args: URLSearchParams | null = null;
  #rare: RareFacts | null = null;

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
  }

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

  get #rarely(): RareFacts {
    return this.#rare ??= new RareFacts();
  }

  // ---------------------------------------------------------------------------------------- the body

  get #theBody(): RequestBody {
    return this.#body ??= new RequestBody();
  }

  /** The body of the request. */
  get content(): RequestContent {
    return this.#theBody.content;
  }

  /** True while the body is still arriving, for a resource that takes it as a stream. */
  get streaming(): boolean {
    return this.#body !== null && this.#body.streaming;
  }

  /** How many bytes the body has; -1 if it comes in chunks and is not here yet. */
  get contentLength(): number {
    if (!this.streaming) return this.#body === null ? 0 : this.#body.content.length;
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
    this.#theBody.deliver(receiver);
    if (this.streaming && !this.disconnected) this.channel.resumeBody();
  }

  /** Reads no more of the body for now: the client is held back. */
  pauseBody(): void {
    if (this.streaming && !this.disconnected && !this.finished) this.channel.pauseBody();
  }

  /** Reads on. */
  resumeBody(): void {
    if (this.streaming && !this.disconnected && !this.finished) this.channel.resumeBody();
  }

  /** What was sent after the last chunk of the body. */
  get trailers(): HTTPHeaders {
    return this.#theBody.trailers;
  }

  /**
   * The arguments: of the query, and of the body where that is a form (`application/x-www-form-urlencoded`, or the
   * fields of `multipart/form-data`).
   */
  get args(): URLSearchParams {
    if (this.#args !== null) return this.#args;
    const { query } = this;
    return this.#args = this.#body === null
      ? new URLSearchParams(query)
      : this.#body.args(query, this.getHeader("content-type"));
  }

  set args(args: URLSearchParams) {
    this.#args = args;
  }

  /** The files that came with a multipart form. */
  get files(): readonly UploadedFile[] {
    return this.#theBody.files;
  }

  /** The first file of a field, or `undefined`. */
  getFile(name: string): UploadedFile | undefined {
    return this.files.find((file) => file.name === name);
  }

  /** @ignore The body is yet to come, and will be taken as a stream. */
  _startStreaming(): void {
    this.#theBody.streaming = true;
  }

  /** @ignore A piece of the body came. @returns False if it cannot be right. */
  _bodyReceived(bytes: Uint8Array): boolean {
    return this.#theBody.receive(bytes, this);
  }

  /** @ignore All of the body came. @returns False if it is not whole. */
  _bodyComplete(): boolean {
    return this.#body === null || this.#body.complete();
  }

  /** @ignore Resolves when the body is where it is kept; `null` if there is nothing to wait for. */
  _bodyKept(): Promise<void> | null {
    return this.#body === null ? null : this.#body.content._flushed();
  }

  /** @ignore The body is not needed any more. */
  _releaseBody(): void {
    this.#body?.content._release();
  }

  /** @ignore The body's trailers. */
  _setTrailers(block: HeaderBlock): void {
    this.#theBody.trailers = HTTPHeaders._received(block);
  }

  // ---------------------------------------------------------------------------------------- who asks whom

  /** A cookie that the client sent, or `undefined`. */
  getCookie(name: string): string | undefined {
    const cookies = this.#rarely.cookies ??= parseCookies(this.#head.getAll("cookie").join("; "));
    return cookies.get(name);
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
    return this.#rare?.address ?? this.channel.getHost();
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
    return this.#rare?.secure ?? this.channel.secure;
  }

  /**
   * Sets what the site is called from outside: behind a proxy.
   *
   * @param host A name or address.
   * @param port The port.
   * @param secure True if clients come by TLS.
   */
  setHost(host: string, port: number, secure = false): void {
    const isDefault = port === (secure ? 443 : 80);
    const name = host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
    this.requestHeaders.set("host", isDefault ? name : `${name}:${port}`);
    this.host = isDefault ? name : `${name}:${port}`;
    const rare = this.#rarely;
    rare.secure = secure;
    rare.address = host.includes(":")
      ? new IPv6Address("TCP", host.replace(/^\[|\]$/g, ""), port)
      : new IPv4Address("TCP", host, port);
  }

  /** The URL of the resource: scheme, host and the segments of {@linkcode prepath}. */
  prePathURL(): string {
    return this.#url(this.prepath);
  }

  /** Remembers the resource at hand as the root of an application, for {@linkcode getRootURL}. */
  rememberRootURL(): void {
    this.#rarely.rootDepth = this.prepath.length;
  }

  /** The URL of the application's root; see {@linkcode rememberRootURL}. */
  getRootURL(): string {
    return this.#url(this.prepath.slice(0, this.#rare?.rootDepth ?? 0));
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
}
