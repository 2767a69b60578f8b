/**
 * `PBWebSocket`: the server's end of Perspective Broker over a WebSocket.
 * @module
 */
import { WebSocketConnection, type WebSocketOptions } from "@ropewalk/protocols/websocket";
import { ConnectionDone, ConnectionLost, type StreamProtocol } from "@ropewalk/reactor/core";
import { MessageTransport } from "./message_transport.ts";

/**
 * A WebSocket that carries another protocol's bytes, so that browser pages can hold references: the other end is
 * `connectWebSocket`. A text message costs the peer the connection.
 *
 * @example
 * ```ts
 * import { PBServerFactory, PBWebSocket, Root } from "@ropewalk/spread";
 * import { PipeAddress } from "@ropewalk/reactor/core";
 *
 * class Echo extends Root {
 *   remote_echo(text: string): string {
 *     return text;
 *   }
 * }
 * const factory = new PBServerFactory(new Echo());
 * const build = () => new PBWebSocket(factory.buildProtocol(new PipeAddress()));
 * // site.putChild("pb", new WebSocketResource(build));
 * ```
 */
export class PBWebSocket extends WebSocketConnection {
  readonly #carried: StreamProtocol;
  #inner: MessageTransport | null = null;

  /**
   * Makes one.
   *
   * @param carried For example a broker, of `PBServerFactory.buildProtocol`.
   * @param options The WebSocket's.
   */
  constructor(carried: StreamProtocol, options: WebSocketOptions = {}) {
    super(true, options);
    this.#carried = carried;
  }

  /** The carried protocol gets its transport. */
  override opened(): void {
    this.#inner = new MessageTransport(this.#carried, {
      send: (bytes) => this.sendMessage(bytes),
      close: () => this.close(),
      below: this.transport,
    }, { reactor: this.reactor });
    this.#carried.makeConnection(this.#inner);
  }

  /** Bytes go to the carried protocol. */
  override messageReceived(message: string | Uint8Array): void {
    if (typeof message === "string") this.#inner?.lose(new ConnectionLost("A message came that is no bytes"));
    else this.#inner?.receive(message);
  }

  /** So does the end. */
  override closed(): void {
    this.#inner?.lose(new ConnectionDone());
  }
}
