/**
 * Protocol Buffers over a stream: each message with four bytes of length in front, by `@bufbuild/protobuf`.
 *
 * @example
 * ```ts
 * import { ProtobufReceiver } from "@ropewalk/protocols/protobuf";
 * import { StringValueSchema } from "@bufbuild/protobuf/wkt";
 *
 * class Shout extends ProtobufReceiver(StringValueSchema) {
 *   override messageReceived({ value }: { value: string }) {
 *     this.sendMessage({ value: value.toUpperCase() });
 *   }
 * }
 * ```
 *
 * @module
 */
import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { Int32StringReceiver } from "./int_string_receiver.ts";

export type { DescMessage, MessageInitShape, MessageShape };

/** A connection on which each string is a message: what {@linkcode ProtobufReceiver} makes. */
export class ProtobufProtocol<In extends DescMessage, Out extends DescMessage> extends Int32StringReceiver {
  /** The longest message accepted, in bytes. */
  override MAX_LENGTH = 1024 * 1024;

  /** The kind of message that comes. */
  protected readonly incoming: In;
  /** The kind of message that is sent. */
  protected readonly outgoing: Out;

  /**
   * A connection to be.
   *
   * @param incoming The kind of message that comes.
   * @param outgoing The kind of message that is sent.
   */
  constructor(incoming: In, outgoing: Out) {
    super();
    this.incoming = incoming;
    this.outgoing = outgoing;
  }

  /** A message came. */
  messageReceived(_message: MessageShape<In>): void {}

  /** Something came that is no such message. Loses the connection, unless overridden. */
  messageFailed(_error: unknown): void {
    this.transport.loseConnection();
  }

  /**
   * Sends a message.
   *
   * @param message Its fields, or one that was made already.
   */
  sendMessage(message: MessageInitShape<Out>): void {
    this.sendString(toBinary(this.outgoing, create(this.outgoing, message)));
  }

  /** Reads a message. */
  override stringReceived(string: Uint8Array): void {
    let message: MessageShape<In>;
    try {
      message = fromBinary(this.incoming, string);
    } catch (error) {
      this.messageFailed(error);
      return;
    }
    this.messageReceived(message);
  }
}

/**
 * The class of a connection that carries one kind of message each way.
 *
 * @param incoming The kind of message that comes.
 * @param outgoing The kind that is sent. @default the same
 * @returns A class to extend.
 */
export function ProtobufReceiver<In extends DescMessage, Out extends DescMessage = In>(
  incoming: In,
  outgoing: Out = incoming as unknown as Out,
): new () => ProtobufProtocol<In, Out> {
  return class extends ProtobufProtocol<In, Out> {
    constructor() {
      super(incoming, outgoing);
    }
  };
}
