/**
 * `TimeoutFactory`: closes connections that are idle.
 * @module
 */
import type { Failure } from "@ropewalk/deferred";
import type {
  Address,
  ClientProtocolFactory,
  Data,
  DelayedCall,
  ProtocolFactory,
  ReactorTime,
  StreamProtocol,
  Transport,
} from "@ropewalk/reactor/core";
import { ProtocolWrapper, WrappingFactory } from "./wrapping.ts";

/** The wrapper that {@linkcode TimeoutFactory} makes: what comes and what is sent both count as life. */
export class TimeoutProtocol extends ProtocolWrapper {
  #seconds: number | null;
  #call: DelayedCall | null = null;
  readonly #time: ReactorTime | null;

  /**
   * Wraps a protocol.
   *
   * @param factory Who made it.
   * @param wrappedProtocol The protocol inside.
   * @param timeoutSeconds How long it may be idle.
   * @param reactor Where time comes from. @default the transport's
   */
  constructor(
    factory: WrappingFactory,
    wrappedProtocol: StreamProtocol,
    timeoutSeconds: number | null,
    reactor: ReactorTime | null = null,
  ) {
    super(factory, wrappedProtocol);
    this.#seconds = timeoutSeconds;
    this.#time = reactor;
  }

  /** The time begins. */
  override makeConnection(transport: Transport): void {
    if (this.#time !== null) this.reactor = this.#time;
    this.transport = transport;
    this.setTimeout(this.#seconds);
    return super.makeConnection(transport);
  }

  /** Begins anew, with another time; `null` for none. */
  setTimeout(seconds: number | null): void {
    this.cancelTimeout();
    this.#seconds = seconds;
    if (seconds !== null) {
      this.#call = this.reactor.callLater(seconds, () => {
        this.#call = null;
        this.timeoutFunc();
      });
    }
  }

  /** No more timeout. */
  cancelTimeout(): void {
    this.#seconds = null;
    this.#call?.cancel();
    this.#call = null;
  }

  /** A sign of life. */
  resetTimeout(): void {
    if (this.#call !== null && this.#seconds !== null) this.#call.reset(this.#seconds);
  }

  /** It was idle for too long: loses the connection, unless overridden. */
  timeoutFunc(): void {
    this.loseConnection();
  }

  /** Passes some bytes on. */
  override dataReceived(data: Uint8Array): void {
    this.resetTimeout();
    return super.dataReceived(data);
  }

  /** Sends data. */
  override write(data: Data): void {
    this.resetTimeout();
    super.write(data);
  }

  /** Sends several pieces. */
  override writeSequence(parts: Iterable<Data>): void {
    this.resetTimeout();
    super.writeSequence(parts);
  }

  /** No more timeout. */
  override connectionLost(reason: Failure): void {
    this.cancelTimeout();
    return super.connectionLost(reason);
  }
}

/**
 * Closes the connections of another factory when nothing came or was sent for a while.
 *
 * @example
 * ```ts
 * import { Factory, LineReceiver, TimeoutFactory } from "@ropewalk/protocols";
 *
 * const factory = new TimeoutFactory(Factory.forProtocol(LineReceiver), { timeoutSeconds: 60 });
 * ```
 */
export class TimeoutFactory extends WrappingFactory {
  /** How long a connection may be idle, in seconds. */
  readonly timeoutSeconds: number;
  readonly #reactor: ReactorTime | null;

  /**
   * Wraps a factory.
   *
   * @param wrappedFactory Makes the protocols inside.
   * @param options How long, and on which clock. `timeoutSeconds` is 1,800 and `reactor` the transport's by default.
   */
  constructor(
    wrappedFactory: ProtocolFactory | ClientProtocolFactory,
    options: { timeoutSeconds?: number; reactor?: ReactorTime } = {},
  ) {
    super(wrappedFactory);
    this.timeoutSeconds = options.timeoutSeconds ?? 1800;
    this.#reactor = options.reactor ?? null;
  }

  /** Makes the wrapper for one protocol. */
  protected override wrap(protocol: StreamProtocol, _address: Address): ProtocolWrapper {
    return new TimeoutProtocol(this, protocol, this.timeoutSeconds, this.#reactor);
  }
}
