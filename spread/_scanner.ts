/**
 * `Scanner`: finds where messages end, without making anything of them. It keeps its place between chunks, so that
 * each byte of a head is looked at once and payloads are skipped, however the bytes are cut.
 * @module
 */
import { BananaError } from "./errors.ts";
import type { ResolvedLimits } from "./limits.ts";
import { FLOAT, INT, LIST, LONGINT, LONGNEG, NEG, STRING, VOCAB } from "./_output.ts";
import { VOCABULARY } from "./_vocabulary.ts";

const WORDS = VOCABULARY.length;
// Stands for every number of more than four digits: more than any limit.
const HUGE = 0x7fffffff;

/**
 * ```text
 *   [message 1 root echo 1 [tuple [unicode hi]] [dictionary]]
 *                                      ^ next      left = 1 (in [unicode …]), open = [1, 7, 2, 2]: what is left outside
 * ```
 */
export class Scanner {
  /** Whether words of the vocabulary may come as numbers: only once a dialect has been chosen. */
  words = false;
  readonly #limits: ResolvedLimits;
  // How many elements are still to come, this one included: in the innermost open list, and in those around it.
  #left = 1;
  readonly #open: number[] = [];
  #depth = 0;
  // Where the next element begins, counted from the first byte of the message.
  #next = 0;

  constructor(limits: ResolvedLimits) {
    this.#limits = limits;
  }

  /**
   * Looks for the end of the message that begins at `start`; bytes that were there in an earlier call are the same.
   *
   * @param end How far `bytes` is filled.
   * @returns Where the message ends, or -1 if it is not all there.
   * @throws {BananaError} If a limit is exceeded, or the bytes are no banana.
   */
  scan(bytes: Uint8Array, start: number, end: number): number {
    const { maxSizeBytes, maxPrefixDigits, maxDepth, maxMessageBytes } = this.#limits;
    const open = this.#open;
    const words = this.words;
    let left = this.#left;
    let depth = this.#depth;
    let at = start + this.#next;
    for (;;) {
      if (at >= end) break;
      let type = bytes[at]!;
      let value = 0;
      let next = at + 1;
      if (type < 0x80) {
        if (next >= end) break;
        value = type;
        type = bytes[next++]!;
        if (type < 0x80) {
          // More than one digit. They are few in all that has a limit; how large an integer is does not matter.
          let digits = 1;
          do {
            if (digits < 4) value |= type << 7 * digits;
            else if (type !== 0) value = HUGE;
            if (++digits > maxPrefixDigits) throw new BananaError("A number has too many digits");
            if (next >= end) break;
            type = bytes[next++]!;
          } while (type < 0x80);
          if (type < 0x80) break;
        }
      }
      switch (type) {
        case LIST:
          if (value > maxSizeBytes) throw new BananaError("A list is too long");
          if (value === 0) break;
          if (depth >= maxDepth) throw new BananaError("Lists are nested too deep");
          open[depth++] = left;
          left = value;
          at = next;
          continue;
        case STRING:
          if (value > maxSizeBytes) throw new BananaError("A string is too long");
          next += value;
          break;
        case VOCAB:
          if (!words || value >= WORDS || value === 0) {
            throw new BananaError("A word is not in the vocabulary");
          }
          break;
        case INT:
        case LONGINT:
        case NEG:
        case LONGNEG:
          break;
        case FLOAT:
          next += 8;
          break;
        default:
          throw new BananaError(`An element has the unknown type ${type}`);
      }
      if (next > end) break;
      at = next;
      while (--left === 0) {
        if (depth === 0) {
          this.#left = 1;
          this.#depth = 0;
          this.#next = 0;
          if (at - start > maxMessageBytes) throw new BananaError("A message is too long");
          return at;
        }
        left = open[--depth]!;
      }
    }
    if (end - start > maxMessageBytes) throw new BananaError("A message is too long");
    this.#left = left;
    this.#depth = depth;
    this.#next = at - start;
    return -1;
  }
}
