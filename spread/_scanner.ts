/**
 * `Scanner`: finds where messages end, without making anything of them. It keeps its place between chunks, so that
 * each byte of a head is looked at once and payloads are skipped, however the bytes are cut.
 * @module
 */
import { BananaError } from "./errors.ts";
import type { ResolvedLimits } from "./limits.ts";
import { FLOAT, INT, LIST, LONGINT, LONGNEG, NEG, STRING, VOCAB } from "./_output.ts";
import { VOCABULARY } from "./_vocabulary.ts";

/** The state between two elements: how many are still to come in each open list, outermost first. */
export class Scanner {
  /** Whether words of the vocabulary may come as numbers: only once a dialect has been chosen. */
  words = false;
  readonly #limits: ResolvedLimits;
  #open: number[] = [];
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
    const limits = this.#limits;
    let at = start + this.#next;
    for (;;) {
      let element = at;
      let byte = 0;
      let value = 0;
      let scale = 1;
      // The digits.
      for (;;) {
        if (element >= end) return this.#wait(at - start, element - at, end - start);
        byte = bytes[element]!;
        if (byte >= 0x80) break;
        value += byte * scale;
        scale *= 128;
        element++;
      }
      const digits = element - at;
      if (digits > limits.maxPrefixDigits) throw new BananaError("A number has too many digits");
      element++;
      let opened = false;
      switch (byte) {
        case STRING:
          if (value > limits.maxSizeBytes) throw new BananaError("A string is too long");
          element += value;
          break;
        case LIST:
          if (value > limits.maxSizeBytes) throw new BananaError("A list is too long");
          if (value > 0) {
            if (this.#depth >= limits.maxDepth) throw new BananaError("Lists are nested too deep");
            this.#open[this.#depth++] = value;
            opened = true;
          }
          break;
        case VOCAB:
          if (!this.words || value >= VOCABULARY.length || value === 0) {
            throw new BananaError("A word is not in the vocabulary");
          }
          break;
        case FLOAT:
          element += 8;
          break;
        case INT:
        case LONGINT:
        case NEG:
        case LONGNEG:
          break;
        default:
          throw new BananaError(`An element has the unknown type ${byte}`);
      }
      if (element > end) {
        if (element - start > limits.maxMessageBytes) throw new BananaError("A message is too long");
        return this.#wait(at - start, digits, end - start);
      }
      at = element;
      if (opened) continue;
      while (this.#depth > 0 && --this.#open[this.#depth - 1]! === 0) this.#depth--;
      if (this.#depth === 0) {
        this.#next = 0;
        if (at - start > limits.maxMessageBytes) throw new BananaError("A message is too long");
        return at;
      }
    }
  }

  #wait(next: number, digits: number, length: number): number {
    if (digits > this.#limits.maxPrefixDigits) throw new BananaError("A number has too many digits");
    if (length > this.#limits.maxMessageBytes) throw new BananaError("A message is too long");
    this.#next = next;
    return -1;
  }
}
