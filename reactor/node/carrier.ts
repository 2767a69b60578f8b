/**
 * `Carrier`: one of our plain connections as a stream of Node's, for its TLS engine to read and write.
 *
 * ```text
 *   TLSSocket ◄── Carrier ◄── HostStream.read        no read while it rests: so a slow reader holds up its peer
 *   TLSSocket ──► Carrier ──► HostStream.write
 * ```
 * @module
 */
import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import type { HostStream } from "../core/host_network.ts";

const READ_BUFFER = 16_384;

/**
 * See the module. It outlives its destruction for a moment: Deno's engine destroys its stream and only then writes the
 * alert that tells the peer why a handshake failed, or that the connection was closed in order.
 */
export class Carrier extends Duplex {
  #buffer = Buffer.allocUnsafeSlow(READ_BUFFER);
  #resting = false;
  #wanted = false; // more was asked for while it rested
  #destroying = false;

  /** @param plain The connection. */
  constructor(readonly plain: HostStream) {
    super({ allowHalfOpen: true });
  }

  /**
   * Reads no more for now. The engine itself must not be paused: it takes whatever comes, and Deno's forgets the end of a
   * connection that comes meanwhile.
   */
  rest(): void {
    this.#resting = true;
  }

  /** Reads again. */
  goOn(): void {
    this.#resting = false;
    if (!this.#wanted) return;
    this.#wanted = false;
    this._read();
  }

  override _read(): void {
    if (this.#resting) {
      this.#wanted = true;
      return;
    }
    this.plain.read(this.#buffer).then(
      (count) => {
        if (count === null) {
          setImmediate(() => this.push(null)); // the engine may still have the peer's farewell to tell
          return;
        }
        this.push(this.#buffer.subarray(0, count));
        if (this.readableLength > 0) this.#buffer = Buffer.allocUnsafeSlow(READ_BUFFER); // it is not taken yet
      },
      (error) => this.destroy(error as Error),
    );
  }

  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error | null) => void): void {
    this.plain.write(chunk).then(
      (count) => count < chunk.length ? this._write(chunk.subarray(count), _encoding, done) : done(),
      (error) => done(error as Error),
    );
  }

  override _final(done: () => void): void {
    this.plain.closeWrite().then(done, done);
  }

  override destroy(error?: Error): this {
    if (this.#destroying) return this;
    this.#destroying = true;
    setImmediate(() => super.destroy(error));
    return this;
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    try {
      this.plain.close();
    } catch { /* it is closed already */ }
    done(error);
  }
}
