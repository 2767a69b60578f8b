/**
 * What happened in a simulated network, for the reader of a failure.
 * @module
 */

/** One thing that happened. */
interface Entry {
  seconds: number;
  from: string;
  to: string;
  what: string;
  bytes: number;
}

/**
 * The last things that happened, and a checksum over all of them: two runs of one seed have the same.
 *
 * A ring of entries that are written over, so that a long run costs no memory and a recorded event no allocation.
 */
export class Trace {
  readonly #ring: Entry[] = [];
  readonly #size: number;
  #next = 0;
  /** How many things happened in all. */
  count = 0;
  /** A checksum over every one of them, in order. */
  checksum = 0;

  /** Begins an empty trace.
   *
   * @param size How many entries are kept.
   */
  constructor(size: number) {
    this.#size = size;
  }

  /** Notes that something happened between two hosts, or at one of them. */
  note(seconds: number, from: string, to: string, what: string, bytes: number): void {
    this.count++;
    this.#mix(seconds * 1e9);
    this.#mix(bytes);
    for (const text of [from, to, what]) {
      for (let i = 0; i < text.length; i++) this.#mix(text.charCodeAt(i));
    }
    const entry = this.#ring[this.#next];
    if (entry === undefined) this.#ring.push({ seconds, from, to, what, bytes });
    else {
      entry.seconds = seconds;
      entry.from = from;
      entry.to = to;
      entry.what = what;
      entry.bytes = bytes;
    }
    this.#next = (this.#next + 1) % this.#size;
  }

  #mix(value: number): void {
    this.checksum = Math.imul(this.checksum ^ value % 2 ** 32, 0x01000193) >>> 0;
  }

  /** The last entries, one on a line. */
  toString(): string {
    const inOrder = [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)];
    return inOrder.map(({ seconds, from, to, what, bytes }) => {
      const where = to === "" ? from : `${from} → ${to}`;
      return `${seconds.toFixed(6).padStart(12)}  ${where}  ${what}${bytes > 0 ? ` ${bytes} bytes` : ""}`;
    }).join("\n");
  }
}
