/**
 * One end of a JSON-RPC connection: it calls, and it answers.
 * @module
 */
import { Deferred, Failure, TimeoutError } from "@ropewalk/deferred";
import type { DelayedCall, ReactorTime } from "@ropewalk/reactor/core";
import { MethodTable } from "../method_table.ts";
import { type DispatcherOptions, JSONRPCDispatcher } from "./dispatcher.ts";
import { JSONRPCError } from "./errors.ts";

/** The methods of the far end, by name: what makes the calls typed. */
// deno-lint-ignore no-explicit-any -- any functions
export type RemoteMethods = Record<string, (...args: any[]) => unknown>;

/** The value of a Deferred or a promise, or the value itself. */
export type Settled<T> = T extends Deferred<infer U> ? U : Awaited<T>;

/** Options of {@linkcode JSONRPCPeer}. */
export interface PeerOptions extends DispatcherOptions {
  /** What the far end may call. @default nothing */
  methods?: MethodTable;
  /** How long a call may take. @default for ever */
  timeoutSeconds?: number;
  /** Where that time comes from; the protocols give their own. */
  reactor?: ReactorTime;
}

interface Pending {
  readonly result: Deferred<unknown>;
  readonly timer: DelayedCall | null;
}

/** One call of a {@linkcode JSONRPCPeer.batch}. */
export interface BatchCall {
  /** The method. */
  readonly method: string;
  /** Its arguments, in order or by name. */
  readonly params?: readonly unknown[] | Readonly<Record<string, unknown>>;
}

/**
 * One end of a connection that carries texts: lines, netstrings, WebSocket messages. Both ends may call.
 *
 * @typeParam M The methods of the far end.
 *
 * @example
 * ```ts
 * import { MethodTable } from "@ropewalk/protocols";
 * import { JSONRPCPeer } from "@ropewalk/protocols/jsonrpc";
 *
 * const server = new JSONRPCPeer((text) => client.received(text), {
 *   methods: new MethodTable().add("sum", (a: number, b: number) => a + b),
 * });
 * const client: JSONRPCPeer<{ sum(a: number, b: number): number }> = new JSONRPCPeer((text) => server.received(text));
 * const sum = await client.call("sum", 1, 2); // a number, and the compiler knows
 * ```
 */
export class JSONRPCPeer<M extends RemoteMethods = RemoteMethods> {
  readonly #send: (text: string) => void;
  readonly #dispatcher: JSONRPCDispatcher;
  readonly #pending = new Map<number, Pending>();
  readonly #timeoutSeconds: number | null;
  /** Where time comes from. */
  reactor: ReactorTime | null;
  #counter = 0;
  #gone: Failure | null = null;

  /**
   * One end.
   *
   * @param send Sends a text to the far end.
   * @param options What it may call, and limits.
   */
  constructor(send: (text: string) => void, options: PeerOptions = {}) {
    this.#send = send;
    this.#dispatcher = new JSONRPCDispatcher(options.methods ?? new MethodTable(), options);
    this.#timeoutSeconds = options.timeoutSeconds ?? null;
    this.reactor = options.reactor ?? null;
  }

  /**
   * Calls a method of the far end.
   *
   * @returns Its result; it fails with a {@linkcode JSONRPCError}, `TimeoutError`, or the reason of the loss.
   */
  call<K extends keyof M & string>(
    method: K,
    ...args: Parameters<M[K]>
  ): Deferred<Settled<ReturnType<M[K]>>> {
    return this.#ask(method, args) as Deferred<Settled<ReturnType<M[K]>>>;
  }

  /** As {@linkcode call}, with the arguments by name. */
  callNamed<K extends keyof M & string>(
    method: K,
    args: Readonly<Record<string, unknown>>,
  ): Deferred<Settled<ReturnType<M[K]>>> {
    return this.#ask(method, args) as Deferred<Settled<ReturnType<M[K]>>>;
  }

  /** Calls a method and wants no answer. */
  notify<K extends keyof M & string>(method: K, ...args: Parameters<M[K]>): void {
    if (this.#gone === null) this.#send(JSON.stringify({ jsonrpc: "2.0", method, params: args }));
  }

  /** Makes several calls in one message. @returns A Deferred for each. */
  batch(calls: readonly BatchCall[]): Deferred<unknown>[] {
    const results: Deferred<unknown>[] = [];
    const texts: string[] = [];
    for (const { method, params } of calls) {
      results.push(this.#ask(method, params ?? [], (text) => texts.push(text)));
    }
    if (texts.length > 0) this.#send(`[${texts.join(",")}]`);
    return results;
  }

  /** A text came from the far end. */
  received(text: string): void {
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch {
      this.#answer(this.#dispatcher.handle(text)); // tells the far end
      return;
    }
    if (isAnswer(message)) {
      this.#answered(message);
    } else if (Array.isArray(message) && message.length > 0 && message.every(isAnswer)) {
      for (const each of message) this.#answered(each);
    } else {
      this.#answer(this.#dispatcher.handleMessage(message));
    }
  }

  /** The connection is gone: all calls fail with the reason, and later ones too. */
  lost(reason: Failure): void {
    this.#gone ??= reason;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { result, timer } of pending) {
      timer?.cancel();
      result.errback(reason);
    }
  }

  #ask(
    method: string,
    params: readonly unknown[] | Readonly<Record<string, unknown>>,
    send: (text: string) => void = this.#send,
  ): Deferred<unknown> {
    const id = ++this.#counter;
    const result = new Deferred<unknown>();
    if (this.#gone !== null) {
      result.errback(this.#gone);
      return result;
    }
    let text: string;
    try {
      text = JSON.stringify({ jsonrpc: "2.0", id, method, params });
    } catch (error) {
      result.errback(new Failure(error)); // a bigint, or a circle
      return result;
    }
    const seconds = this.#timeoutSeconds;
    const timer = seconds === null || this.reactor === null ? null : this.reactor.callLater(seconds, () => {
      this.#pending.delete(id);
      result.errback(new TimeoutError(seconds));
    });
    this.#pending.set(id, { result, timer });
    send(text);
    return result;
  }

  #answer(answer: string | null | Deferred<string | null>): void {
    if (Deferred.is(answer)) answer.addCallback((text) => this.#answer(text as string | null));
    else if (answer !== null && this.#gone === null) this.#send(answer as string);
  }

  #answered({ id, error, result }: Record<string, unknown>): void {
    const pending = this.#pending.get(id as number);
    if (pending === undefined) return; // too late, or never asked
    this.#pending.delete(id as number);
    pending.timer?.cancel();
    if (error === undefined || error === null) {
      pending.result.callback(result);
      return;
    }
    const { code, message, data } = error as Record<string, unknown>;
    pending.result.errback(new JSONRPCError(Number(code), String(message), data));
  }
}

function isAnswer(message: unknown): message is Record<string, unknown> {
  return typeof message === "object" && message !== null && !("method" in message) &&
    ("result" in message || ("error" in message && "id" in message));
}
