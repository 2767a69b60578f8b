/**
 * What a reactor offers and what it expects: the contract between the hosts below and the protocols above. Nothing
 * here touches a host, so all that is written against it runs in a browser, a worker or a test.
 * @module
 */
export type { DelayedCall, ReactorTime } from "./interfaces/time.ts";
export type { Consumer, Data, PullProducer, PushProducer } from "./interfaces/producers.ts";
export type { PeerCertificate, TLSClientOptions, TLSServerOptions } from "./interfaces/tls_options.ts";
export type { Connector, ListeningPort } from "./interfaces/ports.ts";
export type {
  ClientProtocolFactory,
  ProtocolFactory,
  StreamProtocol,
  Transport,
} from "./interfaces/transports.ts";
export type {
  DatagramHandler,
  DatagramTransport,
  ListenUDPOptions,
  ReactorUDP,
  ReactorUNIXDatagram,
} from "./interfaces/datagrams.ts";
export type {
  ConnectTCPOptions,
  ListenTCPOptions,
  ListenUNIXOptions,
  ReactorTCP,
  ReactorTLS,
  ReactorUNIX,
} from "./interfaces/streams.ts";
export type {
  Reactor,
  ReactorCore,
  ReactorStats,
  RunOptions,
  SystemEvent,
  TriggerId,
  TriggerPhase,
} from "./interfaces/reactor.ts";
