/**
 * The part of the reactor that touches no host: interfaces, errors, addresses.
 *
 * @example
 * ```ts
 * import { IPv4Address } from "@ropewalk/reactor/core";
 *
 * console.assert(`${new IPv4Address("TCP", "127.0.0.1", 80)}` === "127.0.0.1:80");
 * ```
 *
 * @module
 */
export { type Address, ipAddress, IPv4Address, IPv6Address, PipeAddress, UNIXAddress } from "./addresses.ts";
export { Description, quoteStringArgument } from "./endpoints/description.ts";
export {
  type ClientEndpoint,
  connectProtocol,
  connectWith,
  type FactoryOf,
  listenWith,
  type ServerEndpoint,
} from "./endpoints/endpoint.ts";
export {
  clientFromString,
  type EndpointParser,
  registerEndpointParser,
  serverFromString,
} from "./endpoints/from_string.ts";
export {
  TCP4ClientEndpoint,
  TCP4ServerEndpoint,
  TCP6ClientEndpoint,
  TCP6ServerEndpoint,
} from "./endpoints/tcp.ts";
export { AdoptedStreamServerEndpoint, type AdoptingReactor } from "./endpoints/adopted.ts";
export { type InheritedSocket, inheritedSockets } from "./listen_fds.ts";
export { UNIXClientEndpoint, UNIXServerEndpoint } from "./endpoints/unix.ts";
export {
  HostnameEndpoint,
  type HostnameEndpointOptions,
  type ResolvingReactor,
} from "./endpoints/hostname_endpoint.ts";
export { SSL4ClientEndpoint, SSL4ServerEndpoint, wrapClientTLS } from "./endpoints/tls.ts";
export { type HAProxyOptions, HAProxyWrappingFactory, proxyEndpoint } from "./haproxy/endpoint.ts";
export { InvalidProxyHeader, type ProxyHeader } from "./haproxy/header.ts";
export { ProxyHeaderParser } from "./haproxy/parser.ts";
export { proxyHeaderV1, proxyHeaderV2 } from "./haproxy/writer.ts";
export { type Call, DelayedCalls, type Run } from "./delayed_calls.ts";
export { Figures, type HostClock, ReactorBase } from "./reactor_base.ts";
export { closeAll, type WhatIsOpen } from "./close_all.ts";
export { EventTriggers } from "./system_events.ts";
export type { Accepted, Dialling, HostListener, HostNetwork, HostStream, TLSFacts } from "./host_network.ts";
export { StreamReactor } from "./stream_reactor.ts";
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
} from "./task/cooperator.ts";
export { defaultClock, setDefaultClock } from "./task/default_clock.ts";
export { deferLater } from "./task/defer_later.ts";
export { guard, onRejection } from "./guard.ts";
export { LoopingCall } from "./task/looping_call.ts";
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
} from "./interfaces.ts";
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
} from "./errors.ts";
