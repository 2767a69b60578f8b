/**
 * XML-RPC over HTTP: a resource with introspection, and a client. XML by `@rgrove/parse-xml`, which expands no entities.
 *
 * @example
 * ```ts
 * import { Site } from "@ropewalk/web";
 * import { addIntrospection, XMLRPC } from "@ropewalk/web/xmlrpc";
 *
 * class Sums extends XMLRPC {
 *   xmlrpc_add(a: number, b: number) {
 *     return a + b; // or a Deferred, or a promise
 *   }
 * }
 * const sums = new Sums();
 * addIntrospection(sums);
 * const site = new Site(sums);
 * ```
 *
 * @module
 */
import { Deferred, type Failure, maybeDeferred, reportError } from "@ropewalk/deferred";
import { type ProxyOptions, RPCClient, type RPCRequestOptions } from "./_client/rpc_client.ts";
import {
  type Call,
  readCall,
  readResponse,
  writeCall,
  writeFault,
  writeResponse,
  XMLRPCError,
  type XMLRPCValue,
} from "./_xmlrpc_codec.ts";
import { NOT_DONE_YET } from "./not_done_yet.ts";
import type { Request } from "./request.ts";
import { type RenderResult, Resource } from "./resource.ts";

export { type ProxyOptions, type RPCRequestOptions, XMLRPCError, type XMLRPCValue };

/** The code of the fault for a method that is not there. */
export const NOT_FOUND: number = 8001;
/** The code of the fault for a method that failed. */
export const FAILURE: number = 8002;

/** An error with a code. Thrown by a method it is what the caller gets, and the caller gets every error as one. */
export class Fault extends Error {
  /** The name of the class. */
  override readonly name: string = "Fault";
  /** Stable identifier of this kind of error. */
  readonly code = "XMLRPC_FAULT";

  /**
   * Tells what went wrong.
   *
   * @param faultCode A whole number; the meaning is the server's.
   * @param faultString What went wrong, in a sentence.
   */
  constructor(readonly faultCode: number, readonly faultString: string) {
    super(`${faultString} (fault ${faultCode})`);
  }
}

/** There is no such procedure; `lookupProcedure` throws it. */
export class NoSuchFunction extends Fault {
  /** The name of the class. */
  override readonly name: string = "NoSuchFunction";
}

/** A function that can be called, and what introspection tells of it. */
// deno-lint-ignore no-explicit-any -- a procedure takes any arguments
export type Procedure = ((...args: any[]) => unknown) & {
  /** What `system.methodHelp` tells. */
  help?: string;
  /** What `system.methodSignature` tells: for each form the type of the result, then those of the arguments. */
  signature?: readonly (readonly string[])[];
  /** Set by {@linkcode withRequest}. */
  takesRequest?: boolean;
};

/**
 * Marks a procedure that wants the request before its arguments.
 *
 * @param procedure Called with the request, then the arguments.
 */
export function withRequest<P extends Procedure>(procedure: P): P {
  procedure.takesRequest = true;
  return procedure;
}

/** Options of {@linkcode XMLRPC}. */
export interface XMLRPCOptions {
  /** Whether `null` may be sent, as `<nil/>`: an extension that not all clients know. @default false */
  allowNull?: boolean;
  /** What is between the name of a sub-handler and those of its procedures. @default "." */
  separator?: string;
}

/**
 * Answers XML-RPC by POST. What a client may call are the `xmlrpc_` methods of a subclass, under the rest of their names,
 * and those of sub-handlers, under theirs: `"users.list"`.
 *
 * A method throws {@linkcode Fault} to tell its caller what is wrong; of all other errors the caller learns nothing but
 * that there was one. When the client hangs up, a Deferred that a method returned is cancelled.
 */
export class XMLRPC extends Resource {
  /** Answers for everything below it too. */
  override isLeaf = true;
  /** The separator of names. */
  readonly separator: string;
  readonly #allowNull: boolean;
  readonly #subHandlers = new Map<string, XMLRPC>();

  /**
   * Makes a resource.
   *
   * @param options What is sent.
   */
  constructor(options: XMLRPCOptions = {}) {
    super();
    this.#allowNull = options.allowNull ?? false;
    this.separator = options.separator ?? ".";
  }

  /** Adds a handler whose procedures are called `prefix.name`. */
  putSubHandler(prefix: string, handler: XMLRPC): void {
    this.#subHandlers.set(prefix, handler);
  }

  /** The handler under a prefix. */
  getSubHandler(prefix: string): XMLRPC | undefined {
    return this.#subHandlers.get(prefix);
  }

