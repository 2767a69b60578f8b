/**
 * `ThrottlingFactory`: a limit on bytes each second, over all connections together.
 * @module
 */
import type {
  Address,
  ClientProtocolFactory,
  Data,
  DelayedCall,
  ProtocolFactory,
  PullProducer,
  PushProducer,
  ReactorTime,
  StreamProtocol,
} from "@ropewalk/reactor/core";
import { toBytes } from "../bytes.ts";
import { ProtocolWrapper, WrappingFactory } from "./wrapping.ts";

/** Options of {@linkcode ThrottlingFactory}. */
export interface ThrottlingFactoryOptions {
  /** How many connections there may be; more are refused. @default any number */
  maxConnectionCount?: number;
  /** Bytes to read each second. @default any number */
  readLimit?: number | null;
  /** Bytes to write each second. @default any number */
  writeLimit?: number | null;
  /** Where the seconds come from. @default the reactor of the first connection */
  reactor?: ReactorTime;
}

/** Tells a producer to hold when the transport, or the limit, asks for it. */
class ThrottledProducer implements PushProducer {
  #full = false; // the transport asked to hold
  #throttled = false;
  #asked = false; // a pull producer was asked while throttled

  constructor(readonly producer: PushProducer | PullProducer, readonly streaming: boolean) {}

  pauseProducing(): void {
    const held = this.#full || this.#throttled;
    this.#full = true;
    if (!held) this.#tellToHold();
  }

