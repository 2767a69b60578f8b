/**
 * What a request needs of whatever carries its response: a connection, or the fetch boundary.
 * @module
 */
import type {
  Address,
  Data,
  PullProducer,
  PushProducer,
  ReactorTime,
  StreamProtocol,
} from "@ropewalk/reactor/core";
import type { Request } from "./request.ts";

/** Carries the responses of requests. */
export interface ResponseChannel {
  /** Runs the time-outs. */
  readonly reactor: ReactorTime;
  /** True if the client came by TLS. */
  readonly secure: boolean;
  /** The client's address. */
  getPeer(): Address;
  /** Our address. */
  getHost(): Address;
  /** Sends a whole response; the request is done. */
  respond(request: Request, body: Data): void;
  /** Sends the head of a response whose body comes piece by piece. */
  startResponse(request: Request): void;
  /** Sends a piece of the body. */
  writeBody(data: Data): void;
  /** The body is complete; the request is done. */
  endResponse(request: Request): void;
  /** The response cannot be completed: the connection is lost. */
  abortResponse(): void;
  /** Ties a producer to the response. */
  registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void;
  /** The producer has nothing more. */
  unregisterProducer(): void;
  /** The connection belongs to another protocol from here on. */
  upgrade(request: Request, protocol: StreamProtocol): void;
  /** The body of the request is read no further for now. */
  pauseBody(): void;
  /** The body of the request is read on. */
  resumeBody(): void;
  /** Whether the connection closes after this response. */
  closeAfter(): void;
}
