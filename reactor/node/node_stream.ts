/**
 * A stream of Node's — a socket, or TLS over one — as the reactor reads and writes it.
 * @module
 */
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Address } from "../core/addresses.ts";
import type { HostStream, TLSFacts } from "../core/host_network.ts";

interface Reading {
  readonly buffer: Uint8Array;
  readonly resolve: (count: number | null) => void;
  readonly reject: (error: unknown) => void;
}

/** See {@linkcode HostStream}. */
export class NodeStream implements HostStream {
  #rest: Uint8Array | null = null;
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
    stream.on("readable", () => this.#more());
    stream.on("end", () => this.#finish(null));
    stream.on("error", (error: Error) => this.#finish(error));
    stream.on("close", () => this.#finish(new Error("The connection was closed")));
  }

  read(buffer: Uint8Array): Promise<number | null> {
    const now = this.#take(buffer);
    if (now !== 0) return Promise.resolve(now);
    if (this.#error !== null) return Promise.reject(this.#error);
    return new Promise((resolve, reject) => {
      this.#reading = { buffer, resolve, reject };
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

  #take(buffer: Uint8Array): number | null {
    const chunk = this.#rest ?? this.#stream.read() as Uint8Array | null;
    if (chunk === null) return this.#ended ? null : 0;
    const count = Math.min(chunk.length, buffer.length);
    buffer.set(chunk.subarray(0, count));
    this.#rest = count === chunk.length ? null : chunk.subarray(count);
    return count;
  }

  #more(): void {
    const reading = this.#reading;
    if (reading === null) return;
    const count = this.#take(reading.buffer);
    if (count === 0) return;
    this.#reading = null;
    reading.resolve(count);
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
