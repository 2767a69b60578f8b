/**
 * `EventSourceResource`: server-sent events.
 * @module
 */
import type { DelayedCall } from "@ropewalk/reactor/core";
import { NOT_DONE_YET } from "./not_done_yet.ts";
import type { Request } from "./request.ts";
import { Resource } from "./resource.ts";

/** One event, beside its data. */
export interface EventOptions {
  /** The kind of event; without it a page hears it as `message`. */
  event?: string;
  /** What a client that reconnects tells us it saw last. @default a running number */
  id?: string;
  /** How long a client waits before it reconnects. */
  retrySeconds?: number;
}

/** Options of {@linkcode EventSourceResource}. */
export interface EventSourceOptions {
  /** How often a comment is sent, so that nothing between takes the connection for dead. @default 15 */
  heartbeatSeconds?: number;
  /** How many events are kept for clients that reconnect. @default 100 */
  history?: number;
  /** A client that is so many bytes behind is disconnected: it reconnects when it can. @default 1048576 */
  maxBacklogBytes?: number;
}

/**
 * A page of server-sent events: what {@linkcode EventSourceResource.send} is given goes to every client. One that was away
 * is first sent what it missed.
 *
 * @example
 * ```ts
 * import { EventSourceResource, Resource } from "@ropewalk/web";
 *
 * const events = new EventSourceResource();
 * const root = new Resource();
 * root.putChild("events", events);
 * events.send("hello"); // new EventSource("/events").onmessage = …
 * ```
 */
export class EventSourceResource extends Resource {
  /** Answers for everything below it too. */
  override isLeaf = true;
  readonly #clients = new Set<Client>();
  readonly #history: { id: string; text: string }[] = [];
  readonly #historyLength: number;
  readonly #heartbeat: number;
  readonly #maxBacklog: number;
  #lastId = 0;

  /**
   * Makes one.
   *
   * @param options How much is kept, and how often a client hears from us.
   */
  constructor(options: EventSourceOptions = {}) {
    super();
    this.#heartbeat = options.heartbeatSeconds ?? 15;
    this.#historyLength = options.history ?? 100;
    this.#maxBacklog = options.maxBacklogBytes ?? 1_048_576;
  }

  /** How many clients there are. */
  get connections(): number {
    return this.#clients.size;
  }

  /**
   * Sends an event to every client.
   *
   * @param data Text; lines stay lines.
   * @param options Its kind and id.
   */
  send(data: string, options: EventOptions = {}): void {
    const id = options.id ?? String(++this.#lastId);
    const text = formatEvent(data, { ...options, id });
    this.#history.push({ id: oneLine(id), text });
    if (this.#history.length > this.#historyLength) this.#history.shift();
    for (const client of [...this.#clients]) client.send(text);
  }

  /** Ends all responses; clients reconnect unless they are told otherwise by a 204. */
  closeAll(): void {
    for (const client of [...this.#clients]) client.end();
  }

  /** A client came. An override may send it something of its own by `request.write(formatEvent(…))`. */
  protected connected(_request: Request): void {}

  /** Answers GET. */
  render_GET(request: Request): typeof NOT_DONE_YET {
    request.setHeader("content-type", "text/event-stream; charset=utf-8");
    request.setHeader("cache-control", "no-store");
    request.setHeader("x-accel-buffering", "no"); // proxies that collect answers would hold events back
    request.write(": \n\n"); // so that the client knows at once that it is connected
    if (request.method === "HEAD") {
      request.finish();
      return NOT_DONE_YET;
    }
    const client = new Client(request, this.#heartbeat, this.#maxBacklog, this.#clients);
    this.connected(request);
    const seen = request.getHeader("last-event-id");
    if (seen !== undefined) {
      const at = this.#history.findIndex((event) => event.id === seen);
      for (const event of at < 0 ? [] : this.#history.slice(at + 1)) client.send(event.text);
    }
    return NOT_DONE_YET;
  }
}

/** One event as it goes on the wire. */
export function formatEvent(data: string, options: EventOptions = {}): string {
  let text = "";
  if (options.event !== undefined) text += `event: ${oneLine(options.event)}\n`;
  if (options.id !== undefined) text += `id: ${oneLine(options.id)}\n`;
  if (options.retrySeconds !== undefined) text += `retry: ${Math.round(options.retrySeconds * 1000)}\n`;
  for (const line of data.split(/\r\n|\r|\n/)) text += `data: ${line}\n`;
  return `${text}\n`;
}

function oneLine(text: string): string {
  return text.replace(/[\r\n\0]+/g, " ");
}

/** One client; it keeps what is sent while it does not read. */
class Client {
  #backlog: string[] = [];
  #backlogLength = 0;
  #paused = false;
  #call: DelayedCall;

  constructor(
    readonly request: Request,
    readonly heartbeat: number,
    readonly maxBacklog: number,
    readonly clients: Set<Client>,
  ) {
    clients.add(this);
    this.#call = request.reactor.callLater(heartbeat, this.#beat);
    request.notifyFinish().addBoth(() => this.#gone());
    request.registerProducer(this, true);
  }

  send(text: string): void {
    if (!this.#paused) {
      this.request.write(text);
      return;
    }
    this.#backlog.push(text);
    if ((this.#backlogLength += text.length) > this.maxBacklog) this.request.channel.abortResponse();
  }

  end(): void {
    this.request.unregisterProducer();
    if (!this.request.disconnected && !this.request.finished) this.request.finish();
  }

  pauseProducing(): void {
    this.#paused = true;
  }

  resumeProducing(): void {
    this.#paused = false;
    const backlog = this.#backlog;
    this.#backlog = [];
    this.#backlogLength = 0;
    for (const text of backlog) this.send(text);
  }

  stopProducing(): void {
    this.#gone();
  }

  #gone(): void {
    this.clients.delete(this);
    if (this.#call.active()) this.#call.cancel();
  }

  readonly #beat = (): void => {
    this.#call = this.request.reactor.callLater(this.heartbeat, this.#beat);
    if (!this.#paused) this.request.write(": \n\n");
  };
}
