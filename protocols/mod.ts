/**
 * Protocols that never touch a socket: the bases to extend, framing, and policies.
 *
 * @example An echo of lines, tested without a socket
 * ```ts
 * import { Factory, LineReceiver } from "@ropewalk/protocols";
 *
 * class Shout extends LineReceiver {
 *   override lineReceived(line: string) {
 *     this.sendLine(line.toUpperCase());
 *   }
 * }
 *
 * const factory = Factory.forProtocol(Shout); // give it to a port
 * ```
 *
 * @module
 */
export { ClientCreator } from "./client_creator.ts";
export { ConnectedDatagramProtocol, DatagramProtocol } from "./datagram_protocol.ts";
export { StringTooLongError } from "./errors.ts";
export { ClientFactory, Factory, type FactoryOf, ServerFactory } from "./factory.ts";
export { FileSender, type Readable } from "./file_sender.ts";
export {
  Int16StringReceiver,
  Int32StringReceiver,
  Int8StringReceiver,
  IntNStringReceiver,
} from "./int_string_receiver.ts";
export { LineOnlyReceiver } from "./line_only_receiver.ts";
export { ByteLineReceiver, LineReceiver, LineReceiverBase } from "./line_receiver.ts";
export { type LineConversation, LineStream, type LineStreamOptions } from "./line_stream.ts";
export {
  BadArgumentsError,
  type Method,
  type MethodEntry,
  type MethodOptions,
  MethodTable,
  type MethodTypes,
  NoSuchMethodError,
} from "./method_table.ts";
export { NetstringReceiver } from "./netstring_receiver.ts";
export { LimitConnectionsByPeer, LimitTotalConnectionsFactory } from "./policies/limits.ts";
export {
  SpewingFactory,
  type TrafficLog,
  TrafficLoggingFactory,
  type TrafficLoggingOptions,
  TrafficLoggingProtocol,
} from "./policies/logging.ts";
export {
  ThrottlingFactory,
  type ThrottlingFactoryOptions,
  ThrottlingProtocol,
} from "./policies/throttling.ts";
export { TimeoutFactory, TimeoutProtocol } from "./policies/timeout_factory.ts";
export { type ClassOf, type Timeable, TimeoutMixin, type Timeouts } from "./policies/timeout_mixin.ts";
export { ProtocolWrapper, type WrapperOwner, WrappingFactory } from "./policies/wrapping.ts";
export { ProcessProtocol, type ProcessTransport } from "./process_protocol.ts";
export { Protocol } from "./protocol.ts";
export {
  ReconnectingClientFactory,
  type ReconnectingClientFactoryOptions,
} from "./reconnecting_client_factory.ts";
export { RequestQueue, type RequestQueueOptions, type RequestQueueOwner } from "./request_queue.ts";
export { type ProtocolState, StatefulProtocol } from "./stateful_protocol.ts";
