/**
 * Bytes of which each tells where it belongs, with those who send and check them.
 * @module
 */
import type { PushProducer, StreamProtocol, Transport } from "../core/interfaces.ts";
import { Recorder } from "./recorder.ts";

/** n % 251 for every n: of any two pieces that were lost or changed places, some byte tells. */
const LONGEST = 251 * 1000;
const PATTERN = Uint8Array.from({ length: LONGEST + 251 }, (_, n) => n % 251);

/** So many of those bytes, at most {@linkcode LONGEST}. */
export function numbered(from: number, length: number): Uint8Array {
  return PATTERN.slice(from % 251, from % 251 + length);
}

/** Counts bytes, and checks that each is the one that has to come: n % 251. */
export class Checker extends Recorder {
  count = 0;
  faults = 0;

  override dataReceived(data: Uint8Array): void {
    for (let start = 0; start < data.length; start += LONGEST) {
      const length = Math.min(LONGEST, data.length - start);
      const from = this.count % 251;
      for (let i = 0; i < length; i++) if (data[start + i] !== PATTERN[from + i]) this.faults++;
      this.count += length;
    }
    super.dataReceived(new Uint8Array(0));
  }
}

export class BorrowingChecker extends Checker implements StreamProtocol {
  readonly borrowsData = true;
}

export class BorrowingEcho extends Recorder implements StreamProtocol {
  readonly borrowsData = true;

  override dataReceived(data: Uint8Array): void {
    this.transport.write(data);
  }
}

export class Keeper extends Recorder {
  readonly chunks: Uint8Array[] = [];

  override dataReceived(data: Uint8Array): void {
    this.chunks.push(data);
    super.dataReceived(new Uint8Array(0));
  }
}

/** Sends so many bytes, a piece at a time, as long as it is not paused. */
export class Pusher implements PushProducer {
  sent = 0;
  pauses = 0;
  stopped = false;
  #paused = false;

  constructor(readonly transport: Transport, readonly total: number, readonly piece = 65_536) {
    transport.registerProducer(this, true);
  }

  resumeProducing(): void {
    this.#paused = false;
    while (!this.#paused && this.sent < this.total) {
      const length = Math.min(this.piece, this.total - this.sent);
      this.transport.write(numbered(this.sent, length));
      this.sent += length;
    }
    if (this.sent === this.total) this.transport.unregisterProducer();
  }

  pauseProducing(): void {
    this.pauses++;
    this.#paused = true;
  }

  stopProducing(): void {
    this.stopped = true;
    this.#paused = true;
  }
}
