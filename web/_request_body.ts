/**
 * The body of a request: kept, a form taken apart, or passed on as it arrives.
 *
 * ```text
 *   channel ── receive, complete ──▶ content, and the form in it        a resource is asked when all is here
 *                               └──▶ the receiver                       a resource that takes it as a stream
 * ```
 * @module
 */
import { FileSpool } from "./_file_spool.ts";
import { formBoundary, MultipartScanner } from "./_multipart.ts";
import { HTTPHeaders } from "./http_headers.ts";
import type { ReceivedRequest } from "./received_request.ts";
import { RequestContent } from "./request_content.ts";
import { UploadedFile } from "./uploaded_file.ts";

/** So much of a body that is here already is delivered at once. */
const PIECE_BYTES = 65_536;

/** Takes the body of a request while it arrives. */
export interface BodyReceiver {
  /** Some bytes came; they are valid during the call only. */
  bodyReceived(bytes: Uint8Array): void;
  /** All of the body came. When the client goes away before, only `notifyFinish` tells of it. */
  bodyComplete(): void;
}

/** A body. Most requests have none, and none of these. */
export class RequestBody {
  /** What was kept of it. */
  readonly content: RequestContent = new RequestContent();
  /** True while it is still arriving, for a resource that takes it as a stream. */
  streaming = false;
  /** What was sent after its last chunk. */
  trailers: HTTPHeaders = new HTTPHeaders();
  #receiver: BodyReceiver | null = null;
  #form: MultipartScanner | null = null;
  #files: UploadedFile[] | null = null;

  /** A piece came; it is ours. @returns False if it cannot be right. */
  receive(bytes: Uint8Array, request: ReceivedRequest): boolean {
    if (this.streaming) {
      this.#receiver?.bodyReceived(bytes);
      return true;
    }
    const { content } = this;
    const { site } = request;
    if (content.length === 0) {
      const boundary = formBoundary(request.getHeader("content-type"));
      if (boundary !== null) this.#form = new MultipartScanner(boundary, site.formLimits);
    }
    if (this.#form !== null && !content.spooled && content.length + bytes.length > site.uploadMemoryBytes) {
      const path = site.makeUploadPath();
      if (path !== null) content._spoolTo(new FileSpool(path, request.channel));
    }
    content._append(bytes);
    return this.#form === null || this.#form.push(bytes);
  }

  /** All of it came. @returns False if it is not whole. */
  complete(): boolean {
    if (!this.streaming) return this.#form === null || this.#form.finish();
    this.streaming = false;
    this.#receiver?.bodyComplete();
    return true;
  }

  /**
   * Has somebody take it: what is here already at once.
   *
   * @throws {TypeError} If somebody takes it already.
   */
  deliver(receiver: BodyReceiver): void {
    if (this.#receiver !== null) throw new TypeError("Cannot deliver the body: somebody takes it already");
    this.#receiver = receiver;
    if (this.streaming) return;
    const { content } = this;
    for (let at = 0; at < content.length; at += PIECE_BYTES) {
      receiver.bodyReceived(content.slice(at, at + PIECE_BYTES));
    }
    receiver.bodyComplete();
  }

  /** The files of a multipart form. */
  get files(): readonly UploadedFile[] {
    return this.#files ??= (this.#form?.files ?? []).map(({ name, filename, type, start, end }) =>
      new UploadedFile(name, filename, type, this.content, start, end)
    );
  }

  /**
   * The arguments of a query, and of the form that this is.
   *
   * @param query The query.
   * @param type What the request says of the body's type.
   */
  args(query: string, type: string | undefined): URLSearchParams {
    if (this.#form !== null) {
      const args = new URLSearchParams(query);
      for (const [name, value] of this.#form.fields) args.append(name, value);
      return args;
    }
    const form = this.content.length > 0 && type !== undefined && URLENCODED.test(type)
      ? this.content.text()
      : "";
    if (form === "") return new URLSearchParams(query);
    return new URLSearchParams(query === "" ? form : `${query}&${form}`);
  }
}

const URLENCODED = /^application\/x-www-form-urlencoded(?:\s*;|\s*$)/i;
