/**
 * `Site`: a tree of resources, as a factory that a port can be given.
 * @module
 */
import { Deferred } from "@ropewalk/deferred";
import { ServerFactory } from "@ropewalk/protocols";
import type { Address, DelayedCall, ReactorTime } from "@ropewalk/reactor/core";
import type { FilePath } from "@ropewalk/reactor/filepath";
import { checkPath } from "./_check_path.ts";
import { FORM_LIMITS, type FormLimits } from "./_multipart.ts";
import { LogFile } from "./_log_file.ts";
import type { ResponseChannel } from "./_response_channel.ts";
import { type AccessLog, accessLogger } from "./access_log.ts";
import type { ChannelOwner } from "./_channel_owner.ts";
import { HTTPChannel } from "./http_channel.ts";
import { type HTTPLimits, limitsFrom } from "./limits.ts";
import type { RequestHead, RequestSite } from "./_request_site.ts";
import { Request } from "./request.ts";
import { type Child, Resource } from "./resource.ts";
import { makeUid, Session, type SessionOwner } from "./session.ts";
import { ServerOptions } from "./_server_options.ts";

/** Options of {@linkcode HTTPFactory} and {@linkcode Site}: the limits, and these. */
export interface HTTPFactoryOptions extends Partial<HTTPLimits> {
  /** Runs all time-outs; without it each connection's own reactor does. */
  reactor?: ReactorTime;
  /** Tells the time for the header `Date`, in milliseconds since the epoch. @default Date.now */
  now?: () => number;
  /**
   * How answers are logged; lines go to LogTape's category `ropewalk.web.access`, where a program sends them to a file
   * or elsewhere.
   * @default "combined"
   */
  accessLog?: AccessLog;
  /**
   * A file that the lines of {@linkcode accessLog} are appended to, in place of LogTape; the combined format, unless it
   * is `"proxied"` or `"json"`. It is opened when the first port starts, and closed when the last has stopped; its
   * directory has to be there. A disk that fails is reported and costs lines, never an answer.
   */
  logPath?: FilePath;
  /**
   * Where multipart forms go that are larger than `uploadMemoryBytes`: a directory that is there, and others cannot
   * look into. A form's file is removed when its request ends. Without it all forms are kept in memory.
   */
  uploadDirectory?: FilePath;
  /** How large a multipart form may be before it goes to a file, in bytes. @default 100000 */
  uploadMemoryBytes?: number;
  /** How much a multipart form may hold. */
  formLimits?: Partial<FormLimits>;
}

/** Options of {@linkcode Site}. */
export interface SiteOptions extends HTTPFactoryOptions {
  /** Whether the page for an error shows the error. @default false */
  displayTracebacks?: boolean;
  /** How long a session lives after its client was last seen. @default 900 */
  sessionSeconds?: number;
}

/** A factory of {@linkcode HTTPChannel}s: what {@linkcode Site} is without a tree. */
export abstract class HTTPFactory extends ServerFactory implements ChannelOwner {
  /** What is too much, and too slow. */
  readonly limits: HTTPLimits;
  /** Whether error pages show the error. */
  readonly displayTracebacks: boolean = false;
  /** Forms with files that are larger go to a file, where there is a place for it. */
  readonly uploadMemoryBytes: number;
  /** How much a multipart form may hold. */
  readonly formLimits: FormLimits;
  /** Open connections. */
  connections = 0;
  /** Connections that were ever accepted. */
  connectionsTotal = 0;
  /** Requests that were ever received. */
  requestsTotal = 0;
  /** Requests that are received or answered now. */
  requestsInProgress = 0;
  /** True once {@linkcode drain} was called: connections close as soon as they are idle. */
  draining = false;
  /** Runs all time-outs, where it was given; else each connection's own does. */
  readonly reactor: ReactorTime | null;
  readonly #uploads: FilePath | null;
  readonly #now: () => number;
  readonly #ownTime: boolean; // `now` was given
  #second = 0; // milliseconds since the epoch, in the present second
  #secondFrom = 0; // when that was, in the reactor's time
  #secondLeft = 0; // how long it holds
  readonly #log: ((request: Request, time: number) => void) | null;
  readonly #logFile: LogFile | null;
  readonly #channels = new Set<HTTPChannel>();
  #drained: Deferred<void>[] = [];
  #cut: DelayedCall | null = null;

