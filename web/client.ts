/**
 * An HTTP/1.1 client: an {@linkcode Agent} that requests pages over the reactor it is given, agents to put around it for
 * redirects, compression, proxies and (in `@ropewalk/web/cookies`) cookies, and short ways to everyday requests.
 *
 * @example Get a page
 * ```ts
 * import { Agent, HTTPConnectionPool, readBody } from "@ropewalk/web/client";
 * import type { Reactor } from "@ropewalk/reactor/core";
 *
 * function getTwice(reactor: Reactor, url: string) {
 *   const agent = new Agent(reactor, { pool: new HTTPConnectionPool(reactor) });
 *   return agent.request("GET", url)
 *     .addCallback((response) => readBody(response))
 *     .addCallback(() => agent.request("GET", url)) // on the same connection
 *     .addCallback((response) => response.text());
 * }
 * ```
 *
 * @module
 */
export {
  Agent,
  type AgentLike,
  type AgentOptions,
  type CommonAgentOptions,
  type RequestHeaders,
} from "./_client/agent.ts";
export {
  BytesBodyProducer,
  FileBodyProducer,
  type FileBodyProducerOptions,
  type ReadableFile,
  type RequestBody,
  StreamBodyProducer,
} from "./_client/body_sources.ts";
export type { BodyProducer } from "./_client/body_writer.ts";
export {
  ContentDecoderAgent,
  type ContentDecoderAgentOptions,
  type DecoderFactory,
} from "./_client/content_decoder_agent.ts";
export type { Transformer } from "./_client/decoding_protocol.ts";
export type { ClientReactor, EndpointFactory } from "./_client/endpoints.ts";
export {
  BadResponse,
  BodyTooLarge,
  ClientError,
  ExcessWrite,
  HTTPTimeoutError,
  InfiniteRedirection,
  ManyReasons,
  PageRedirect,
  PartialDownloadError,
  PotentialDataLoss,
  ProxyError,
  RedirectWithNoLocation,
  RequestGenerationFailed,
  RequestNotSent,
  RequestTransmissionFailed,
  ResponseDone,
  ResponseFailed,
  ResponseNeverReceived,
  SchemeNotSupported,
  type TimeoutPhase,
  WebError,
  WrongBodyLength,
} from "./_client/errors.ts";
export {
  downloadPage,
  type DownloadTarget,
  getPage,
  type GetPageOptions,
  type WritableFile,
} from "./_client/get_page.ts";
export {
  type ClientOptions,
  get,
  head,
  HTTPClient,
  type OneRequestOptions,
  patch,
  post,
  put,
  request,
  type RequestOptions,
} from "./_client/http_client.ts";
export {
  type FilePart,
  MultipartBody,
  type MultipartFields,
  type MultipartValue,
} from "./_client/multipart.ts";
export type { RequestTimeouts, ResponseLimits } from "./_client/options.ts";
export { HTTPConnectionPool, type HTTPConnectionPoolOptions } from "./_client/pool.ts";
export { ProxyAgent, type ProxyAgentOptions } from "./_client/proxy_agent.ts";
export { readBody } from "./_client/read_body.ts";
export {
  BrowserLikeRedirectAgent,
  RedirectAgent,
  type RedirectAgentOptions,
} from "./_client/redirect_agent.ts";
export { ClientResponse, type ReadOptions, type SentRequest, UNKNOWN_LENGTH } from "./_client/response.ts";
export { HTTPHeaders } from "./http_headers.ts";
