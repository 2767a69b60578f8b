/**
 * The errors of the client, each with a stable `code`. Faults of the caller are `TypeError` and `RangeError`; these are
 * what the network and the peer do.
 * @module
 */
import type { Failure } from "@ropewalk/deferred";
import type { ClientResponse } from "./response.ts";

/** What all errors of the client have in common. */
export abstract class ClientError extends Error {
  /** Stable identifier of this kind of error. */
  abstract readonly code: string;

  /** The name of the class. */
  override get name(): string {
    return this.constructor.name;
  }
}

/** Several things went wrong, or one under another name: `reasons` holds them. */
export abstract class ManyReasons extends ClientError {
  /**
   * Tells what happened.
   *
   * @param reasons What went wrong, the first cause first.
   */
  constructor(readonly reasons: readonly Failure[], message: string) {
    const told = reasons.map((reason) => reason.getBriefTraceback()).join("; ");
    super(told === "" ? message : `${message}: ${told}`, { cause: reasons[0]?.value });
  }
}

// ---- how a body ends

/** The body of the response is complete: the reason that the protocol given to `deliverBody` hears. */
export class ResponseDone extends ClientError {
  /** Stable identifier of this kind of error. */
  readonly code = "RESPONSE_DONE";
  /** Made once; there is nothing to tell apart. */
  constructor() {
    super("The response is complete");
  }
}

/** The body ended with the connection and nothing said how long it is: it may be complete, nobody knows. */
export class PotentialDataLoss extends ClientError {
  /** Stable identifier of this kind of error. */
  readonly code = "POTENTIAL_DATA_LOSS";
  /** Made once; there is nothing to tell apart. */
  constructor() {
    super("The body ended with the connection, and nothing tells whether it is complete");
  }
}

/** The response broke off, or could not be understood. */
export class ResponseFailed extends ManyReasons {
  /** Stable identifier of this kind of error. */
  readonly code = "RESPONSE_FAILED";
  /**
   * Tells what happened.
   *
   * @param reasons Why.
   * @param response The response as far as it came; `null` before its head was there.
   */
  constructor(reasons: readonly Failure[], readonly response: ClientResponse | null = null) {
    super(reasons, "The response failed");
  }
}

// ---- how a request fails

/** The request was not sent, as the connection was lost or busy. */
export class RequestNotSent extends ClientError {
  /** Stable identifier of this kind of error. */
  readonly code = "REQUEST_NOT_SENT";
  /**
   * Tells what happened.
   *
   * @param message What stood in the way.
   */
  constructor(message = "The request was not sent: the connection is lost") {
    super(message);
  }
}

/** The body of the request could not be made: its producer failed, or broke its promise. */
export class RequestGenerationFailed extends ManyReasons {
  /** Stable identifier of this kind of error. */
  readonly code = "REQUEST_GENERATION_FAILED";
  /**
   * Tells what happened.
   *
   * @param reasons Why.
   */
  constructor(reasons: readonly Failure[]) {
    super(reasons, "The body of the request could not be made");
  }
}

/** The connection was lost while the request was being sent. */
export class RequestTransmissionFailed extends ManyReasons {
  /** Stable identifier of this kind of error. */
  readonly code = "REQUEST_TRANSMISSION_FAILED";
  /**
   * Tells what happened.
   *
   * @param reasons Why.
   */
  constructor(reasons: readonly Failure[]) {
    super(reasons, "The request could not be sent");
  }
}

/** The connection was lost, or the request cancelled, before anything of a response came. */
export class ResponseNeverReceived extends ManyReasons {
  /** Stable identifier of this kind of error. */
  readonly code = "RESPONSE_NEVER_RECEIVED";
  /**
   * Tells what happened.
   *
   * @param reasons Why.
   */
  constructor(reasons: readonly Failure[]) {
    super(reasons, "No response came");
  }
}

/** What the server sent is no HTTP/1.1 response, or more than is accepted. */
export class BadResponse extends ClientError {
  /** Stable identifier of this kind of error. */
  readonly code = "BAD_RESPONSE";
}

/** A body producer made fewer bytes than it had said. */
export class WrongBodyLength extends ClientError {
  /** Stable identifier of this kind of error. */
  readonly code = "WRONG_BODY_LENGTH";
}