  /**
   * Makes one.
   *
   * @param options The limits, and where time comes from.
   * @throws {TypeError} If a path is no `FilePath`.
   */
  constructor(options: HTTPFactoryOptions = {}) {
    super();
    this.limits = limitsFrom(options);
    this.reactor = options.reactor ?? null;
    if (options.logPath !== undefined) checkPath(options.logPath, "log to");
    if (options.uploadDirectory !== undefined) checkPath(options.uploadDirectory, "keep uploads in");
    this.#uploads = options.uploadDirectory ?? null;
    this.uploadMemoryBytes = options.uploadMemoryBytes ?? 100_000;
    if (!(this.uploadMemoryBytes >= 0)) {
      throw new RangeError(`Cannot keep uploads of ${this.uploadMemoryBytes} bytes in memory: it is no size`);
    }
    this.formLimits = { ...FORM_LIMITS, ...options.formLimits };
    this.#now = options.now ?? Date.now;
    this.#ownTime = options.now !== undefined;
    const logFile = this.#logFile = options.logPath === undefined ? null : new LogFile(options.logPath);
    const write = logFile === null ? null : (line: string) => logFile.write(line);
    this.#log = accessLogger(options.accessLog ?? "combined", write);
  }

  /** The resource that answers a request. */
  abstract getResourceFor(request: Request): Child;

  /** Whether whoever will answer takes the body as a stream: see {@linkcode Resource.streamsBodyAt}. */
  streamsBody(_request: Request): boolean {
    return false;
  }

  /** A connection: none while the site is drained. */
  override buildProtocol(_address?: Address): HTTPChannel | null {
    if (this.draining) return null;
    const channel = this.adopt(new HTTPChannel(this));
    if (this.reactor !== null) channel.reactor = this.reactor;
    return channel;
  }

  /** Makes the object for a request; an override may make one of a subclass. */
  makeRequest(channel: ResponseChannel, head: RequestHead): Request {
    this.requestsTotal++;
    this.requestsInProgress++;
    return new Request(channel, this, head);
  }