  resumeProducing(): void {
    this.#full = false;
    if (this.#throttled) this.#asked = true;
    else this.producer.resumeProducing();
  }

  stopProducing(): void {
    this.producer.stopProducing();
  }

  throttle(): void {
    if (this.#throttled) return; // and what was asked meanwhile stays asked
    const held = this.#full || this.#throttled;
    this.#throttled = true;
    this.#asked = this.streaming; // a streaming producer goes on by itself afterwards
    if (!held) this.#tellToHold();
  }

  unthrottle(): void {
    if (!this.#throttled) return;
    this.#throttled = false;
    if (this.#asked && !this.#full) this.producer.resumeProducing();
    this.#asked = false;
  }

  #tellToHold(): void {
    if ("pauseProducing" in this.producer) this.producer.pauseProducing();
  }
}

/** The wrapper that {@linkcode ThrottlingFactory} makes: counts bytes, and can be told to hold. */
export class ThrottlingProtocol extends ProtocolWrapper {
  readonly #account: ThrottlingFactory;
  #producer: ThrottledProducer | null = null;
  #throttled = false;
  #paused = false; // by the protocol inside

  /**
   * Wraps a protocol.
   *
   * @param factory Counts the bytes of all connections.
   * @param wrappedProtocol The protocol inside.
   */
  constructor(factory: ThrottlingFactory, wrappedProtocol: StreamProtocol) {
    super(factory, wrappedProtocol);
    this.#account = factory;
  }

  /** Counts what is sent, and sends it. */
  override write(data: Data): void {
    const bytes = toBytes(data);
    this.#account.registerWritten(bytes.length);
    super.write(bytes);
  }

  /** Counts what is sent, and sends it. */
  override writeSequence(parts: Iterable<Data>): void {
    const all = Array.from(parts, toBytes);
    for (const part of all) this.#account.registerWritten(part.length);
    super.writeSequence(all);
  }

  /** Counts what came, and passes it on. */
  override dataReceived(data: Uint8Array): void {
    this.#account.registerRead(data.length);
    return super.dataReceived(data);
  }

  /** Ties a producer to the transport, by way of the limit. */
  override registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    const throttled = new ThrottledProducer(producer, streaming);
    this.#producer = throttled;
    if (this.#account.writesThrottled) throttled.throttle();
    super.registerProducer(throttled, streaming);
  }

  /** The producer is done. */
  override unregisterProducer(): void {
    this.#producer = null;
    super.unregisterProducer();
  }

  /** The protocol inside stops reading. */
  override pauseProducing(): void {
    this.#paused = true;
    if (!this.#throttled) super.pauseProducing();
  }

  /** The protocol inside goes on reading, as soon as the limit allows. */
  override resumeProducing(): void {
    this.#paused = false;
    if (!this.#throttled) super.resumeProducing();
  }

  /** Stops reading, whatever the protocol inside wants. */
  throttleReads(): void {
    if (this.#throttled) return;
    this.#throttled = true;
    if (!this.#paused) super.pauseProducing();
  }

  /** Goes on reading if the protocol inside wants to. */
  unthrottleReads(): void {
    if (!this.#throttled) return;
    this.#throttled = false;
    if (!this.#paused) super.resumeProducing();
  }

  /** Has the producer hold, if there is one. */
  throttleWrites(): void {
    this.#producer?.throttle();
  }

  /** Has the producer go on. */
  unthrottleWrites(): void {
    this.#producer?.unthrottle();
  }
}

/**
 * Limits how many bytes all connections together read and write each second. It looks once a second: whoever went
 * beyond the limit makes all of them wait for as long as the surplus would have taken. Writes can be held only where a
 * producer is registered.
 *
 * @example
 * ```ts
 * import { Factory, LineReceiver, ThrottlingFactory } from "@ropewalk/protocols";
 *
 * const factory = new ThrottlingFactory(Factory.forProtocol(LineReceiver), {
 *   maxConnectionCount: 100,
 *   readLimit: 1_000_000,
 * });
 * ```
 */
export class ThrottlingFactory extends WrappingFactory {
  /** How many connections there are. */
  connectionCount = 0;
  /** How many there may be. */
  readonly maxConnectionCount: number;
  /** Bytes to read each second; `null` for any number. */
  readonly readLimit: number | null;
  /** Bytes to write each second; `null` for any number. */
  readonly writeLimit: number | null;
  /** Bytes read since the last look. */
  readThisSecond = 0;
  /** Bytes written since the last look. */
  writtenThisSecond = 0;
  /** True while nothing is read. */
  readsThrottled = false;
  /** True while producers hold. */
  writesThrottled = false;
  #reactor: ReactorTime | null;
  #check: DelayedCall | null = null;
  #unthrottleReads: DelayedCall | null = null;
  #unthrottleWrites: DelayedCall | null = null;

  /**
   * Wraps a factory.
   *
   * @param wrappedFactory Makes the protocols inside.
   * @param options The limits.
   */
  constructor(
    wrappedFactory: ProtocolFactory | ClientProtocolFactory,
    options: ThrottlingFactoryOptions = {},
  ) {
    super(wrappedFactory);
    this.maxConnectionCount = options.maxConnectionCount ?? Infinity;
    this.readLimit = options.readLimit ?? null;
    this.writeLimit = options.writeLimit ?? null;
    this.#reactor = options.reactor ?? null;
  }

  /** A wrapped protocol, or `null` if there are enough connections. */
  override buildProtocol(address: Address): StreamProtocol | null {
    if (this.connectionCount >= this.maxConnectionCount) return null;
    const protocol = super.buildProtocol(address);
    if (protocol !== null) this.connectionCount++;
    return protocol;
  }

  /** Some bytes were written. */
  registerWritten(length: number): void {
    this.writtenThisSecond += length;
  }

  /** Some bytes were read. */
  registerRead(length: number): void {
    this.readThisSecond += length;
  }

  /** A connection is there; the first starts the clock. */
  override registerProtocol(wrapper: ProtocolWrapper): void {
    super.registerProtocol(wrapper);
    this.#reactor ??= wrapper.reactor;
    if (this.#check === null && (this.readLimit !== null || this.writeLimit !== null)) this.#lookInASecond();
    if (this.readsThrottled) (wrapper as ThrottlingProtocol).throttleReads();
  }

  /** A connection is gone; the last stops the clock. */
  override unregisterProtocol(wrapper: ProtocolWrapper): void {
    super.unregisterProtocol(wrapper);
    if (--this.connectionCount > 0) return;
    for (const call of [this.#check, this.#unthrottleReads, this.#unthrottleWrites]) call?.cancel();
    this.#check = this.#unthrottleReads = this.#unthrottleWrites = null;
    this.readsThrottled = this.writesThrottled = false;
    this.readThisSecond = this.writtenThisSecond = 0;
  }

  /** Makes the wrapper for one protocol. */
  protected override wrap(protocol: StreamProtocol, _address: Address): ProtocolWrapper {
    return new ThrottlingProtocol(this, protocol);
  }

  #lookInASecond(): void {
    this.#check = this.#reactor!.callLater(1, () => this.#look());
  }

  #look(): void {
    this.#check = null;
    if (this.readLimit !== null && this.readThisSecond > this.readLimit) {
      const seconds = this.readThisSecond / this.readLimit - 1;
      this.readsThrottled = true;
      for (const wrapper of this.protocols) (wrapper as ThrottlingProtocol).throttleReads();
      this.#unthrottleReads?.cancel();
      this.#unthrottleReads = this.#reactor!.callLater(seconds, () => {
        this.#unthrottleReads = null;
        this.readsThrottled = false;
        for (const wrapper of this.protocols) (wrapper as ThrottlingProtocol).unthrottleReads();
      });
    }
    if (this.writeLimit !== null && this.writtenThisSecond > this.writeLimit) {
      const seconds = this.writtenThisSecond / this.writeLimit - 1;
      this.writesThrottled = true;
      for (const wrapper of this.protocols) (wrapper as ThrottlingProtocol).throttleWrites();
      this.#unthrottleWrites?.cancel();
      this.#unthrottleWrites = this.#reactor!.callLater(seconds, () => {
        this.#unthrottleWrites = null;
        this.writesThrottled = false;
        for (const wrapper of this.protocols) (wrapper as ThrottlingProtocol).unthrottleWrites();
      });
    }
    this.readThisSecond = this.writtenThisSecond = 0;
    this.#lookInASecond();
  }
}
