/**
 * `Request`: what a client asked for, and the answer while it is made.
 * @module
 */
import { Deferred, fail, Failure, reportError, succeed } from "@ropewalk/deferred";
import type { Data, PullProducer, PushProducer, StreamProtocol } from "@ropewalk/reactor/core";
import { conditionByDate, conditionByTag } from "./_conditions.ts";
import { httpDate } from "./_date.ts";
import { deliver } from "./_deliver.ts";
import { errorHTML } from "./_error_body.ts";
import { type HeaderSet, NO_HEADERS } from "./_header_set.ts";
import { PageVersion } from "./_page_version.ts";
import type { RequestHead, RequestSite } from "./_request_site.ts";
import type { ResponseChannel } from "./_response_channel.ts";
import { sessionOf } from "./_session_of.ts";
import { HTTPHeaders } from "./http_headers.ts";
import { CACHED, NOT_DONE_YET } from "./not_done_yet.ts";
import { ReceivedRequest } from "./received_request.ts";
import { type CookieOptions, formatCookie } from "./request_cookies.ts";
import { type RenderResult, Resource } from "./resource.ts";
import type { Session } from "./session.ts";
import { hasNoBody, statusPhrase } from "./status.ts";

/**
 * A request, and the response to it. A render method reads the one from its fields and makes the other by
 * {@linkcode setHeader}, {@linkcode write} and {@linkcode finish}, or by what it returns.
 */
export class Request extends ReceivedRequest {
  /** The status of the response. */
  code = 200;
  /** The phrase that goes with it; the usual one if empty. */
  codeMessage = "";
  /** How many bytes of body were sent. */
  sentLength = 0;
  /** True once the head of the response was sent. */
  startedWriting = false;
  /** True once the response is complete. */
  override finished = false;
  #headerSet: HeaderSet = NO_HEADERS; // while there are no #responseHeaders
  #responseHeaders: HTTPHeaders | null = null;
  #bodyDropped: boolean;
  #producing = false;
  #lost: Failure | null = null;
  #notifications: Deferred<void>[] | null = null;
  #waitingFor: Deferred<unknown> | null = null;
  #version: PageVersion | null = null;
  #session: Session | null = null;

  /**
   * Makes one.
   *
   * @param channel What carries the response.
   * @param site Who answers.
   * @param head What was asked.
   */
  constructor(channel: ResponseChannel, site: RequestSite, head: RequestHead) {
    super(channel, site, head);
    this.#bodyDropped = head.method === "HEAD";
  }

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
    const tag = (this.#version ??= new PageVersion()).setTag(etag);
    this.setHeader("etag", tag);
    return this.#conditional(conditionByTag(this, tag));
  }

  /**
   * Says when the page was last changed, and looks whether the client has that. The latest time said counts.
   *
   * @param when Seconds since the epoch, or a `Date`.
   * @returns As {@linkcode setETag}.
   */
  setLastModified(when: number | Date): typeof CACHED | undefined {
    const version = this.#version ??= new PageVersion();
    if (version.setTime(when)) this.setHeader("last-modified", httpDate(version.lastModified * 1000));
    return this.#conditional(conditionByDate(this, version.lastModified));
  }

  /** When the page was last changed, as {@linkcode setLastModified} said, in seconds since the epoch; -1 if it did not. */
  get lastModified(): number {
    return this.#version === null ? -1 : this.#version.lastModified;
  }

  /** The tag that {@linkcode setETag} set, with its quotes; empty if it did not. */
  get etag(): string {
    return this.#version === null ? "" : this.#version.etag;
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
    if (reason === null) this._releaseBody();
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
  override get disconnected(): boolean {
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
    return this.#session = sessionOf(this);
  }

  // ---------------------------------------------------------------------------------------- by the channel

  /** @ignore The body is yet to come. @returns True if it will be taken as a stream: the request is answered now. */
  _streamsBody(): boolean {
    const streams = this.site.streamsBody(this);
    if (streams) this._startStreaming();
    return streams;
  }

  /** @ignore The body is there: find the resource and render it. */
  process(): void {
    const kept = this._bodyKept();
    if (kept !== null) this._await(kept, () => this.#process());
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
    this._releaseBody();
    if (this.finished || this.#lost !== null) return;
    this.#lost = reason;
    this.#notify(reason);
    this.#waitingFor?.cancel();
  }
}
