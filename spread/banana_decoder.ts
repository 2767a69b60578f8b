/**
 * `BananaDecoder`: banana to plain values, from bytes that are cut anywhere.
 * @module
 */
import { type BananaLimits, resolveLimits } from "./limits.ts";
import { Inbox } from "./_inbox.ts";
import { FLOAT, LIST, STRING, VOCAB } from "./_output.ts";
import { Reader } from "./_reader.ts";

/** A decoded value: see the table in the module's description. */
export type DecodedBanana = number | bigint | Uint8Array | DecodedBanana[];

/** Options of {@linkcode BananaDecoder}. */
export interface BananaDecoderOptions extends BananaLimits {
  /** `"pb"`: words of the vocabulary may come as numbers. @default "none" */
  dialect?: "none" | "pb";
}

/** Reads banana. */
export class BananaDecoder {
  readonly #inbox: Inbox;

  /**
   * Makes one.
   *
   * @param onValue Called with each value, synchronously, as soon as its last byte is there.
   * @param options Limits and the dialect.
   */
  constructor(onValue: (value: DecodedBanana) => void, options: BananaDecoderOptions = {}) {
    const reader = new Reader();
    this.#inbox = new Inbox(resolveLimits(options), (bytes, start) => {
      reader.open(bytes, start);
      onValue(readElement(reader));
    });
    this.#inbox.scanner.words = options.dialect === "pb";
  }

  /**
   * Takes some bytes, cut anywhere. They are copied if they are needed longer.
   *
   * @throws {BananaError} If they are no banana, or exceed a limit.
   */
  dataReceived(data: Uint8Array): void {
    this.#inbox.feed(data);
  }

  /** Chooses the dialect: from the next value on. */
  selectDialect(dialect: "none" | "pb"): void {
    this.#inbox.scanner.words = dialect === "pb";
  }
}

/** Reads the next element of a message as a plain value. */
export function readElement(reader: Reader): DecodedBanana {
  const type = reader.next();
  switch (type) {
    case LIST: {
      const items: DecodedBanana[] = [];
      for (let left = reader.value; left > 0; left--) items.push(readElement(reader));
      return items;
    }
    case STRING:
    case VOCAB:
      return reader.takeBytes(type);
    case FLOAT:
      return reader.float();
    default:
      return reader.number(type);
  }
}
