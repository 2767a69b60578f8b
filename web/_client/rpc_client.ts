/**
 * What the clients of JSON-RPC and XML-RPC share: one POST for each call.
 * @module
 */
import { type Deferred, Failure } from "@ropewalk/deferred";
import type { AgentLike, RequestHeaders } from "./agent.ts";
import { BadResponse, WebError } from "./errors.ts";
import { type ClientOptions, everydayAgent } from "./http_client.ts";
import { HTTPHeaders } from "../http_headers.ts";
import { basicAuthorization } from "./origin.ts";

/** What every call of a proxy sends. */
export interface RPCRequestOptions {
  /** Headers to send. */
  headers?: RequestHeaders;
  /** Sent by Basic authentication. */
  auth?: readonly [user: string, password: string];
  /** The largest answer accepted, in bytes. @default 16777216 */
  maxBytes?: number;
}

/** Options of a proxy. */
export type ProxyOptions = ClientOptions & RPCRequestOptions;

/** Sends calls and receives answers, as text. */
export class RPCClient {
  readonly #url: string | URL;
  readonly #agent: AgentLike;
  readonly #headers: HTTPHeaders;
  readonly #maxBytes: number;

  constructor(url: string | URL, options: ProxyOptions, contentType: string) {
    this.#url = url;
    this.#agent = everydayAgent({ redirectLimit: 0, ...options });
    this.#headers = new HTTPHeaders(options.headers ?? {});
    this.#headers.set("Content-Type", contentType);
    if (options.auth !== undefined) this.#headers.set("Authorization", basicAuthorization(...options.auth));
    this.#maxBytes = options.maxBytes ?? 16_777_216;
  }

  /** Sends a text, and gives the answer. */
  send(text: string): Deferred<string> {
    const maxBytes = this.#maxBytes;
    return this.#agent.request("POST", this.#url, this.#headers, text).addCallback(
      (response): Deferred<string> => {
        if (response.ok) return response.text({ maxBytes });
        return response.bytes({ maxBytes }).addCallback((page): string => {
          throw new WebError(response.code, response.phrase, page);
        });
      },
    );
  }
}

/** What a call fails with that the server's answer does not mention. */
export function unanswered(): Failure {
  return new Failure(new BadResponse("The server's answer says nothing of the call"));
}
