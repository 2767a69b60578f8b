/**
 * What the client's tests share: a server's part played by hand.
 */
import type { Deferred, Failure } from "@ropewalk/deferred";
import { Protocol } from "@ropewalk/protocols";
import { type MemoryConnection, MemoryReactor } from "@ropewalk/testing";
import { assertEquals } from "@std/assert";
import { Agent, type AgentOptions, type ClientResponse, HTTPConnectionPool } from "../client.ts";
import type { HTTPConnectionPoolOptions } from "./pool.ts";

export const OK = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

/** An agent with a pool on a reactor in memory. */
export class Bench {
  readonly reactor = new MemoryReactor();
  readonly pool: HTTPConnectionPool;
  readonly agent: Agent;
  #next = 0;

  constructor(options: AgentOptions = {}, pool: HTTPConnectionPoolOptions = {}) {
    this.pool = new HTTPConnectionPool(this.reactor, pool);
    this.agent = new Agent(this.reactor, { pool: this.pool, ...options });
  }

  /** How many attempts to connect there have been. */
  get attempts(): number {
    return this.reactor.tcpClients.length;
  }

  /** Lets the next attempt succeed. */
  accept(): MemoryConnection {
    return this.reactor.tcpClients[this.#next++]!.succeed()!;
  }

  /** Lets the next attempt fail. */
  refuse(error?: Error): void {
    this.reactor.tcpClients[this.#next++]!.fail(error);
  }
}

/** What was written since the last look. */
export function sent(connection: MemoryConnection): string {
  const text = connection.text();
  connection.clear();
  return text;
}

/** The body of a response, as it comes. */
export class Body extends Protocol {
  text = "";
  chunks = 0;
  reason: Failure | null = null;

  override dataReceived(data: Uint8Array): void {
    this.text += new TextDecoder().decode(data);
    this.chunks++;
  }

  override connectionLost(reason: Failure): void {
    assertEquals(this.reason, null, "connectionLost was called twice");
    this.reason = reason;
  }
}

/** Fires in the same turn, or the test is wrong. */
export function now<T>(d: Deferred<T>): T {
  let result: T | undefined;
  let failure: Failure | undefined;
  d.addCallbacks((value) => void (result = value), (reason) => void (failure = reason));
  if (failure !== undefined) throw (failure as Failure).value;
  if (result === undefined) throw new Error("There is no result yet");
  return result;
}

/** Has the body delivered. */
export function deliver(response: ClientResponse): Body {
  const body = new Body();
  response.deliverBody(body);
  return body;
}
