/**
 * A stream of Node's — a socket, or TLS over one — as the reactor reads and writes it.
 * @module
 */
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Address } from "../core/addresses.ts";
import type { HostStream, TLSFacts } from "../core/host_network.ts";

/** So many bytes may come that nobody has asked for; then the stream is paused. */
const MOST_HELD = 65_536;

interface Reading {
  readonly buffer: Uint8Array;
  readonly resolve: (count: number | null) => void;
  readonly reject: (error: unknown) => void;
}

/** See {@linkcode HostStream}. */
export class NodeStream implements HostStream {
  readonly #held: Uint8Array[] = [];
  #heldBytes = 0;
  #flowing = false;
  #reading: Reading | null = null;
  #ended = false;
  #error: unknown = null;
  readonly #stream: Duplex;
  readonly #carrier: HostStream | null;

  /**
   * @param stream Node's, with `allowHalfOpen`.
   * @param localAddress Our end.
   * @param remoteAddress The far end.
   * @param tls What a handshake agreed on.
   * @param carrier The plain connection under TLS: options are its own.
   */
  constructor(
    stream: Duplex,
    readonly localAddress: Address,
    readonly remoteAddress: Address,
    readonly tls?: TLSFacts,
    carrier: HostStream | null = null,
  ) {
    this.#stream = stream;
    this.#carrier = carrier;
    stream.pause(); // till somebody reads
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
      if (this.#flowing) return;
      this.#flowing = true;
      this.#stream.resume();
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
    // An orderly end where it can be had at once: under TLS a closing alert, on a socket what was written goes out.
    if (!this.#stream.writableEnded) this.#stream.end();
    const { destroySoon } = this.#stream as Partial<Socket>;
    if (destroySoon !== undefined) destroySoon.call(this.#stream as Socket);
    else this.#stream.destroy();
  }

  abort(): void {
    const { resetAndDestroy } = this.#stream as Partial<Socket>;
    if (this.#carrier !== null) {
      (this.#carrier.abort ?? this.#carrier.close).call(this.#carrier);
      this.#stream.destroy();
    } else if (resetAndDestroy !== undefined) resetAndDestroy.call(this.#stream as Socket);
    else this.#stream.destroy();
  }

  setNoDelay(on: boolean): void {
    if (this.#carrier !== null) this.#carrier.setNoDelay?.(on);
    else (this.#stream as Partial<Socket>).setNoDelay?.(on);
  }

  setKeepAlive(on: boolean): void {
    if (this.#carrier !== null) this.#carrier.setKeepAlive?.(on);
    else (this.#stream as Partial<Socket>).setKeepAlive?.(on);
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
    if (this.#heldBytes < MOST_HELD) return;
    this.#flowing = false;
    this.#stream.pause();
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
