/**
 * The basic framing protocols, under the name that Twisted has for them.
 *
 * @example
 * ```ts
 * import { NetstringReceiver } from "@ropewalk/protocols/basic";
 *
 * class Echo extends NetstringReceiver {
 *   override stringReceived(string: Uint8Array) {
 *     this.sendString(string);
 *   }
 * }
 * ```
 *
 * @module
 */
export { StringTooLongError } from "./errors.ts";
export { FileSender, type Readable } from "./file_sender.ts";
export {
  Int16StringReceiver,
  Int32StringReceiver,
  Int8StringReceiver,
  IntNStringReceiver,
} from "./int_string_receiver.ts";
export { LineOnlyReceiver } from "./line_only_receiver.ts";
export { ByteLineReceiver, LineReceiver, LineReceiverBase } from "./line_receiver.ts";
export { NetstringReceiver } from "./netstring_receiver.ts";
export { type ProtocolState, StatefulProtocol } from "./stateful_protocol.ts";
