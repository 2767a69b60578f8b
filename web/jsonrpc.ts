/**
 * JSON-RPC 2.0 over HTTP: a resource that answers from a table of methods, and a client.
 *
 * @example
 * ```ts
 * import { Site } from "@ropewalk/web";
 * import { JSONRPC } from "@ropewalk/web/jsonrpc";
 *
 * class Sums extends JSONRPC {
 *   jsonrpc_add(a: number, b: number) {
 *     return a + b; // or a Deferred, or a promise
 *   }
 * }
 * const site = new Site(new Sums());
 * ```
 *
 * @module
 */
import { Deferred, type Failure } from "@ropewalk/deferred";
import { MethodTable } from "@ropewalk/protocols";
import {
  type BatchCall,
  type DispatcherOptions,
  JSONRPCDispatcher,
  JSONRPCError,
  JSONRPCPeer,
  type RemoteMethods,
  type Settled,
} from "@ropewalk/protocols/jsonrpc";
import { type ProxyOptions, RPCClient, type RPCRequestOptions, unanswered } from "./_client/rpc_client.ts";
import { NOT_DONE_YET } from "./not_done_yet.ts";
import type { Request } from "./request.ts";
import { type RenderResult, Resource } from "./resource.ts";

export { JSONRPCError, type ProxyOptions, type RPCRequestOptions };

/** Options of {@linkcode JSONRPC}. */
export interface JSONRPCOptions extends DispatcherOptions {
  /** Methods beside the `jsonrpc_` ones of the class. */
  methods?: MethodTable;
}

/**
 * Answers JSON-RPC by POST: batches, notifications (204) and all. What a client may call are the `jsonrpc_` methods of
 * a subclass, under the rest of their names, and those of a table. A method throws `JSONRPCError` to tell its caller
 * what is wrong; of all other errors the caller learns nothing. When the client hangs up, a Deferred that a method
 * returned is cancelled.
 */
export class JSONRPC extends Resource {
  /** Answers for everything below it too. */
  override isLeaf = true;
  readonly #options: JSONRPCOptions;
  #dispatcher: JSONRPCDispatcher | null = null;

  /**
   * Makes a resource.
   *
   * @param options Further methods, and limits.
   */
  constructor(options: JSONRPCOptions = {}) {
    super();
    this.#options = options;
  }

  /** Answers calls. */
  render_POST(request: Request): RenderResult {
    this.#dispatcher ??= new JSONRPCDispatcher(this.#methods(), this.#options);
    const answer = this.#dispatcher.handle(request.content.text());
    if (!Deferred.is(answer)) return finish(request, answer as string | null);
    const later = answer as Deferred<string | null>;
    let gone = false;
    request.notifyFinish().addErrback(() => {
      gone = true;
      later.cancel();
    });
    later.addCallbacks((text) => {
      if (gone) return;
      const body = finish(request, text);
      if (body !== "") request.write(body);
      request.finish();
    }, (failure: Failure) => gone ? undefined : request.processingFailed(failure));
    return NOT_DONE_YET;
  }

  #methods(): MethodTable {
    const table = new MethodTable().addMethods(this, "jsonrpc_");
    for (const { name, call, parameters, types } of this.#options.methods ?? []) {
      table.add(name, call, { ...(parameters && { parameters }), ...(types && { types }) });
    }
    return table;
  }
}

function finish(request: Request, text: string | null): string {
  if (text === null) {
    request.setResponseCode(204);
    return "";
  }
  request.setHeader("Content-Type", "application/json");
  return text;
}

/**
 * Calls the methods of a JSON-RPC server.
 *
 * @typeParam M The methods of the server: what makes the calls typed.
 *
 * @example
 * ```ts
 * import { Proxy } from "@ropewalk/web/jsonrpc";
 * import type { Reactor } from "@ropewalk/reactor/core";
 *
 * function add(reactor: Reactor) {
 *   const sums = new Proxy<{ add(a: number, b: number): number }>("http://sums.example/rpc", { reactor });
 *   return sums.callRemote("add", 1, 2); // Deferred<number>
 * }
 * ```
 */
export class Proxy<M extends RemoteMethods = RemoteMethods> {
  readonly #client: RPCClient;

  /**
   * Calls nothing yet.
   *
   * @param url Where the server is; a user and password in it are sent.
   * @param options The reactor or agent, and limits.
   */
  constructor(url: string | URL, options: ProxyOptions = {}) {
    this.#client = new RPCClient(url, options, "application/json");
  }

  /**
   * Calls a method.
   *
   * @param method Its name.
   * @param args Its arguments.
   * @returns Fires with the result. It fails with `JSONRPCError` if the server says so, with `WebError` for a status that
   * is no success, else as requests do. Cancelling it closes the connection.
   */
  callRemote<K extends keyof M & string>(
    method: K,
    ...args: Parameters<M[K]>
  ): Deferred<Settled<ReturnType<M[K]>>> {
    return this.#ask((peer) => peer.call(method, ...args)) as Deferred<Settled<ReturnType<M[K]>>>;
  }

  /** As {@linkcode callRemote}, with the arguments by name. */
  callRemoteNamed<K extends keyof M & string>(
    method: K,
    args: Readonly<Record<string, unknown>>,
  ): Deferred<Settled<ReturnType<M[K]>>> {
    return this.#ask((peer) => peer.callNamed(method, args)) as Deferred<Settled<ReturnType<M[K]>>>;
  }

  /** Calls a method and wants no answer. Fires when the server has taken it. */
  notify<K extends keyof M & string>(method: K, ...args: Parameters<M[K]>): Deferred<void> {
    let text = "";
    new JSONRPCPeer<M>((sent) => text = sent).notify(method, ...args);
    return this.#client.send(text).addCallback(() => {});
  }

  /**
   * Makes several calls in one request.
   *
   * @returns A Deferred for each, in order.
   */
  batch(calls: readonly BatchCall[]): Deferred<unknown>[] {
    let text = "";
    const peer = new JSONRPCPeer((sent) => text = sent);
    const results = peer.batch(calls);
    if (text !== "") this.#deliver(peer, text);
    return results;
  }

  // A connection of JSON-RPC that lives for one request.
  #ask(call: (peer: JSONRPCPeer<M>) => Deferred<unknown>): Deferred<unknown> {
    let text = "";
    const peer = new JSONRPCPeer<M>((sent) => text = sent);
    const result = call(peer);
    if (text === "") return result; // it could not be encoded
    const answered = this.#deliver(peer, text);
    const d = new Deferred<unknown>(() => answered.cancel());
    result.addBoth((value) => {
      if (!d.called) d.callback(value);
    });
    return d;
  }

  #deliver<N extends RemoteMethods>(peer: JSONRPCPeer<N>, text: string): Deferred<void> {
    return this.#client.send(text).addCallbacks(
      (answer) => {
        peer.received(answer);
        peer.lost(unanswered()); // what the server has not answered by now stays so
      },
      (failure) => peer.lost(failure),
    );
  }
}
