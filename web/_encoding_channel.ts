/**
 * A channel that compresses what goes through it.
 *
 * ```text
 *   Request ──▶ EncodingChannel ──▶ CompressionStream ──▶ the connection's channel
 *                    ◀── pauses the producer: too much in the stream, or the connection has enough
 * ```
 *
 * The stream answers later: a request may be finished while its last bytes are still being compressed. Until they are
 * sent this channel is the connection's producer, so that it hears when the connection is lost.
 * @module
 */
import { reportError } from "@ropewalk/deferred";
import { encodeUtf8 } from "@ropewalk/protocols/bytes";
import type {
  Address,
  Data,
  PullProducer,
  PushProducer,
  ReactorTime,
  StreamProtocol,
} from "@ropewalk/reactor/core";
import { pullToPush } from "./_pull_producer.ts";
import type { ResponseChannel } from "./_response_channel.ts";
import type { Request } from "./request.ts";
import { hasNoBody } from "./status.ts";

/** So much may wait to be compressed before the producer is paused. */
const HIGH_WATER_BYTES = 65_536;

const COMPRESSIBLE =
  /^(?:text\/(?!event-stream)|application\/(?:json|javascript|xml|wasm)|image\/svg|[^;]+\+(?:json|xml))/i;

/** One way to compress. */
export interface Codec {
  /** What `Content-Encoding` calls it. */
  readonly name: string;
  /** Makes the streams for one response. */
  readonly make: () => Compressor;
}

/** Bytes in, fewer bytes out: the platform's `CompressionStream`, or another pair of streams. */
export interface Compressor {
  /** What comes out. */
  readonly readable: ReadableStream<Uint8Array>;
  /** What goes in. */
  readonly writable: WritableStream<Uint8Array<ArrayBuffer>>;
}

/** Compresses the one response of a request. */
export class EncodingChannel implements ResponseChannel, PushProducer {
  readonly #next: ResponseChannel;
  readonly #codec: Codec | null; // null: the client takes none
  readonly #minBytes: number;
  #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>> | null = null;
  #waiting = 0; // bytes in the stream
  #producer: PushProducer | null = null;
  #producerPaused = false;
  #blocked = false; // the connection has enough
  #resume: (() => void) | null = null;
  #over = false;

  constructor(next: ResponseChannel, codec: Codec | null, minBytes: number) {
    this.#next = next;
    this.#codec = codec;
    this.#minBytes = minBytes;
  }

  get reactor(): ReactorTime {
    return this.#next.reactor;
  }

  get secure(): boolean {
    return this.#next.secure;
  }

  getPeer(): Address {
    return this.#next.getPeer();
  }

  getHost(): Address {
    return this.#next.getHost();
  }

