/**
 * `multipart/form-data` (RFC 7578), looked through while it arrives: fields are kept, of files only where they are.
 *
 * ```text
 *   preamble --b CRLF headers CRLF CRLF content CRLF --b CRLF … CRLF --b-- epilogue
 * ```
 * @module
 */
import { decodeUtf8, fromLatin1, latin1 } from "@ropewalk/protocols/bytes";
import { Fault, type HeaderBlock, scanHeaders } from "./_header_block.ts";

/** How much a multipart form may hold; one that holds more is 400. */
export interface FormLimits {
  /** Parts, fields and files together. @default 1000 */
  maxParts: number;
  /** The headers of one part, in bytes. @default 8192 */
  maxPartHeaderBytes: number;
  /** All fields that are not files together, in bytes. @default 1048576 */
  maxFieldBytes: number;
}

/** The defaults of {@linkcode FormLimits}. */
export const FORM_LIMITS: Readonly<FormLimits> = {
  maxParts: 1000,
  maxPartHeaderBytes: 8192,
  maxFieldBytes: 1_048_576,
};

/** Where a file is in the body. */
export interface FilePart {
  /** The field's name. */
  readonly name: string;
  /** The name that the client gives the file. */
  readonly filename: string;
  /** Its type, as the client says. */
  readonly type: string;
  /** The offset of its first byte. */
  readonly start: number;
  /** The offset just past its last byte. */
  readonly end: number;
}

type State = "preamble" | "boundary" | "headers" | "content" | "epilogue" | "bad";

/** Takes a body apart, piece by piece. */
export class MultipartScanner {
  /** The fields that are not files, in order. */
  readonly fields: [name: string, value: string][] = [];
  /** The files, in order. */
  readonly files: FilePart[] = [];
  readonly #delimiter: string;
  readonly #limits: FormLimits;
  #state: State = "preamble";
  #tail = "\r\n"; // what was not looked through yet; the first boundary may stand at the very beginning
  #offset = -2; // where the tail begins
  #parts = 0;
  #fieldBytes = 0;
  // The part at hand.
  #name = "";
  #filename: string | null = null;
  #type = "";
  #start = 0;
  #value = "";

  /**
   * @param boundary As the header says.
   * @param limits How much is accepted.
   */
  constructor(boundary: string, limits: FormLimits = FORM_LIMITS) {
    this.#delimiter = `\r\n--${boundary}`;
    this.#limits = limits;
  }

