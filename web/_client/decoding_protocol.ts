/**
 * A protocol that stands before another one and decodes what comes, by a transform stream of the platform.
 * @module
 */
import { Failure } from "@ropewalk/deferred";
import type { StreamProtocol, Transport } from "@ropewalk/reactor/core";
import { BodyTransport } from "./body_transport.ts";
import { PotentialDataLoss, ResponseDone, ResponseFailed } from "./errors.ts";
import type { ClientResponse } from "./response.ts";

/** Bytes in, other bytes out: the platform's `DecompressionStream`, or another pair of streams. */
export interface Transformer {
  /** What comes out. */
  readonly readable: ReadableStream<Uint8Array>;
  /** What goes in. */
  readonly writable: WritableStream<BufferSource>;
}

/** When this much has gone in and not come out, the server is held back. */
const HIGH_WATER_BYTES = 65_536;

/**
 * Decodes a body.
 *
 * ```text
 *   transport ──dataReceived──► writer ~~ transformer ~~ reader ──dataReceived──► protocol
 *       ▲ pause, resume              pending bytes                  held: not read   │
 *       └─────────────────────────────────────────────────────────────────────────────┘
 * ```
 */
export class DecodingProtocol implements StreamProtocol {
  readonly #protocol: StreamProtocol;
  readonly #response: ClientResponse;
  readonly #writer: WritableStreamDefaultWriter<BufferSource>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #transport!: Transport;
  #pending = 0;
  #paused = false; // what comes from the server
  #held = false; // by the protocol
  #release: (() => void) | null = null;
  #over = false;
  #reason: Failure | null = null;

  constructor(transformer: Transformer, protocol: StreamProtocol, response: ClientResponse) {
    this.#protocol = protocol;
    this.#response = response;
    this.#writer = transformer.writable.getWriter();
    this.#reader = transformer.readable.getReader();
  }

  makeConnection(transport: Transport): void {
    this.#transport = transport;
    this.#protocol.makeConnection(
      new BodyTransport({
        transport,
        reactor: transport.reactor,
        pause: () => void (this.#held = true),
        resume: () => {
          this.#held = false;
          this.#release?.();
        },
        stop: (now) => {
          if (now) transport.abortConnection();
          else transport.loseConnection();
          this.#fail(new Error("The body was given up"));
        },
      }),
    );
    this.#read();
  }

  dataReceived(data: Uint8Array): void {
    if (this.#over) return;
    this.#pending += data.length;
    this.#writer.write(data as Uint8Array<ArrayBuffer>).then(
      () => this.#written(data.length),
      (error) => this.#fail(error),
    );
    if (this.#pending < HIGH_WATER_BYTES || this.#paused) return;
    this.#paused = true;
    this.#transport.pauseProducing();
  }

  connectionLost(reason: Failure): void {
    if (this.#over) return;
    const { value } = reason;
    if (!(value instanceof ResponseDone || value instanceof PotentialDataLoss)) {
      this.#end(reason);
      this.#drop(value);
      return;
    }
    this.#reason = reason; // for when all of it is decoded
    this.#writer.close().catch((error) => this.#fail(error));
  }

  #written(length: number): void {
    this.#pending -= length;
    if (!this.#paused || this.#over || this.#reason !== null || this.#pending >= HIGH_WATER_BYTES) return;
    this.#paused = false;
    this.#transport.resumeProducing();
  }

  async #read(): Promise<void> {
    try {
      for (;;) {
        while (this.#held && !this.#over) {
          await new Promise<void>((resolve) => this.#release = resolve);
          this.#release = null;
        }
        const { done, value } = await this.#reader.read();
        if (this.#over) return;
        if (done) break;
        if (value.length > 0) this.#protocol.dataReceived(value);
      }
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (this.#reason !== null) this.#end(this.#reason);
    else this.#fail(new Error("The encoded body ends before the response does"));
  }

  #fail(error: unknown): void {
    if (this.#over) return;
    this.#end(new Failure(new ResponseFailed([new Failure(error)], this.#response)));
    this.#drop(error);
    if (this.#reason === null) this.#transport.abortConnection();
  }

  #end(reason: Failure): void {
    this.#over = true;
    this.#release?.();
    this.#protocol.connectionLost(reason);
  }

  #drop(error: unknown): void {
    this.#writer.abort(error).catch(() => {});
    this.#reader.cancel(error).catch(() => {});
  }
}
