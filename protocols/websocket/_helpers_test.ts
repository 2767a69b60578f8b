/**
 * What the tests of WebSockets share.
 * @module
 */
import { Failure } from "@ropewalk/deferred";
import { ConnectionLost } from "@ropewalk/reactor/core";
import { Clock, StringTransport } from "@ropewalk/testing";
import { assert } from "@std/assert";
import { concatBytes, decodeUtf8, encodeUtf8 } from "../bytes.ts";
import { WebSocketConnection } from "./connection.ts";
import type { WebSocketOptions } from "./options.ts";

const KEY = Uint8Array.of(0x11, 0x22, 0x33, 0x44);

/** One frame, as a client (masked) or a server sends it. */
export function frame(first: number, payload: Uint8Array | string = "", masked = true): Uint8Array {
  const body = typeof payload === "string" ? encodeUtf8(payload) : payload.slice();
  const { length } = body;
  const head = [first];
  const bit = masked ? 128 : 0;
  if (length < 126) head.push(bit | length);
  else if (length < 65536) head.push(bit | 126, length >> 8, length & 255);
  else head.push(bit | 127, 0, 0, 0, 0, length >>> 24, length >> 16 & 255, length >> 8 & 255, length & 255);
  if (masked) {
    head.push(...KEY);
    for (let i = 0; i < length; i++) body[i]! ^= KEY[i & 3]!;
  }
  return concatBytes([Uint8Array.from(head), body]);
}

/** A frame that closes. */
export const closeFrame = (code: number, reason = "", masked = true) =>
  frame(0x88, concatBytes([Uint8Array.of(code >> 8, code & 255), encodeUtf8(reason)]), masked);

/** Keeps what it hears. */
export class Recorder extends WebSocketConnection {
  events: unknown[] = [];
  override opened() {
    this.events.push("open");
  }
  override messageReceived(message: string | Uint8Array) {
    this.events.push(message);
  }
  override pingReceived(payload: Uint8Array) {
    this.events.push(`ping ${decodeUtf8(payload)}`);
  }
  override pongReceived(payload: Uint8Array) {
    this.events.push(`pong ${decodeUtf8(payload)}`);
  }
  override closed(code: number, reason: string) {
    this.events.push(`closed ${code} ${reason}`);
  }
}

/** An open connection in memory, and what feeds it. */
export function open(options: WebSocketOptions = {}, isServer = true) {
  const clock = new Clock();
  const transport = new StringTransport({ reactor: clock, lenient: true });
  const socket = new Recorder(isServer, options);
  socket.makeConnection(transport);
  const feed = (...chunks: Uint8Array[]) => {
    for (const chunk of chunks) {
      const borrowed = chunk.slice();
      socket.dataReceived(borrowed);
      borrowed.fill(0x58);
    }
  };
  return { clock, transport, socket, feed, events: socket.events };
}

/** Why a connection is gone that broke. */
export const broken = () => new Failure(new ConnectionLost());

/** Some bytes. */
export const bytes = (...all: number[]): Uint8Array<ArrayBuffer> => Uint8Array.from(all);

/** So many characters. */
export const text = (length: number): string => "*".repeat(length);

/** Waits for the platform, which compresses in the background: no clock tells when. */
export async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 10_000 && !what(); i++) await new Promise((resolve) => setTimeout(resolve, 0));
  assert(what());
}