  respond(request: Request, body: Data): void {
    const bytes = typeof body === "string" ? encodeUtf8(body) : body;
    if (!this.#encodes(request, bytes.length)) return this.#next.respond(request, body);
    this.#start(request);
    if (!request._dropsBody) this.writeBody(bytes);
    this.endResponse(request);
  }

  startResponse(request: Request): void {
    const length = request._setHeaders?.get("content-length");
    if (this.#encodes(request, length == null ? Infinity : Number(length))) this.#start(request);
    else this.#next.startResponse(request);
  }

  // Decides, and says so in the headers.
  #encodes(request: Request, length: number): boolean {
    const { code, responseHeaders: headers } = request;
    const type = headers.get("content-type");
    const encoded = headers.has("content-encoding") || headers.has("content-range") || code === 206;
    const fixed = /\bno-transform\b/i.test(headers.get("cache-control") ?? "");
    if (encoded || fixed || (type !== null && !COMPRESSIBLE.test(type))) return false;
    if (!/(?:^|,)\s*(?:accept-encoding|\*)\s*(?:,|$)/i.test(headers.get("vary") ?? "")) {
      headers.append("vary", "Accept-Encoding");
    }
    if (this.#codec === null || hasNoBody(code) || length < this.#minBytes) return false;
    headers.set("content-encoding", this.#codec.name);
    headers.delete("content-length");
    headers.delete("accept-ranges");
    const etag = headers.get("etag");
    if (etag !== null && !etag.startsWith("W/")) headers.set("etag", `W/${etag}`); // the bytes are others now
    return true;
  }

  #start(request: Request): void {
    this.#next.startResponse(request);
    if (request._dropsBody) return;
    const stream = this.#codec!.make();
    this.#writer = stream.writable.getWriter();
    this.#next.registerProducer(this, true);
    this.#copy(request, stream.readable).catch((error) => {
      if (this.#over) return;
      this.#over = true;
      reportError(error, "Error while compressing a response");
      this.#next.abortResponse();
    });
  }

  async #copy(request: Request, stream: ReadableStream<Uint8Array>): Promise<void> {
    const reader = stream.getReader();
    for (;;) {
      while (this.#blocked && !this.#over) await new Promise<void>((resolve) => this.#resume = resolve);
      const { done, value } = await reader.read();
      if (this.#over) return void reader.cancel().catch(() => {});
      if (done) break;
      this.#next.writeBody(value);
    }
    this.#over = true;
    this.#next.unregisterProducer();
    this.#next.endResponse(request);
  }

  writeBody(data: Data): void {
    const writer = this.#writer;
    if (writer === null) return this.#next.writeBody(data);
    if (this.#over) return;
    const bytes = typeof data === "string"
      ? encodeUtf8(data) as Uint8Array<ArrayBuffer>
      : new Uint8Array(data);
    this.#waiting += bytes.length;
    writer.write(bytes).then(() => {
      this.#waiting -= bytes.length;
      this.#steer();
    }, () => {}); // the reading side tells of it
    this.#steer();
  }

  endResponse(request: Request): void {
    if (this.#writer === null) return this.#next.endResponse(request);
    this.#writer.close().catch(() => {}); // the reading side tells of it
  }

  abortResponse(): void {
    this.#stop();
    this.#next.abortResponse();
  }

  pauseBody(): void {
    this.#next.pauseBody();
  }

  resumeBody(): void {
    this.#next.resumeBody();
  }

  closeAfter(): void {
    this.#next.closeAfter();
  }

  upgrade(request: Request, protocol: StreamProtocol): void {
    this.#next.upgrade(request, protocol);
  }

  registerProducer(producer: PushProducer | PullProducer, streaming: boolean): void {
    // The head, and with it whether something is encoded, comes with the first bytes.
    if (this.#writer === null) this.#next.registerProducer(this, true);
    this.#producer = streaming
      ? producer as PushProducer
      : pullToPush(producer, this.reactor, () => this.#producer !== null);
    this.#producerPaused = false;
    if (this.#blocked) this.#steer();
    else if (!streaming) this.#producer.resumeProducing();
  }

  unregisterProducer(): void {
    this.#producer = null;
    if (this.#writer === null) this.#next.unregisterProducer();
  }

  // Pauses or resumes the producer, as there is room.
  #steer(): void {
    const full = this.#blocked || this.#waiting > HIGH_WATER_BYTES;
    if (full === this.#producerPaused || this.#over) return;
    this.#producerPaused = full;
    if (full) this.#producer?.pauseProducing();
    else this.#producer?.resumeProducing();
  }

  /** The connection has enough for now. */
  pauseProducing(): void {
    this.#blocked = true;
    this.#steer();
  }

  /** The connection takes more. */
  resumeProducing(): void {
    this.#blocked = false;
    this.#resume?.();
    this.#resume = null;
    this.#steer();
  }

  /** The connection is gone. */
  stopProducing(): void {
    const producer = this.#producer;
    this.#producer = null;
    this.#stop();
    producer?.stopProducing();
  }

  #stop(): void {
    if (this.#over) return;
    this.#over = true;
    this.#writer?.abort().catch(() => {});
    this.#resume?.();
    this.#resume = null;
  }
}
