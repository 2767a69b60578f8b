/**
 * The server's side of JSON-RPC 2.0: a text in, a text out.
 * @module
 */
import { Deferred, type Failure, reportError } from "@ropewalk/deferred";
import { BadArgumentsError, type MethodTable, NoSuchMethodError } from "../method_table.ts";
import {
  INTERNAL_ERROR,
  INVALID_PARAMS,
  INVALID_REQUEST,
  JSONRPCError,
  METHOD_NOT_FOUND,
  PARSE_ERROR,
} from "./errors.ts";

/** Options of {@linkcode JSONRPCDispatcher}. */
export interface DispatcherOptions {
  /** How many calls one batch may hold. @default 100 */
  maxBatch?: number;
}

type Id = string | number | null;

/** One answer on its way: the text, or a Deferred of it; `null` for a notification. */
type Answer = string | null | Deferred<string | null>;

/**
 * Answers JSON-RPC 2.0 requests from a table of methods, batches and notifications too. It knows no transport.
 *
 * @example
 * ```ts
 * import { MethodTable } from "@ropewalk/protocols";
 * import { JSONRPCDispatcher } from "@ropewalk/protocols/jsonrpc";
 * import { assertEquals } from "@std/assert";
 *
 * const dispatcher = new JSONRPCDispatcher(new MethodTable().add("sum", (a: number, b: number) => a + b));
 * assertEquals(
 *   dispatcher.handle('{"jsonrpc": "2.0", "id": 1, "method": "sum", "params": [1, 2]}'),
 *   '{"jsonrpc":"2.0","id":1,"result":3}',
 * );
 * ```
 */
export class JSONRPCDispatcher {
  readonly #table: MethodTable;
  readonly #maxBatch: number;

  /**
   * Answers from a table.
   *
   * @param table The methods.
   * @param options Limits.
   */
  constructor(table: MethodTable, options: DispatcherOptions = {}) {
    this.#table = table;
    this.#maxBatch = options.maxBatch ?? 100;
  }

  /**
   * Answers one text.
   *
   * @returns The answer to send, now or later; `null` if there is nothing to send.
   */
  handle(text: string): string | null | Deferred<string | null> {
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch {
      return failure(null, PARSE_ERROR, "Parse error");
    }
    return this.handleMessage(message);
  }

  /** As {@linkcode handle}, for what was parsed already. */
  handleMessage(message: unknown): string | null | Deferred<string | null> {
    if (!Array.isArray(message)) return this.#one(message);
    if (message.length === 0) return failure(null, INVALID_REQUEST, "Invalid Request");
    if (message.length > this.#maxBatch) {
      return failure(null, INVALID_REQUEST, "Invalid Request: too many calls");
    }
    return join(message.map((each) => this.#one(each)));
  }

  #one(message: unknown): Answer {
    if (typeof message !== "object" || message === null || Array.isArray(message)) {
      return failure(null, INVALID_REQUEST, "Invalid Request");
    }
    const { jsonrpc, id, method, params } = message as Record<string, unknown>;
    const validId = id === undefined || id === null || typeof id === "string" ||
      Number.isFinite(id); // beyond that JSON cannot say it again
    const validParams = params === undefined || (typeof params === "object" && params !== null);
    if (jsonrpc !== "2.0" || typeof method !== "string" || !validId || !validParams) {
      return failure(validId ? (id as Id) ?? null : null, INVALID_REQUEST, "Invalid Request");
    }
    const wanted = id !== undefined; // a notification gets no answer, not even an error
    let result: unknown;
    try {
      result = this.#table.call(method, params as unknown[] | Record<string, unknown> | undefined);
    } catch (error) {
      return this.#failed(error, id as Id, wanted, method);
    }
    if (Deferred.is(result) || typeof (result as PromiseLike<unknown> | null)?.then === "function") {
      const later = Deferred.is(result) ? result : Deferred.fromPromise(result as PromiseLike<unknown>);
      return later.addCallbacks(
        (value) => this.#succeeded(value, id as Id, wanted, method),
        (problem: Failure) => this.#failed(problem.value, id as Id, wanted, method),
      );
    }
    return this.#succeeded(result, id as Id, wanted, method);
  }

  #succeeded(value: unknown, id: Id, wanted: boolean, method: string): string | null {
    if (!wanted) return null;
    try {
      const text = JSON.stringify(value === undefined ? null : value);
      if (text === undefined) throw new TypeError("The result is not JSON");
      return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${text}}`;
    } catch (error) {
      return this.#failed(error, id, wanted, method);
    }
  }

  #failed(error: unknown, id: Id, wanted: boolean, method: string): string | null {
    if (error instanceof NoSuchMethodError && error.method === method) {
      return wanted ? failure(id, METHOD_NOT_FOUND, "Method not found") : null;
    }
    if (error instanceof BadArgumentsError) return wanted ? failure(id, INVALID_PARAMS, error.message) : null;
    if (error instanceof JSONRPCError) {
      if (!wanted) return null;
      try {
        return failure(id, error.code, error.message, error.data);
      } catch (unsayable) { // its data is no JSON: a circle, or a bigint
        error = unsayable;
      }
    }
    reportError(error, `Error in the JSON-RPC method ${method}`);
    return wanted ? failure(id, INTERNAL_ERROR, "Internal error") : null; // the text stays here
  }
}

function failure(id: Id, code: number, message: string, data?: unknown): string {
  const error: Record<string, unknown> = { code, message };
  if (data !== undefined) error["data"] = data;
  return JSON.stringify({ jsonrpc: "2.0", id, error });
}

// The answers of a batch as one; it waits for the last of them.
function join(answers: Answer[]): Answer {
  const texts: (string | null)[] = new Array(answers.length).fill(null);
  let waiting = 0;
  let all: Deferred<string | null> | null = null;
  const whole = () => {
    const there = texts.filter((text) => text !== null);
    return there.length === 0 ? null : `[${there.join(",")}]`;
  };
  answers.forEach((answer, i) => {
    if (!Deferred.is(answer)) {
      texts[i] = answer;
      return;
    }
    waiting++;
    answer.addCallback((text) => {
      texts[i] = text;
      if (--waiting === 0) all?.callback(whole());
    });
  });
  if (waiting === 0) return whole();
  all = new Deferred<string | null>();
  return all;
}
