/**
 * A client that says what it likes, by the byte: a socket of Deno, and nothing of Ropewalk.
 * @module
 */

/** An answer of a server. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Map<string, string>;
  readonly body: string;
}

/** How long any answer may take. */
const PATIENCE_MS = 20_000;

/** One connection. */
export class RawClient {
  readonly #conn: Deno.TcpConn;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #text = ""; // one-byte string of what came and is not used up
  #ended = false;

  private constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
  }

  static async connect(port: number): Promise<RawClient> {
    return new RawClient(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  /** Sends a one-byte string; false if the server has closed by then. */
  async send(wire: string): Promise<boolean> {
    const bytes = Uint8Array.from(wire, (c) => c.charCodeAt(0));
    try {
      for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
      return true;
    } catch {
      return false;
    }
  }

  /** Says that nothing more will come. */
  async half(): Promise<void> {
    await this.#conn.closeWrite().catch(() => {});
  }

  close(): void {
    clearTimeout(this.#timer);
    try {
      this.#conn.close();
    } catch {
      // It was closed before.
    }
  }

  /** Waits for some bytes, whatever they are; false at the end. */
  async more(): Promise<boolean> {
    if (this.#ended) return false;
    const buffer = new Uint8Array(65_536);
    const length = await this.#conn.read(buffer).catch(() => null);
    if (length === null) this.#ended = true;
    else this.#text += String.fromCharCode(...buffer.subarray(0, length));
    return !this.#ended;
  }

  /** The next answer, within {@linkcode PATIENCE_MS}; `null` if the connection ends first. Answers to HEAD have no body. */
  async answer(head = false): Promise<RawAnswer | null> {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.close(), PATIENCE_MS);
    let end: number;
    while ((end = this.#text.indexOf("\r\n\r\n")) < 0) if (!await this.more()) return null;
    const [line, ...lines] = this.#text.slice(0, end).split("\r\n");
    this.#text = this.#text.slice(end + 4);
    const headers = new Map(
      lines.map((text) => {
        const colon = text.indexOf(":");
        return [text.slice(0, colon).toLowerCase(), text.slice(colon + 1).trim()];
      }),
    );
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(line!)?.[1]);
    if (status === 100) return this.answer(head);
    const body = head
      ? ""
      : headers.get("transfer-encoding") === "chunked"
      ? await this.#chunks()
      : headers.has("content-length")
      ? await this.#take(Number(headers.get("content-length")))
      : await this.#rest();
    return body === null ? null : { status, headers, body };
  }

  /** What else comes until the end. */
  async #rest(): Promise<string> {
    while (await this.more());
    const text = this.#text;
    this.#text = "";
    return text;
  }

  /** Reads to the end; what came. */
  rest(): Promise<string> {
    return this.#rest();
  }

  async #take(length: number): Promise<string | null> {
    while (this.#text.length < length) if (!await this.more()) return null;
    const text = this.#text.slice(0, length);
    this.#text = this.#text.slice(length);
    return text;
  }

  async #chunks(): Promise<string | null> {
    for (let body = "";;) {
      let end: number;
      while ((end = this.#text.indexOf("\r\n")) < 0) if (!await this.more()) return null;
      const size = parseInt(this.#text.slice(0, end), 16);
      this.#text = this.#text.slice(end + 2);
      const piece = await this.#take(size + 2);
      if (piece === null) return null;
      if (size === 0) return body;
      body += piece.slice(0, -2);
    }
  }
}
