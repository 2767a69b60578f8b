/**
 * A stream of which some bytes were read already, and on which a read may be in flight: both are given to its new owner.
 * @module
 */
import type { Address } from "./addresses.ts";
import type { HostStream } from "./host_network.ts";

/** See the module. */
export class ResumedStream implements HostStream {
  readonly localAddress: Address;
  readonly remoteAddress: Address;
  readonly #stream: HostStream;
  #first: Uint8Array | null;
  #inFlight: Promise<Uint8Array | null> | null;

  /**
   * @param stream The stream.
   * @param first What was read before.
   * @param inFlight The read in flight.
   */
  constructor(stream: HostStream, first: Uint8Array | null, inFlight: Promise<Uint8Array | null> | null) {
    this.#stream = stream;
    this.localAddress = stream.localAddress;
    this.remoteAddress = stream.remoteAddress;
    this.#first = first;
    this.#inFlight = inFlight;
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    if (this.#first === null && this.#inFlight !== null) {
      this.#first = await this.#inFlight;
      this.#inFlight = null;
      if (this.#first === null) return null;
    }
    const first = this.#first;
    if (first === null) return await this.#stream.read(buffer);
    const count = Math.min(first.length, buffer.length);
    buffer.set(first.subarray(0, count));
    this.#first = count === first.length ? null : first.subarray(count);
    return count;
  }

  write(data: Uint8Array): Promise<number> {
    return this.#stream.write(data);
  }

  closeWrite(): Promise<void> {
    return this.#stream.closeWrite();
  }

  close(): void {
    this.#stream.close();
  }

  abort(): void {
    (this.#stream.abort ?? this.#stream.close).call(this.#stream);
  }

  setNoDelay(on: boolean): void {
    this.#stream.setNoDelay?.(on);
  }

  setKeepAlive(on: boolean): void {
    this.#stream.setKeepAlive?.(on);
  }
}