  /** The prefixes of all sub-handlers. */
  getSubHandlerPrefixes(): string[] {
    return [...this.#subHandlers.keys()];
  }

  /**
   * The procedure of a name.
   *
   * @throws {NoSuchFunction} If there is none.
   */
  lookupProcedure(name: string): Procedure {
    const at = name.indexOf(this.separator);
    if (at >= 0) {
      const handler = this.#subHandlers.get(name.slice(0, at));
      if (handler === undefined) {
        throw new NoSuchFunction(NOT_FOUND, `no such subHandler ${name.slice(0, at)}`);
      }
      return handler.lookupProcedure(name.slice(at + this.separator.length));
    }
    const method = (this as unknown as Record<string, unknown>)[`xmlrpc_${name}`];
    if (typeof method !== "function") throw new NoSuchFunction(NOT_FOUND, `procedure ${name} not found`);
    const bound: Procedure = method.bind(this);
    return Object.assign(bound, method) as Procedure; // with what introspection asks for
  }

  /** The names of all procedures, those of sub-handlers too. */
  listProcedures(): string[] {
    const names = exposed(this);
    for (const [prefix, handler] of this.#subHandlers) {
      for (const name of handler.listProcedures()) names.add(prefix + this.separator + name);
    }
    return [...names];
  }

  /** Answers a call. */
  render_POST(request: Request): RenderResult {
    request.setHeader("Content-Type", "text/xml; charset=utf-8");
    let call: Call;
    try {
      call = readCall(request.content.text());
    } catch (error) {
      return writeFault(FAILURE, `Can't deserialize input: ${(error as Error).message}`);
    }
    let answer: Deferred<unknown>;
    try {
      const { method, params } = call;
      const procedure = this.lookupProcedure(method);
      answer = maybeDeferred(() =>
        procedure.takesRequest ? procedure(request, ...params) : procedure(...params)
      );
    } catch (error) {
      return this.#fault(error);
    }
    let gone = false;
    request.notifyFinish().addErrback(() => {
      gone = true;
      answer.cancel();
    });
    answer.addCallback((result) => writeResponse(result, { allowNull: this.#allowNull }))
      .addErrback((failure: Failure) => gone ? "" : this.#fault(failure.value))
      .addCallback((text: string) => {
        if (gone) return;
        request.write(text);
        request.finish();
      });
    return NOT_DONE_YET;
  }

  #fault(error: unknown): string {
    if (error instanceof Fault) return writeFault(error.faultCode, error.faultString);
    reportError(error, "Error in an XML-RPC method");
    return writeFault(FAILURE, "error");
  }
}

function exposed(handler: XMLRPC): Set<string> {
  const names = new Set<string>();
  for (let at: object = handler; at !== XMLRPC.prototype; at = Object.getPrototypeOf(at)) {
    for (const key of Object.getOwnPropertyNames(at)) {
      if (key.startsWith("xmlrpc_")) names.add(key.slice("xmlrpc_".length));
    }
  }
  return names;
}

/** The procedures `system.listMethods`, `system.methodHelp` and `system.methodSignature`, about a handler. */
export class XMLRPCIntrospection extends XMLRPC {
  readonly #about: XMLRPC;

  /**
   * Looks into a handler.
   *
   * @param about The handler that is looked into.
   */
  constructor(about: XMLRPC) {
    super();
    this.#about = about;
  }

  /** The names of all procedures. */
  xmlrpc_listMethods(): string[] {
    return this.#about.listProcedures();
  }

  /** What a procedure is for: its `help`. */
  xmlrpc_methodHelp(name: string): string {
    return this.#about.lookupProcedure(name).help ?? "";
  }

  /** The types of a procedure: its `signature`, or an empty text. */
  xmlrpc_methodSignature(name: string): XMLRPCValue {
    return this.#about.lookupProcedure(name).signature ?? "";
  }
}

/** Adds the introspection procedures to a handler, under `system`. */
export function addIntrospection(handler: XMLRPC): void {
  handler.putSubHandler("system", new XMLRPCIntrospection(handler));
}

/** Options of {@linkcode Proxy}. */
export type XMLRPCProxyOptions = ProxyOptions & Pick<XMLRPCOptions, "allowNull">;

/** The procedures of a server, by name: what makes the calls typed. */
// deno-lint-ignore no-explicit-any -- any functions
export type RemoteProcedures = Record<string, (...args: any[]) => unknown>;

/** The value of a Deferred or a promise, or the value itself. */
export type Settled<T> = T extends Deferred<infer U> ? U : Awaited<T>;

/**
 * Calls the procedures of an XML-RPC server.
 *
 * @typeParam M The procedures of the server: what makes the calls typed.
 *
 * @example
 * ```ts
 * import { Proxy } from "@ropewalk/web/xmlrpc";
 * import type { Reactor } from "@ropewalk/reactor/core";
 *
 * function add(reactor: Reactor) {
 *   const sums = new Proxy<{ add(a: number, b: number): number }>("http://sums.example/", { reactor });
 *   return sums.callRemote("add", 1, 2); // Deferred<number>
 * }
 * ```
 */
export class Proxy<M extends RemoteProcedures = RemoteProcedures> {
  readonly #client: RPCClient;
  readonly #allowNull: boolean;

  /**
   * Calls nothing yet.
   *
   * @param url Where the server is; a user and password in it are sent.
   * @param options The reactor or agent, and limits.
   */
  constructor(url: string | URL, options: XMLRPCProxyOptions = {}) {
    this.#client = new RPCClient(url, options, "text/xml");
    this.#allowNull = options.allowNull ?? false;
  }

  /**
   * Calls a procedure.
   *
   * @param method Its name.
   * @param args Its arguments.
   * @returns Fires with the result. It fails with {@linkcode Fault} if the server says so, with `WebError` for a status
   * that is no success, with `XMLRPCError` if the answer is none, else as requests do. Cancelling it closes the
   * connection.
   */
  callRemote<K extends keyof M & string>(
    method: K,
    ...args: Parameters<M[K]>
  ): Deferred<Settled<ReturnType<M[K]>>> {
    let text: string;
    try {
      text = writeCall(method, args, { allowNull: this.#allowNull });
    } catch (error) {
      const failed = new Deferred<Settled<ReturnType<M[K]>>>();
      failed.errback(error as Error);
      return failed;
    }
    return this.#client.send(text).addCallback((answer) => {
      const response = readResponse(answer);
      if ("faultCode" in response) throw new Fault(response.faultCode, response.faultString);
      return response.result as Settled<ReturnType<M[K]>>;
    }) as Deferred<Settled<ReturnType<M[K]>>>;
  }
}