/** A body producer made more bytes than it had said. */
export class ExcessWrite extends ClientError {
  /** Stable identifier of this kind of error. */
  readonly code = "EXCESS_WRITE";
}

/** The agent speaks no such scheme. */
export class SchemeNotSupported extends ClientError {
  /** Stable identifier of this kind of error. */
  readonly code = "SCHEME_NOT_SUPPORTED";
  /**
   * Tells what happened.
   *
   * @param scheme The scheme, without a colon.
   */
  constructor(readonly scheme: string) {
    super(`No agent here speaks the scheme ${scheme}`);
  }
}

/** What a time-out of a request is about. */
export type TimeoutPhase = "pool" | "send" | "response" | "body" | "total";

/** One phase of a request took too long. Connecting has the reactor's own `TimeoutError`. */
export class HTTPTimeoutError extends ClientError {
  /** Stable identifier of this kind of error. */
  readonly code = "HTTP_TIMEOUT";
  /**
   * Tells what happened.
   *
   * @param phase Which one: waiting for a connection of the pool, sending, waiting for the response's head, waiting
   * for more of its body, or the whole.
   * @param seconds How long was waited.
   */
  constructor(readonly phase: TimeoutPhase, readonly seconds: number) {
    super(`${PHASES[phase]} took longer than ${seconds} s`);
  }
}

const PHASES: Readonly<Record<TimeoutPhase, string>> = {
  pool: "Waiting for a free connection",
  send: "Sending the request",
  response: "Waiting for the response",
  body: "Waiting for more of the response's body",
  total: "The request",
};

/** A body is larger than the caller accepts. */
export class BodyTooLarge extends ClientError {
  /** Stable identifier of this kind of error. */
  readonly code = "BODY_TOO_LARGE";
  /**
   * Tells what happened.
   *
   * @param maxBytes What is accepted.
   */
  constructor(readonly maxBytes: number) {
    super(`The body is larger than ${maxBytes} bytes`);
  }
}

/** The proxy refused to open a tunnel. */
export class ProxyError extends ClientError {
  /** Stable identifier of this kind of error. */
  readonly code = "PROXY_ERROR";
  /**
   * Tells what happened.
   *
   * @param status The proxy's status.
   * @param phrase Its phrase.
   */
  constructor(readonly status: number, readonly phrase: string) {
    super(`The proxy opened no tunnel: ${status} ${phrase}`);
  }
}

// ---- what a status means

/** A response whose status is an error to the caller. */
export class WebError extends ClientError {
  /** Stable identifier of this kind of error. */
  readonly code: string = "WEB_ERROR";
  /**
   * Tells what happened.
   *
   * @param status The status.
   * @param phrase Its phrase.
   * @param response The body, as far as it was read.
   */
  constructor(readonly status: number, readonly phrase: string, readonly response: Uint8Array) {
    super(`${status} ${phrase}`);
  }
}

/** A body that may not be complete: `response` holds what came. */
export class PartialDownloadError extends WebError {
  /** Stable identifier of this kind of error. */
  override readonly code = "PARTIAL_DOWNLOAD";
}

/** A redirect that is not followed. */
export class PageRedirect extends WebError {
  /** Stable identifier of this kind of error. */
  override readonly code: string = "PAGE_REDIRECT";
  /**
   * Tells what happened.
   *
   * @param status The status.
   * @param phrase Its phrase.
   * @param location Where it leads, as the server wrote it.
   */
  constructor(status: number, phrase: string, readonly location: string) {
    super(status, phrase, new Uint8Array(0));
  }
}

/** More redirects than are followed. */
export class InfiniteRedirection extends PageRedirect {
  /** Stable identifier of this kind of error. */
  override readonly code = "INFINITE_REDIRECTION";
}

/** A redirect that does not say where to. */
export class RedirectWithNoLocation extends WebError {
  /** Stable identifier of this kind of error. */
  override readonly code = "REDIRECT_WITH_NO_LOCATION";
  /**
   * Tells what happened.
   *
   * @param status The status.
   * @param phrase Its phrase.
   * @param uri The address that was asked for.
   */
  constructor(status: number, phrase: string, readonly uri: string) {
    super(status, phrase, new Uint8Array(0));
  }
}
