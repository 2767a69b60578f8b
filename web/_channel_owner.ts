/**
 * What makes a channel, and is told what becomes of it.
 * @module
 */
import type { RequestHead, RequestSite } from "./_request_site.ts";
import type { ResponseChannel } from "./_response_channel.ts";
import type { HTTPChannel } from "./http_channel.ts";
import type { HTTPLimits } from "./limits.ts";
import type { Request } from "./request.ts";

/** What a channel needs of its factory. */
export interface ChannelOwner extends RequestSite {
  /** What is too much. */
  readonly limits: HTTPLimits;
  /** True once connections are closed as soon as they are idle. */
  readonly draining: boolean;
  /** A connection was made. */
  channelOpened(channel: HTTPChannel): void;
  /** A connection is gone. */
  channelClosed(channel: HTTPChannel): void;
  /** The head of a request is there. */
  makeRequest(channel: ResponseChannel, head: RequestHead): Request;
  /** A response is complete, or the client went away before it was. */
  requestDone(request: Request): void;
  /**
   * The present time in milliseconds since the epoch, for the header `Date`: right to the second.
   *
   * @param turn The reactor's time in this turn.
   */
  secondAt(turn: number): number;
}
