/**
 * `Written`: what was written to a transport, piece by piece.
 * @module
 */

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** The pieces that were written to a transport, in order. */
export class Written {
  /** One entry for each write; a `writeSequence` is one write. */
  readonly pieces: Uint8Array[] = [];
  /** How many bytes there are in all of them. */
  length = 0;

  /** Adds one piece, which is kept as it is: not copied. */
  add(piece: Uint8Array): void {
    this.pieces.push(piece);
    this.length += piece.length;
  }

  /** All of it as one array of its own. */
  value(): Uint8Array<ArrayBuffer> {
    return concatenate(this.pieces, this.length);
  }

  /** All of it as UTF-8 text; malformed bytes become U+FFFD. */
  text(): string {
    return utf8.decode(this.value());
  }

  /** Forgets all of it. */
  clear(): void {
    this.pieces.length = 0;
    this.length = 0;
  }
}

/** Joins pieces into an array of its own. */
export function concatenate(
  pieces: readonly Uint8Array[],
  length: number = pieces.reduce((sum, piece) => sum + piece.length, 0),
): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
