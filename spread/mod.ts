/**
 * Perspective Broker: objects that call each other over a connection, on Twisted's wire.
 *
 * @example
 * ```ts
 * import { PBClientFactory, PBServerFactory, Root } from "@ropewalk/spread";
 *
 * class Store extends Root {
 *   readonly values = new Map<string, string>();
 *   remote_set(key: string, value: string): void {
 *     this.values.set(key, value);
 *   }
 *   remote_get(key: string): string | null {
 *     return this.values.get(key) ?? null;
 *   }
 * }
 *
 * // reactor.listenTCP(8789, new PBServerFactory(new Store()));
 * const server = new PBServerFactory(new Store());
 *
 * // reactor.connectTCP("127.0.0.1", 8789, client);
 * const client = new PBClientFactory();
 * client.getRootObject<Store>().addCallback(async (store) => {
 *   await store.callRemote("set", "k", "v");
 *   console.log(await store.proxy.get("k"));
 * });
 * ```
 *
 * @module
 */
export { Avatar } from "./avatar.ts";
export { Broker } from "./broker.ts";
export { type BrokerOptions, MAX_BROKER_REFS, PB_VERSION } from "./broker_options.ts";
export { Cacheable, RemoteCache, RemoteCacheObserver } from "./cacheable.ts";
export { PBClientFactory } from "./client_factory.ts";
export {
  connectPort,
  connectWebSocket,
  type MessageTransportOptions,
  type PortLike,
  type SocketLike,
} from "./message_transport.ts";
export { PBWebSocket } from "./websocket_server.ts";
export { type CurrentCall, currentCall } from "./current_call.ts";
export { type Referent, RemotePromise } from "./remote_promise.ts";
export { isRevoked, revoke, Revoked } from "./revoke.ts";
export { Copyable, RemoteCopy } from "./copyable.ts";
export { CalendarDate, DateTime, Decimal, TimeDelta, TimeOfDay } from "./dates.ts";
export {
  BananaError,
  DeadReferenceError,
  InsecureJelly,
  JellyError,
  NoSuchMethod,
  PBConnectionLost,
  PBError,
  ProtocolError,
  RemoteError,
} from "./errors.ts";
export { CopyableFailure } from "./failures.ts";
export type { JellyInvoker, UnjellyInvoker } from "./invokers.ts";
export type { Jellier, Jellyable } from "./jellier.ts";
export type { BananaLimits } from "./limits.ts";
export { LastingClient, type LastingClientOptions } from "./lasting_client.ts";
export { HashedPassword, PortalRoot } from "./login.ts";
export {
  CallbackPageCollector,
  FilePager,
  getAllPages,
  PAGE_BYTES,
  Pager,
  type RemoteCollector,
  StringPager,
} from "./paging.ts";
export { Publishable, type PublishedState, RemotePublished, whenReady } from "./publishable.ts";
export {
  AsReferenceable,
  type CallTarget,
  PERSPECTIVE,
  Referenceable,
  Root,
  STANDS_FOR,
} from "./referenceable.ts";
export { RemoteReference } from "./remote_reference.ts";
export type { Creditor } from "./_remote_table.ts";
export {
  type AnyClass,
  globalSecurity,
  SecurityOptions,
  setUnjellyableFactoryForClass,
  setUnjellyableForClass,
} from "./security.ts";
export { PBServerFactory, type RootSource } from "./server_factory.ts";
export type {
  Arguments,
  MethodName,
  Opaque,
  Received,
  RemoteMethods,
  RemoteProxy,
  RemoteStream,
  Result,
  Sent,
  StreamItem,
  Unchanged,
  Untyped,
  ViewMethod,
} from "./types.ts";
export { dictGet, Float, FrozenSet, Kwargs, kwargs, Tuple, tuple, Unpersistable } from "./values.ts";
export { Viewable, ViewPoint, type Visible } from "./viewable.ts";
