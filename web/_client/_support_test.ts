/**
 * What the client's tests share: a server's part played by hand.
 */
import { Deferred, Failure } from "@ropewalk/deferred";
import { Protocol } from "@ropewalk/protocols";
import { ConnectionDone } from "@ropewalk/reactor/core";
import { type MemoryConnection, MemoryReactor, StringTransport } from "@ropewalk/testing";
import { assertEquals } from "@std/assert";
import { Agent, type AgentOptions, type ClientResponse, HTTPConnectionPool, HTTPHeaders } from "../client.ts";
import { HTTPConnection } from "./connection.ts";
import { requestTimeouts, responseLimits } from "./options.ts";
import type { HTTPConnectionPoolOptions } from "./pool.ts";
import { ClientRequest, type WireBody } from "./request.ts";

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

/** Text as bytes. */
export const bytes = (text: string) => new TextEncoder().encode(text);

/** One connection, with no pool behind it. */
export class Line {
  readonly transport = new StringTransport({ lenient: true });
  readonly events: string[] = [];
  readonly connection: HTTPConnection;

  constructor(persistent = true, limits = {}) {
    this.connection = new HTTPConnection(
      {
        connectionReady: () => {},
        connectionIdle: () => this.events.push("idle"),
        connectionGone: () => this.events.push("gone"),
      },
      persistent,
      responseLimits(limits),
    );
    this.connection.makeConnection(this.transport);
  }

  ask(method = "GET", headers: Record<string, string> = {}, body: WireBody = null, timeouts = {}) {
    const d = new Deferred<ClientResponse>();
    const given = Object.keys(headers).length === 0 ? null : new HTTPHeaders(headers);
    const request = new ClientRequest(
      method,
      "/path",
      "example.org",
      "",
      given,
      body,
      requestTimeouts(timeouts),
      "http://example.org/path",
    );
    this.connection.send(request, {
      responded: (response) => {
        this.events.push("responded");
        d.callback(response);
      },
      failed: (failure) => d.errback(failure),
    });
    return d;
  }

  receive(text: string): void {
    this.connection.dataReceived(bytes(text));
  }

  lose(reason: Error = new ConnectionDone()): void {
    this.connection.connectionLost(new Failure(reason));
  }
}
