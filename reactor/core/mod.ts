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
  ReactorNotRunning,
  TimeoutError,
  TLSError,
  UserError,
} from "./errors.ts";
