/**
 * A stream of Node's — a socket, or TLS over one — as the reactor reads and writes it.
 * @module
 */
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Address } from "../core/addresses.ts";
import type { HostStream, TLSFacts } from "../core/host_network.ts";
import type { Carrier } from "./carrier.ts";

/** So many bytes may come that nobody has asked for; then the stream is paused. */
const MOST_HELD = 65_536;

interface Reading {
  readonly buffer: Uint8Array;
  readonly resolve: (count: number | null) => void;
  readonly reject: (error: unknown) => void;
}

/** See {@linkcode HostStream}. */
export class NodeStream implements HostStream {
  readonly tls: TLSFacts | undefined;
  readonly #held: Uint8Array[] = [];
  #heldBytes = 0;
  #flowing = false;
  #reading: Reading | null = null;
  #ended = false;
  #error: unknown = null;
  readonly #stream: Duplex;
  readonly #carrier: Carrier | null;

  /**
   * @param stream Node's, with `allowHalfOpen`.
   * @param localAddress Our end.
   * @param remoteAddress The far end.
   * @param secured Under TLS: what the handshake agreed on, and what carries it.
   */
  constructor(
    stream: Duplex,
    readonly localAddress: Address,
    readonly remoteAddress: Address,
    secured?: { readonly tls: TLSFacts; readonly carrier: Carrier },
  ) {
    this.#stream = stream;
    this.tls = secured?.tls;
    this.#carrier = secured?.carrier ?? null;
    this.#rest(); // till somebody reads
    stream.on("data", (chunk: Uint8Array) => this.#came(chunk));
    stream.on("end", () => this.#finish(null));
    stream.on("error", (error: Error) => this.#finish(error));
    stream.on("close", () => this.#finish(new Error("The connection was closed")));
  }

  read(buffer: Uint8Array): Promise<number | null> {
    if (this.#heldBytes > 0) return Promise.resolve(this.#takeHeld(buffer));
    if (this.#ended) return Promise.resolve(null);
    if (this.#error !== null) return Promise.reject(this.#error);
    return new Promise((resolve, reject) => {
      this.#reading = { buffer, resolve, reject };
      if (!this.#flowing) this.#goOn();
    });
  }

  write(data: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#stream.write(data, (error) => error ? reject(error) : resolve(data.length));
    });
  }

  closeWrite(): Promise<void> {
    return new Promise((resolve) => this.#stream.end(() => resolve()));
  }

  close(): void {
    this.#stream.destroy();
    this.#carrier?.destroy();
  }

  abort(): void {
    if (this.#carrier === null) this.#reset();
    else {
      const { plain } = this.#carrier;
      (plain.abort ?? plain.close).call(plain);
      this.close();
    }
  }

  // Only TCP can be reset. While our side's end is on its way Node cannot either, and would never close the socket.
  #reset(): void {
    const socket = this.#stream as Socket;
    const ending = socket.writableEnded && !socket.writableFinished;
    if (socket.resetAndDestroy !== undefined && !ending) {
      try {
        socket.resetAndDestroy();
        return;
      } catch { /* it is a pipe */ }
    }
    socket.destroy();
  }

  setNoDelay(on: boolean): void {
    (this.#carrier?.plain ?? this.#stream as Partial<Socket>).setNoDelay?.(on);
  }

  setKeepAlive(on: boolean): void {
    (this.#carrier?.plain ?? this.#stream as Partial<Socket>).setKeepAlive?.(on);
  }

  #came(chunk: Uint8Array): void {
    const reading = this.#reading;
    if (reading !== null && chunk.length <= reading.buffer.length) { // what is held was read before
      this.#reading = null;
      reading.buffer.set(chunk);
      reading.resolve(chunk.length);
      return;
    }
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    if (reading !== null) {
      this.#reading = null;
      reading.resolve(this.#takeHeld(reading.buffer));
    }
    if (this.#heldBytes >= MOST_HELD) this.#rest();
  }

  #rest(): void {
    this.#flowing = false;
    if (this.#carrier === null) this.#stream.pause();
    else this.#carrier.rest();
  }

  #goOn(): void {
    this.#flowing = true;
    if (this.#carrier === null) this.#stream.resume();
    else this.#carrier.goOn();
  }

  #takeHeld(buffer: Uint8Array): number {
    let count = 0;
    while (count < buffer.length && this.#held.length > 0) {
      const chunk = this.#held[0]!;
      const part = Math.min(chunk.length, buffer.length - count);
      buffer.set(part === chunk.length ? chunk : chunk.subarray(0, part), count);
      count += part;
      if (part === chunk.length) this.#held.shift();
      else this.#held[0] = chunk.subarray(part);
    }
    this.#heldBytes -= count;
    return count;
  }

  #finish(error: unknown): void {
    if (error === null) this.#ended = true;
    else this.#error ??= error;
    const reading = this.#reading;
    if (reading === null) return;
    this.#reading = null;
    if (error === null || this.#ended) reading.resolve(null);
    else reading.reject(this.#error);
  }
}