  /** A response is complete, or the client went away. An override calls this too. */
  requestDone(request: Request): void {
    this.requestsInProgress--;
    if (this.#log !== null) this.#log(request, this.#now());
  }

  /** Closes the connections that are idle; others close when they have answered. New ones are accepted. */
  closeIdle(): void {
    for (const channel of [...this.#channels]) channel.closeIfIdle();
  }

  /**
   * Ends the site's work in good order: idle connections close at once, busy ones when they have answered what they
   * were asked, and no new ones are accepted. Stop listening first.
   *
   * @param seconds After this time what is left is cut off. @default 10
   * @returns Fires when no connection is left, and the log file has its last line.
   *
   * @example
   * ```ts
   * import { Resource, Site } from "@ropewalk/web";
   *
   * const site = new Site(new Resource());
   * await site.drain(5); // in a program: as a shutdown trigger
   * ```
   */
  drain(seconds = 10): Deferred<void> {
    const d = new Deferred<void>();
    this.draining = true;
    this.#drained.push(d);
    const reactor = this.reactor ?? this.#channels.values().next().value?.reactor;
    if (reactor !== undefined && this.#cut === null) {
      this.#cut = reactor.callLater(seconds, () => {
        this.#cut = null;
        for (const channel of [...this.#channels]) channel.abortResponse();
      });
    }
    this.closeIdle();
    this.#checkDrained();
    return d;
  }

  /** The first port starts: opens the log file, and accepts connections, also after it was drained. */
  override startFactory(): void {
    this.draining = false;
    this.#logFile?.open();
  }

  /** The last port has stopped: closes the log file. What connections that are still there do is logged all the same. */
  override stopFactory(): void {
    this.#logFile?.close();
  }

  /** Resolves when what was answered so far is in the log file, if there is one. */
  logFlushed(): Promise<void> {
    return this.#logFile?.flushed() ?? Promise.resolve();
  }

  #checkDrained(): void {
    if (!this.draining || this.#channels.size > 0) return;
    if (this.#cut !== null) this.#cut.cancel();
    this.#cut = null;
    const waiting = this.#drained;
    this.#drained = [];
    const tell = () => {
      for (const d of waiting) if (!d.called) d.callback();
    };
    if (this.#logFile === null) tell();
    else this.#logFile.flushed().then(tell);
  }

  /** @ignore */
  channelOpened(channel: HTTPChannel): void {
    this.connections++;
    this.connectionsTotal++;
    this.#channels.add(channel);
  }

  /** @ignore */
  channelClosed(channel: HTTPChannel): void {
    this.connections--;
    this.#channels.delete(channel);
    this.#checkDrained();
  }

  /** @ignore */
  now(): number {
    return this.#now();
  }

  /** @ignore */
  secondAt(turn: number): number {
    const age = turn - this.#secondFrom;
    if (age >= 0 && age < this.#secondLeft) return this.#second;
    const now = this.#now();
    this.#second = now;
    this.#secondFrom = turn;
    this.#secondLeft = this.#ownTime ? 0 : 1 - now % 1000 / 1000;
    return now;
  }

  /** @ignore */
  makeUploadPath(): FilePath | null {
    return this.#uploads === null ? null : this.#uploads.child(`upload-${makeUid()}`);
  }

  /** @ignore */
  abstract findSession(uid: string): Session | undefined;
  /** @ignore */
  abstract makeSession(reactor: ReactorTime): Session;
}

/**
 * A web site: a tree of resources, served to any port.
 *
 * @example
 * ```ts
 * import { Resource, Site } from "@ropewalk/web";
 * import { StringTransport } from "@ropewalk/testing";
 * import { assertStringIncludes } from "@std/assert";
 *
 * class Hello extends Resource {
 *   override isLeaf = true;
 *   render_GET() {
 *     return "hello";
 *   }
 * }
 *
 * const channel = new Site(new Hello()).buildProtocol()!; // a port does this for each connection
 * const transport = new StringTransport();
 * channel.makeConnection(transport);
 * channel.dataReceived(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"));
 * assertStringIncludes(transport.text(), "hello");
 * ```
 */
export class Site extends HTTPFactory implements RequestSite, SessionOwner {
  override readonly displayTracebacks: boolean;
  /** How long a session lives after its client was last seen, in seconds. */
  readonly sessionSeconds: number;
  /** The sessions that live, by their uid. */
  readonly sessions: Map<string, Session> = new Map();
  /** The root of the tree. */
  readonly resource: Resource;

  /**
   * Makes one.
   *
   * @param resource The root of the tree: it answers `/`, or its child `""` does.
   * @param options Limits, times, and what is logged.
   */
  constructor(resource: Resource, options: SiteOptions = {}) {
    super(options);
    this.resource = resource;
    this.displayTracebacks = options.displayTracebacks ?? false;
    this.sessionSeconds = options.sessionSeconds ?? 900;
  }

  override getResourceFor(request: Request): Child {
    if (request.path === "*") return SERVER_OPTIONS;
    return getChildForRequest(this.resource, request);
  }

  override streamsBody(request: Request): boolean {
    return this.resource.streamsBodyAt(request.postpath, request);
  }

  override findSession(uid: string): Session | undefined {
    return this.sessions.get(uid);
  }

  /**
   * A session by its uid.
   *
   * @throws {RangeError} If there is none that lives.
   */
  getSession(uid: string): Session {
    const session = this.sessions.get(uid);
    if (session === undefined) throw new RangeError("Cannot get the session: there is none of this uid");
    return session;
  }

  override makeSession(reactor: ReactorTime): Session {
    const session = new Session(this, makeUid(), reactor);
    this.sessions.set(session.uid, session);
    return session;
  }

  /** @ignore */
  sessionEnded(session: Session): void {
    this.sessions.delete(session.uid);
  }

  /** The last port has stopped: the sessions end, so that no timer is left. */
  override stopFactory(): void {
    super.stopFactory();
    for (const session of [...this.sessions.values()]) session.expire();
  }
}

const SERVER_OPTIONS = new ServerOptions();

/**
 * Goes down a tree, segment by segment, until a leaf or the end of the path.
 *
 * @param resource Where to begin.
 * @param request Its `prepath` and `postpath` move along.
 */
export function getChildForRequest(resource: Resource, request: Request): Child {
  let at = resource;
  while (!at.isLeaf) {
    const segment = request._nextSegment();
    if (segment === undefined) break;
    const child = at.getChildWithDefault(segment, request);
    if (!(child instanceof Resource)) return later(child, request);
    at = child;
  }
  return at;
}

async function later(child: PromiseLike<Resource>, request: Request): Promise<Resource> {
  const found = await child;
  if (!(found instanceof Resource)) {
    throw new TypeError(`Cannot find ${request.path}: getChild returned no Resource`);
  }
  return await getChildForRequest(found, request);
}
