/**
 * The simple services of old: echo (RFC 862), discard (863), character generator (864), quote of the day (865),
 * daytime (867), time (868).
 *
 * @example
 * ```ts
 * import { Factory } from "@ropewalk/protocols";
 * import { Echo } from "@ropewalk/protocols/wire";
 *
 * const factory = Factory.forProtocol(Echo);
 * ```
 *
 * @module
 */
import type { PushProducer } from "@ropewalk/reactor/core";
import type { Factory } from "./factory.ts";
import { Protocol } from "./protocol.ts";

/** Sends back what comes. */
export class Echo<F = Factory> extends Protocol<F> {
  /** `write` has copied the data when it returns. */
  readonly borrowsData = true;

  /** Sends it back. */
  override dataReceived(data: Uint8Array): void {
    this.transport.write(data);
  }
}

/** Throws away what comes. */
export class Discard<F = Factory> extends Protocol<F> {
  /** Nothing is kept. */
  readonly borrowsData = true;

  /** Throws it away. */
  override dataReceived(_data: Uint8Array): void {}
}

/** Sends the pattern of RFC 864 until the peer has enough, as fast as it takes it. */
export class Chargen<F = Factory> extends Protocol<F> implements PushProducer {
  #line = 0;
  #paused = false;
  #stopped = false;

  /** Begins. */
  override connectionMade(): void {
    this.transport.registerProducer(this, true);
    this.#produce();
  }

  /** Holds. */
  pauseProducing(): void {
    this.#paused = true;
  }

  /** Goes on. */
  resumeProducing(): void {
    this.#paused = false;
    this.#produce();
  }

  /** Stops. */
  stopProducing(): void {
    this.#stopped = true;
  }

  #produce(): void {
    if (this.#paused || this.#stopped) return;
    let text = "";
    for (let i = 0; i < 64; i++, this.#line = (this.#line + 1) % 95) {
      for (let column = 0; column < 72; column++) {
        text += String.fromCharCode(32 + (this.#line + column) % 95);
      }
      text += "\r\n";
    }
    this.transport.write(text);
    if (!this.#paused) this.reactor.callLater(0, () => this.#produce()); // others have their turn in between
  }
}

/** Sends a text and closes. */
export class QOTD<F = Factory> extends Protocol<F> {
  readonly #quote: () => string;

  /**
   * A connection to be.
   *
   * @param quote Makes the text.
   */
  constructor(quote: () => string = () => "An apple a day keeps the doctor away.\r\n") {
    super();
    this.#quote = quote;
  }

  /** Sends it. */
  override connectionMade(): void {
    this.transport.write(this.#quote());
    this.transport.loseConnection();
  }
}

/** Sends the time in words and closes. */
export class Daytime<F = Factory> extends Protocol<F> {
  readonly #now: () => Date;

  /**
   * A connection to be.
   *
   * @param now Tells the time.
   */
  constructor(now: () => Date) {
    super();
    this.#now = now;
  }

  /** Sends it. */
  override connectionMade(): void {
    this.transport.write(`${this.#now().toUTCString()}\r\n`);
    this.transport.loseConnection();
  }
}

const SECONDS_1900_TO_1970 = 2_208_988_800;

/** Sends the seconds since 1900 as four bytes, and closes. */
export class Time<F = Factory> extends Protocol<F> {
  readonly #now: () => Date;

  /**
   * A connection to be.
   *
   * @param now Tells the time.
   */
  constructor(now: () => Date) {
    super();
    this.#now = now;
  }

  /** Sends it. */
  override connectionMade(): void {
    const seconds = Math.floor(this.#now().getTime() / 1000) + SECONDS_1900_TO_1970;
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, seconds);
    this.transport.write(bytes);
    this.transport.loseConnection();
  }
}
