/**
 * What a connection reads into. It begins as a slot of 512 bytes, grows fourfold whenever a read fills it, and shrinks
 * again when several reads in a row bring little.
 *
 * ```text
 *   forRead ──► [ read      |          ] ──lend──► the protocol looks at it ──takeBack──► forRead …
 *                                                        └─ write(that very view): the buffer goes to
 *                                                           the connection that sends it, uncopied
 *               [ read      |          ] ──give──► the protocol's, for good
 * ```
 * @module
 */
import { giveLarge, takeLarge } from "./large_buffers.ts";
import { copyToKeep, giveSmall, SMALL, takeSmall } from "./read_buffers.ts";

/** The largest buffer that a busy connection reads into. */
const LARGE = 65_536;
const GROWTH = 4;
const SMALL_READS = 8; // so many in a row that a buffer of a quarter would have held, and it shrinks
const PASSED_ON = 16_384; // less is copied: that costs less than another buffer does

// What a protocol looks at just now. There is one at most: no delivery of borrowed bytes begins inside another.
let lent: Uint8Array | null = null;

/**
 * Takes over bytes that are about to be sent, with their whole buffer, if they are those that are lent just now and not
 * few. Then nobody else writes to them any more; otherwise they have to be copied.
 */
export function takeOver(data: Uint8Array): boolean {
  if (data !== lent || data.length < PASSED_ON) return false;
  lent = null;
  return true;
}

/** The buffer of one connection. */
export class InBuffer {
  #bytes: Uint8Array | null = null;
  #size = SMALL;
  #smallReads = 0;

  /** Where the next read goes to, until {@linkcode lend}, {@linkcode give} or {@linkcode drop}. */
  forRead(): Uint8Array {
    return this.#bytes ??= this.#size === SMALL ? takeSmall() : new Uint8Array(this.#size);
  }

  /** The first `count` bytes, to be looked at until {@linkcode takeBack}. */
  lend(count: number): Uint8Array {
    return lent = this.#view(count);
  }

  /** What was lent is ours again, unless somebody took it over. */
  takeBack(count: number): void {
    const taken = lent === null;
    lent = null;
    if (this.#bytes === null) return; // dropped meanwhile: the connection has ended
    const size = this.#bytes.length;
    if (taken) this.#bytes = size === LARGE ? takeLarge(LARGE) : null;
    this.#adapt(size, count);
  }

  /** The first `count` bytes, not ours any more: a large piece with its buffer, of a small one a copy. */
  give(count: number): Uint8Array {
    const view = this.#view(count);
    const size = this.#bytes!.length;
    const copied = size === SMALL || count * 2 < size;
    const data = copied ? copyToKeep(view) : view;
    if (!copied) this.#bytes = null;
    this.#adapt(size, count);
    return data;
  }

  /** A copy of the first `count` bytes. */
  copy(count: number): Uint8Array {
    return this.#bytes!.slice(0, count);
  }

  /** Gives the buffer back. No read may be pending on it. */
  drop(): void {
    const bytes = this.#bytes;
    this.#bytes = null;
    if (bytes === null) return;
    if (bytes.length === SMALL) giveSmall(bytes);
    else giveLarge(bytes.buffer as ArrayBuffer);
  }

  #view(count: number): Uint8Array {
    const bytes = this.#bytes!;
    return count === bytes.length ? bytes : bytes.subarray(0, count);
  }

  #adapt(size: number, count: number): void {
    if (count === size) {
      this.#smallReads = 0;
      if (size < LARGE) this.#resize(Math.min(size * GROWTH, LARGE));
    } else if (size > SMALL && count * GROWTH <= size) {
      if (++this.#smallReads >= SMALL_READS) this.#resize(Math.max(SMALL, size / GROWTH));
    } else this.#smallReads = 0;
  }

  #resize(size: number): void {
    this.drop(); // a protocol that borrows has returned from looking at it, and any other never got it
    this.#size = size;
    this.#smallReads = 0;
  }
}
