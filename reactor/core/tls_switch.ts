/**
 * `TLSSwitch`: a connection on its way from plain text to TLS.
 *
 * ```text
 *   startTLS ──► what was written before is sent ──► the handshake ──► the stream under TLS
 *                takePlain                           shake
 * ```
 *
 * From `startTLS` on the connection does not read: whatever arrives, with a read that is in flight, belongs to the
 * handshake. What is written meanwhile waits, and goes out under TLS.
 * @module
 */
import { TLSError } from "./errors.ts";
import type { HostStream } from "./host_network.ts";
import type { DelayedCall, ReactorTime, TLSClientOptions, TLSServerOptions } from "./interfaces.ts";
import { ResumedStream } from "./resumed_stream.ts";

/** How long a handshake in the middle of a connection may take. */
const HANDSHAKE_SECONDS = 30;

/** TLS in the middle of a connection: the part of `HostNetwork` that `startTLS` needs. */
export interface StreamUpgrades {
  /** The server's side of a handshake. */
  serveTLS(stream: HostStream, options: TLSServerOptions): Promise<HostStream>;
  /** The client's side. */
  connectTLS(stream: HostStream, options: TLSClientOptions): Promise<HostStream>;
}

/** What was read of a connection before the handshake begins. */
export interface ReadBefore {
  /** What its protocol has not been given. */
  readonly held: Uint8Array | null;
  /** Whether the peer has finished. */
  readonly ended: boolean;
  /** Whether a read is in flight; it is given to {@linkcode TLSSwitch.readDone}. */
  readonly reading: boolean;
}

/** See the module. */
export class TLSSwitch {
  /** True once the handshake has begun. */
  shaking = false;
  readonly #upgrade: (stream: HostStream) => Promise<HostStream>;
  #plain: Uint8Array | null;
  #limit: DelayedCall | null = null;
  #takeRead: ((data: Uint8Array | null) => void) | null = null;

  /**
   * @param plain What was written before, which goes out as it is.
   * @param upgrade Does the handshake.
   */
  constructor(plain: Uint8Array, upgrade: (stream: HostStream) => Promise<HostStream>) {
    this.#plain = plain.length === 0 ? null : plain;
    this.#upgrade = upgrade;
  }

  /** What is to be sent before the handshake; `null` without anything, and when it was taken. */
  takePlain(): Uint8Array | null {
    const plain = this.#plain;
    this.#plain = null;
    return plain;
  }

  /**
   * Begins the handshake.
   *
   * @param time Sets its limit.
   * @param stream The plain connection.
   * @param before What was read of it.
   * @param late Told if the handshake takes too long; what becomes of it then does not count.
   */
  shake(
    time: ReactorTime,
    stream: HostStream,
    { held, ended, reading }: ReadBefore,
    late: (error: TLSError) => void,
  ): Promise<HostStream> {
    this.shaking = true;
    let next: Promise<Uint8Array | null> | null = null;
    if (reading) next = new Promise((resolve) => this.#takeRead = resolve);
    else if (ended) next = Promise.resolve(null);
    this.#limit = time.callLater(
      HANDSHAKE_SECONDS,
      () => late(new TLSError(`The TLS handshake took more than ${HANDSHAKE_SECONDS} seconds`)),
    );
    return this.#upgrade(new ResumedStream(stream, held, next));
  }

  /** The read that was in flight when the handshake began has ended, with these bytes or with none. */
  readDone(data: Uint8Array | null): void {
    this.#takeRead?.(data);
    this.#takeRead = null;
  }

  /** The handshake is through, or nobody waits for it any more. */
  over(): void {
    if (this.#limit?.active()) this.#limit.cancel();
  }
}
