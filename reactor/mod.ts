/**
 * The event reactor: time, sockets, signals.
 *
 * @example
 * ```ts ignore
 * import { Factory, LineReceiver } from "@ropewalk/protocols";
 * import { reactor, serverFromString } from "@ropewalk/reactor";
 *
 * class Shout extends LineReceiver {
 *   override lineReceived(line: string) {
 *     this.sendLine(line.toUpperCase());
 *   }
 * }
 *
 * await serverFromString(reactor, "tcp:8000:interface=127.0.0.1").listen(Factory.forProtocol(Shout));
 * await reactor.run();
 * ```
 *
 * @module
 */
export {
  type Address,
  ipAddress,
  IPv4Address,
  IPv6Address,
  PipeAddress,
  UNIXAddress,
} from "./core/addresses.ts";
export { Description, quoteStringArgument } from "./core/endpoints/description.ts";
export {
  type ClientEndpoint,
  connectProtocol,
  connectWith,
  type FactoryOf,
  listenWith,
  type ServerEndpoint,
} from "./core/endpoints/endpoint.ts";
export {
  clientFromString,
  type EndpointParser,
  registerEndpointParser,
  serverFromString,
} from "./core/endpoints/from_string.ts";
export {
  TCP4ClientEndpoint,
  TCP4ServerEndpoint,
  TCP6ClientEndpoint,
  TCP6ServerEndpoint,
} from "./core/endpoints/tcp.ts";
export { UNIXClientEndpoint, UNIXServerEndpoint } from "./core/endpoints/unix.ts";
export {
  HostnameEndpoint,
  type HostnameEndpointOptions,
  type ResolvingReactor,
} from "./core/endpoints/hostname_endpoint.ts";
export { SSL4ClientEndpoint, SSL4ServerEndpoint, wrapClientTLS } from "./core/endpoints/tls.ts";
export { type Call, DelayedCalls, type Run } from "./core/delayed_calls.ts";
export { Figures, type HostClock, ReactorBase } from "./core/reactor_base.ts";
export { closeAll, type WhatIsOpen } from "./core/close_all.ts";
export { EventTriggers } from "./core/system_events.ts";
export type {
  Accepted,
  Dialling,
  HostListener,
  HostNetwork,
  HostStream,
  TLSFacts,
} from "./core/host_network.ts";
export { StreamReactor } from "./core/stream_reactor.ts";
export {
  coiterate,
  cooperate,
  CooperativeTask,
  Cooperator,
  type CooperatorOptions,
  NotPaused,
  SchedulerStopped,
  type Steps,
  TaskDone,
  TaskFailed,
  TaskStopped,
} from "./core/task/cooperator.ts";
export { defaultClock, setDefaultClock } from "./core/task/default_clock.ts";
export { deferLater } from "./core/task/defer_later.ts";
export { LoopingCall } from "./core/task/looping_call.ts";
export type {
  ClientProtocolFactory,
  Connector,
  ConnectTCPOptions,
  Consumer,
  Data,
  DatagramHandler,
  DatagramTransport,
  DelayedCall,
  ListeningPort,
  ListenTCPOptions,
  ListenUDPOptions,
  ListenUNIXOptions,
  PeerCertificate,
  ProtocolFactory,
  PullProducer,
  PushProducer,
  Reactor,
  ReactorCore,
  ReactorStats,
  ReactorTCP,
  ReactorTime,
  ReactorTLS,
  ReactorUDP,
  ReactorUNIX,
  ReactorUNIXDatagram,
  RunOptions,
  StreamProtocol,
  SystemEvent,
  TLSClientOptions,
  TLSServerOptions,
  Transport,
  TriggerId,
  TriggerPhase,
} from "./core/interfaces.ts";
export {
  AlreadyCalled,
  AlreadyCancelled,
  CannotListenError,
  ConnectError,
  ConnectingCancelledError,
  ConnectionAborted,
  ConnectionDone,
  ConnectionLost,
  ConnectionRefusedError,
  DNSLookupError,
  MessageLengthError,
  NoProtocol,
  NoRouteError,
  NotSupportedError,
  ReactorAlreadyRunning,
  ReactorError,
  ReactorNotRunning,
  TimeoutError,
  TLSError,
  UserError,
} from "./core/errors.ts";
export { DenoReactor } from "./deno/mod.ts";
export { NodeReactor } from "./node/mod.ts";
export { createReactor, reactor } from "./default_reactor.ts";
export { react, type ReactOptions, SystemExit } from "./react.ts";
export { StandardIOEndpoint } from "./node/mod.ts";
