/**
 * `ResourceSubscription`: a part of a tree that another process answers.
 * @module
 */
import { type Deferred, Failure } from "@ropewalk/deferred";
import { concatBytes } from "@ropewalk/protocols/bytes";
import type { ReactorTCP, ReactorTime, ReactorUNIX } from "@ropewalk/reactor/core";
import { PBClientFactory, type RemoteReference } from "@ropewalk/spread";
import { IssuedRequest, PIECE_BYTES, type RemoteWeb, unreachable } from "./_distrib_wire.ts";
import { errorBody } from "./_error_body.ts";
import { NOT_DONE_YET } from "./not_done_yet.ts";
import type { Request } from "./request.ts";
import type { RequestContent } from "./request_content.ts";
import { type RenderResult, Resource } from "./resource.ts";

/** Options of {@linkcode ResourceSubscription}. */
export interface ResourceSubscriptionOptions {
  /** Makes the connection. */
  reactor: ReactorTCP & ReactorUNIX;
  /** How long connecting may take, and the other process to name its root, in seconds. @default 10 */
  timeoutSeconds?: number;
}

/**
 * Has another process answer for this resource and all below it: one connection of Perspective Broker carries all
 * requests. It is made for the first, and made again for the next after it was lost. Without it the answer is 502.
 *
 * @example
 * ```ts
 * import { Resource } from "@ropewalk/web";
 * import { ResourceSubscription } from "@ropewalk/web/distrib";
 * import type { Reactor } from "@ropewalk/reactor/core";
 *
 * function front(reactor: Reactor): Resource {
 *   const root = new Resource();
 *   root.putChild("app", new ResourceSubscription("unix", "/run/app/web", { reactor }));
 *   return root;
 * }
 * ```
 */
export class ResourceSubscription extends Resource {
  /** Answers for everything below it too. */
  override isLeaf = true;
  readonly #options: ResourceSubscriptionOptions;
  #publisher: RemoteReference<RemoteWeb> | null = null;
  #connecting: Deferred<RemoteReference<RemoteWeb>> | null = null;
  #waiting: Request[] = [];

  /**
   * Makes one.
   *
   * @param host Where the publisher is; `"unix"` for a UNIX socket.
   * @param port Its port, or the path of its socket.
   * @param options The reactor.
   * @throws {TypeError} If the reactor makes no connections.
   */
  constructor(readonly host: string, readonly port: number | string, options: ResourceSubscriptionOptions) {
    super();
    const connects = host === "unix" ? options?.reactor?.connectUNIX : options?.reactor?.connectTCP;
    if (typeof connects !== "function") {
      throw new TypeError("Cannot subscribe to a publisher: the reactor makes no connections");
    }
    this.#options = options;
  }

  /** Answers a request. */
  override render(request: Request): RenderResult {
    if (this.#publisher !== null) this.#issue(this.#publisher, request);
    else {
      this.#waiting.push(request);
      if (this.#connecting === null) this.#connect(request.reactor);
    }
    return NOT_DONE_YET;
  }

  #connect(clock: ReactorTime): void {
    const factory = new PBClientFactory();
    const { reactor, timeoutSeconds = 10 } = this.#options;
    this.#connecting = factory.getRootObject<RemoteWeb>();
    this.#connecting.addTimeout(timeoutSeconds, clock, (result) => {
      factory.disconnect(); // it has accepted the connection, perhaps, and says nothing
      return result as Failure;
    });
    if (this.host === "unix") reactor.connectUNIX(String(this.port), factory, { timeoutSeconds });
    else reactor.connectTCP(this.host, Number(this.port), factory, { timeoutSeconds });
    this.#connecting.addCallbacks((publisher) => this.#connected(publisher), () => this.#notConnected());
  }

  #connected(publisher: RemoteReference<RemoteWeb>): void {
    this.#connecting = null;
    this.#publisher = publisher;
    publisher.notifyOnDisconnect(() => void (this.#publisher = null));
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const request of waiting) if (!request.disconnected) this.#issue(publisher, request);
  }

  #notConnected(): void {
    this.#connecting = null;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const request of waiting) unreachable(request);
  }

  #issue(publisher: RemoteReference<RemoteWeb>, request: Request): void {
    const { content } = request;
    if (content.length > PIECE_BYTES) {
      const page = errorBody(request, 413, "The process behind this one takes no body as long as this.");
      request.write(page);
      return request.finish();
    }
    if (!content.spooled) return this.#send(publisher, request, content.bytes());
    collect(content).then((bytes) => {
      if (!request.disconnected) this.#send(publisher, request, bytes);
    }).catch((error) => request.processingFailed(new Failure(error)));
  }

  #send(publisher: RemoteReference<RemoteWeb>, request: Request, content: Uint8Array): void {
    const issued = new IssuedRequest(request, content);
    publisher.notifyOnDisconnect(issued.publisherLost);
    request.notifyFinish().addBoth(() => publisher.dontNotifyOnDisconnect(issued.publisherLost));
    try {
      publisher.callRemote("request", issued).addErrback(() => issued.publisherLost());
    } catch { // it went away while the body was read
      issued.publisherLost();
    }
  }
}

async function collect(content: RequestContent): Promise<Uint8Array> {
  return concatBytes(await Array.fromAsync(content.stream()));
}
