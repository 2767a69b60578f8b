/**
 * `Dispatcher`: tells the messages of a peer apart, and hands each to what deals with its kind.
 * @module
 */
import { getLogger } from "@logtape/logtape";
import { PB_VERSION } from "./broker_options.ts";
import { ProtocolError } from "./errors.ts";
import type { Extensions } from "./_extensions.ts";
import type { IncomingCalls } from "./_incoming_calls.ts";
import type { Ledger } from "./_ledger.ts";
import type { Outbox } from "./_outbox.ts";
import type { OutgoingCalls } from "./_outgoing_calls.ts";
import { LIST, VOCAB } from "./_output.ts";
import type { Reader } from "./_reader.ts";
import {
  ANSWER,
  CACHEMESSAGE,
  DECACHE,
  DECREF,
  ERROR,
  MESSAGE,
  UNCACHE,
  VERSION,
  WORD_BYTES,
} from "./_vocabulary.ts";

const logger = getLogger(["ropewalk", "spread"]);

/** The parts of one connection. */
export interface Parts {
  readonly reader: Reader;
  readonly incoming: IncomingCalls;
  readonly outgoing: OutgoingCalls;
  readonly ledger: Ledger;
  readonly outbox: Outbox;
  readonly extensions: Extensions;
}

/** Deals with the messages of one connection, once its handshake is through. */
export class Dispatcher {
  readonly #guard: (f: () => unknown) => void;
  readonly #reader: Reader;
  readonly #incoming: IncomingCalls;
  readonly #outgoing: OutgoingCalls;
  readonly #ledger: Ledger;
  readonly #outbox: Outbox;
  readonly #extensions: Extensions;

  /**
   * @param guard Calls a function of the program, and reports what it throws.
   * @param parts What deals with the messages.
   */
  constructor(guard: (f: () => unknown) => void, parts: Parts) {
    this.#guard = guard;
    this.#reader = parts.reader;
    this.#incoming = parts.incoming;
    this.#outgoing = parts.outgoing;
    this.#ledger = parts.ledger;
    this.#outbox = parts.outbox;
    this.#extensions = parts.extensions;
  }

  /**
   * A message came, and was opened in the reader.
   *
   * @throws {ProtocolError} If it means nothing.
   */
  message(): void {
    const reader = this.#reader;
    if (reader.next() !== LIST || reader.value === 0) throw new ProtocolError("A message is no list");
    const count = reader.value;
    const type = reader.peek();
    let word = VOCAB === type ? reader.value : 0;
    const name = reader.name();
    if (word === 0) word = WORDS.get(name) ?? 0;
    switch (word) {
      case MESSAGE:
        this.#need(count, 7);
        this.#incoming.received(false);
        break;
      case CACHEMESSAGE:
        this.#need(count, 7);
        this.#incoming.received(true);
        break;
      case ANSWER:
        this.#need(count, 3);
        this.#outgoing.answered(false);
        break;
      case ERROR:
        this.#need(count, 3);
        this.#outgoing.answered(true);
        break;
      case DECREF:
        this.#need(count, 2);
        this.#ledger.decref(reader.integer());
        break;
      case DECACHE:
        this.#need(count, 2);
        if (this.#ledger.decache(reader.integer())) this.#outbox.pair(UNCACHE, reader.value);
        break;
      case UNCACHE:
        this.#need(count, 2);
        this.#ledger.uncache(reader.integer());
        break;
      case VERSION: {
        this.#need(count, 2);
        const version = reader.integer();
        if (version !== PB_VERSION) {
          throw new ProtocolError(`Version ${version} is not compatible with ${PB_VERSION}`);
        }
        if (++this.#extensions.versions === 2) {
          this.#extensions.agreement = "agreed";
          this.#outbox.tell("ropewalk", 1);
        }
        break;
      }
      default:
        if (name !== "didNotUnderstand") {
          this.#heard(name, count);
          break;
        }
        logger.warn("The peer did not understand a message");
    }
  }

  #need(count: number, wanted: number): void {
    if (count !== wanted) throw new ProtocolError("A message has the wrong length");
  }

  #heard(name: string, count: number): void {
    this.#need(count, 2);
    const number = this.#reader.integer();
    const extensions = this.#extensions;
    if (name === "ropewalk" && extensions.agreement !== "unknown") extensions.agreement = "agreed";
    else if (extensions.agreement !== "agreed") throw new ProtocolError("A message is of an unknown kind");
    else if (name === "cancel") this.#guard(() => extensions.cancel(number));
    else if (name === "release") extensions.release(number);
    else throw new ProtocolError("A message is of an unknown kind");
  }
}

// Messages whose kind was sent as a string: legal, though nobody does it.
const WORDS = new Map(
  [MESSAGE, CACHEMESSAGE, ANSWER, ERROR, DECREF, DECACHE, UNCACHE, VERSION].map((word) =>
    [new TextDecoder().decode(WORD_BYTES[word]), word] as const
  ),
);