  /** Takes the next piece. @returns False if it is no form. */
  push(bytes: Uint8Array): boolean {
    const text = this.#tail + latin1(bytes);
    let at = 0;
    for (;;) {
      const next = this.#step(text, at);
      if (next < 0) break;
      at = next;
    }
    // In content all but the beginning of a delimiter is done with.
    const keep = this.#state === "content" || this.#state === "preamble"
      ? Math.max(at, text.length - this.#delimiter.length + 1)
      : this.#state === "epilogue"
      ? text.length
      : at;
    if (this.#state === "content" && !this.#take(text.slice(at, keep))) this.#state = "bad";
    this.#tail = text.slice(keep);
    this.#offset += keep;
    return this.#state !== "bad";
  }

  /** The body has ended. @returns False if it ended too early. */
  finish(): boolean {
    return this.#state === "epilogue";
  }

  // One step from `at`: where to go on, or -1 if there is nothing more to do.
  #step(text: string, at: number): number {
    switch (this.#state) {
      case "preamble": {
        const found = text.indexOf(this.#delimiter, at);
        if (found < 0) return -1;
        this.#state = "boundary";
        return found + this.#delimiter.length;
      }
      case "boundary": {
        let i = at;
        while (text[i] === " " || text[i] === "\t") i++; // padding that a transport may add
        if (text.length - i < 2) return i - at > 64 ? this.#bad() : -1;
        const end = text.slice(i, i + 2);
        if (end === "--" && i === at) {
          this.#state = "epilogue";
          return -1;
        }
        if (end !== "\r\n") return this.#bad();
        if (++this.#parts > this.#limits.maxParts) return this.#bad();
        this.#state = "headers";
        return i;
      }
      case "headers": {
        const end = text.indexOf("\r\n\r\n", at);
        if (end < 0) return text.length - at > this.#limits.maxPartHeaderBytes ? this.#bad() : -1;
        const lines = end > at ? fromLatin1(text.slice(at + 2, end + 2)) : new Uint8Array(0);
        const headers = scanHeaders(lines, 0, lines.length, {
          maxHeaderLineBytes: this.#limits.maxPartHeaderBytes,
          maxHeaderBytes: this.#limits.maxPartHeaderBytes,
          maxHeaders: 20,
        });
        if (headers instanceof Fault || !this.#begin(headers, this.#offset + end + 4)) return this.#bad();
        this.#state = "content";
        return end + 4;
      }
      case "content": {
        // A part may be empty: then the delimiter's CRLF is the one that ends the headers.
        const from = this.#offset + at === this.#start ? at - 2 : at;
        const found = text.indexOf(this.#delimiter, Math.max(0, from));
        if (found < 0) return -1;
        if (found > at && !this.#take(text.slice(at, found))) return this.#bad();
        this.#end(this.#offset + Math.max(found, at));
        this.#state = "boundary";
        return found + this.#delimiter.length;
      }
      default:
        return -1;
    }
  }

  #bad(): -1 {
    this.#state = "bad";
    return -1;
  }

  #begin(headers: HeaderBlock, start: number): boolean {
    const disposition = headers.get("content-disposition");
    if (disposition === undefined || !/^form-data\s*(?:;|$)/i.test(disposition)) return false;
    const name = parameter(disposition, "name");
    if (name === null) return false;
    this.#name = name;
    this.#filename = parameter(disposition, "filename");
    this.#type = headers.get("content-type") ??
      (this.#filename === null ? "text/plain" : "application/octet-stream");
    this.#start = start;
    this.#value = "";
    return true;
  }

  #take(text: string): boolean {
    if (this.#filename !== null) return true;
    this.#value += text;
    return (this.#fieldBytes += text.length) <= this.#limits.maxFieldBytes;
  }

  #end(end: number): void {
    if (this.#filename === null) {
      this.fields.push([this.#name, decodeUtf8(fromLatin1(this.#value))]);
    } else {
      this.files.push({
        name: this.#name,
        filename: this.#filename,
        type: this.#type,
        start: this.#start,
        end,
      });
    }
    this.#value = "";
  }
}

/** One parameter: its name, and its value in quotes or without. */
const PARAMETER = /;\s*([^\s=;"]*)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]*)))?\s*/gy;

/** A parameter of a header's value; `null` if it is not there. One after the other: a quoted value may look like others. */
export function parameter(value: string, name: string): string | null {
  PARAMETER.lastIndex = Math.max(0, value.indexOf(";"));
  for (let match; (match = PARAMETER.exec(value)) !== null;) {
    if (match[1]!.toLowerCase() !== name) continue;
    // Browsers write a quote as %22, and backslashes as they are: only an escaped quote is undone.
    return match[2] === undefined
      ? match[3] ?? null
      : match[2].replaceAll('\\"', '"').replace(/%(22|0A|0D)/gi, decodeURIComponent);
  }
  return null;
}

/** The boundary in a `Content-Type`; `null` if it is not a multipart form with a fit one (RFC 2046 §5.1.1). */
export function formBoundary(contentType: string | undefined): string | null {
  if (contentType === undefined || !/^multipart\/form-data\s*;/i.test(contentType)) return null;
  const boundary = parameter(contentType, "boundary");
  return boundary !== null && /^[\w'()+,./:=? -]{0,69}[\w'()+,./:=?-]$/.test(boundary) ? boundary : "";
}
