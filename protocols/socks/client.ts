/**
 * `SOCKSClient`: reaches a host through a SOCKS server, then is out of the way.
 * @module
 */
import { Failure } from "@ropewalk/deferred";
import type { DelayedCall, StreamProtocol, Transport } from "@ropewalk/reactor/core";
import { ByteQueue } from "../_byte_queue.ts";
import { concatBytes, encodeUtf8 } from "../bytes.ts";
import { addressBytes, Reader } from "./codec.ts";

/** The proxy refused, or spoke something else. */
export class SOCKSError extends Error {
  /** Stable identifier of this kind of error. */
  readonly code = "SOCKS_ERROR";
  /** The name of the class. */
  override readonly name = "SOCKSError";
  /**
   * Tells what came.
   *
   * @param reply The code of the proxy's answer, or `null` if it gave none.
   * @param message What is wrong.
   */
  constructor(readonly reply: number | null, message: string) {
    super(message);
  }
}

/** Options of {@linkcode SOCKSClient}. */
export interface SOCKSClientOptions {
  /** Which version to speak; 4 means 4a where the host is a name. @default 5 */
  version?: 4 | 5;
  /** Who asks: for 4 only a name. @default nobody */
  user?: string;
  /** The password, for 5. */
  password?: string;
  /** How long the proxy may take. @default 30 */
  timeoutSeconds?: number;
}

const REPLIES: Readonly<Record<number, string>> = {
  1: "general failure",
  2: "not allowed",
  3: "network unreachable",
  4: "host unreachable",
  5: "connection refused",
  6: "TTL expired",
  7: "command not supported",
  8: "address type not supported",
};

/**
 * Connect this to a SOCKS server, and the protocol inside is connected to the host behind it. If that fails, the
 * protocol inside hears nothing but `connectionLost`, with a {@linkcode SOCKSError}.
 *
 * @example
 * ```ts
 * import { LineReceiver } from "@ropewalk/protocols";
 * import { SOCKSClient } from "@ropewalk/protocols/socks";
 *
 * const line = new LineReceiver();
 * const throughProxy = new SOCKSClient("example.org", 79, line); // connect it to the proxy
 * ```
 */
export class SOCKSClient implements StreamProtocol {
  /** Only what is left over from the proxy's answer is kept, as a copy. */
  get borrowsData(): boolean {
    return this.#state !== "open" || (this.#inner.borrowsData ?? false);
  }
  readonly #target: Uint8Array;
  readonly #host: string;
  readonly #port: number;
  readonly #inner: StreamProtocol;
  readonly #options: SOCKSClientOptions;
  readonly #queue = new ByteQueue();
  #transport!: Transport;
  #state: "method" | "password" | "answer" | "open" | "failed" = "method";
  #error: SOCKSError | null = null;
  #timer: DelayedCall | null = null;

  /**
   * A connection to be.
   *
   * @param host Where to, behind the proxy: a name, which the proxy resolves, or an address.
   * @param port Where to.
   * @param inner What is to be connected there.
   * @param options The version and who asks.
   * @throws {RangeError} If the host's name, the user or the password are too long, or the port is none.
   */
  constructor(host: string, port: number, inner: StreamProtocol, options: SOCKSClientOptions = {}) {
    this.#host = host;
    this.#port = port;
    this.#inner = inner;
    this.#options = options;
    this.#target = addressBytes(host);
    if (!(Number.isInteger(port) && port >= 0 && port < 65536)) {
      throw new RangeError(`Cannot ask for a host: ${port} is no port`);
    }
    for (const text of [options.user ?? "", options.password ?? ""]) {
      if (encodeUtf8(text).length > 255) {
        throw new RangeError("Cannot log in: name and password have up to 255 bytes");
      }
    }
    if (options.version === 4 && (host + (options.user ?? "")).includes("\0")) {
      throw new RangeError("Cannot ask for a host: a name holds a NUL");
    }
  }

  /** Asks the proxy. */
  makeConnection(transport: Transport): void {
    this.#transport = transport;
    this.#timer = transport.reactor.callLater(this.#options.timeoutSeconds ?? 30, () => {
      this.#timer = null;
      this.#fail(null, "The proxy did not answer in time");
    });
    const { version = 5, user } = this.#options;
    if (version === 5) {
      transport.write(user === undefined ? Uint8Array.of(5, 1, 0) : Uint8Array.of(5, 2, 0, 2));
      return;
    }
    const isAddress = this.#target[0] === 1;
    const parts = [
      Uint8Array.of(4, 1, this.#port >> 8, this.#port & 255),
      isAddress ? this.#target.subarray(1) : Uint8Array.of(0, 0, 0, 1),
      encodeUtf8(`${user ?? ""}\0${isAddress ? "" : `${this.#host}\0`}`),
    ];
    this.#state = "answer";
    transport.write(concatBytes(parts));
  }

  /** Takes some bytes: of the proxy's answer, then for the protocol inside. */
  dataReceived(data: Uint8Array): void {
    if (this.#state === "open") return this.#inner.dataReceived(data);
    if (this.#state === "failed") return;
    const queue = this.#queue;
    queue.append(data);
    for (let before = ""; before !== this.#state && queue.length > 0 && !this.#isOver();) {
      before = this.#state;
      const reader = new Reader(queue.bytes.subarray(queue.start, queue.end));
      if (this.#step(reader)) queue.start += reader.used;
    }
    if (!this.#isOpen()) return;
    const rest = queue.takeAll();
    queue.clear();
    this.#inner.makeConnection(this.#transport);
    if (rest.length > 0) this.#inner.dataReceived(rest);
  }

  /** Passes the loss on; if the proxy failed, that is the reason. */
  connectionLost(reason: Failure): void {
    this.#stopTimer();
    if (this.#state === "open") return this.#inner.connectionLost(reason);
    this.#state = "failed";
    this.#inner.connectionLost(
      new Failure(this.#error ?? new SOCKSError(null, `The proxy closed: ${reason.getErrorMessage()}`)),
    );
  }

  /** The far end has finished sending. Only if the protocol inside has it: a transport closes otherwise. */
  get readConnectionLost(): (() => void) | undefined {
    const inner = this.#inner;
    return this.#state === "open" && inner.readConnectionLost ? () => inner.readConnectionLost!() : undefined;
  }

  /** For the protocol inside: all was sent. */
  writeConnectionLost(): void {
    if (this.#state === "open") this.#inner.writeConnectionLost?.();
  }

  /** For the protocol inside: the TLS that it asked for is agreed on. */
  handshakeCompleted(): void {
    if (this.#state === "open") this.#inner.handshakeCompleted?.();
  }

  #isOpen(): boolean {
    return this.#state === "open";
  }

  #isOver(): boolean {
    return this.#state === "open" || this.#state === "failed";
  }

  #step(reader: Reader): boolean {
    if (this.#state === "method") {
      const method = reader.take(2);
      if (method === null) return false;
      if (method[0] !== 5) return this.#fail(null, "The proxy does not speak SOCKS 5");
      if (method[1] === 0) return this.#ask();
      if (method[1] !== 2 || this.#options.user === undefined) {
        return this.#fail(method[1]!, "The proxy wants a login");
      }
      const [user, password] = [this.#options.user, this.#options.password ?? ""].map(encodeUtf8);
      this.#state = "password";
      this.#transport.write(
        concatBytes([Uint8Array.of(1, user!.length), user!, Uint8Array.of(password!.length), password!]),
      );
      return true;
    }
    if (this.#state === "password") {
      const answer = reader.take(2);
      if (answer === null) return false;
      return answer[1] === 0 ? this.#ask() : this.#fail(answer[1]!, "The proxy refused the login");
    }
    return this.#options.version === 4 ? this.#answer4(reader) : this.#answer5(reader);
  }

  #ask(): true {
    this.#state = "answer";
    this.#transport.write(
      concatBytes([Uint8Array.of(5, 1, 0), this.#target, Uint8Array.of(this.#port >> 8, this.#port & 255)]),
    );
    return true;
  }

  #answer4(reader: Reader): boolean {
    const answer = reader.take(8);
    if (answer === null) return false;
    if (answer[0] !== 0 || answer[1] !== 90) {
      return this.#fail(answer[1]!, `The proxy refused (${answer[1]})`);
    }
    return this.#open();
  }

  #answer5(reader: Reader): boolean {
    const head = reader.take(3);
    if (head === null) return false;
    if (head[0] !== 5) return this.#fail(null, "The proxy does not speak SOCKS 5");
    if (head[1] !== 0) return this.#fail(head[1]!, `The proxy refused: ${REPLIES[head[1]!] ?? head[1]}`);
    const bound = reader.takeTarget();
    if (bound === undefined) return this.#fail(null, "The proxy does not speak SOCKS 5");
    return bound === null ? false : this.#open();
  }

  #open(): true {
    this.#stopTimer();
    this.#state = "open";
    return true;
  }

  #fail(reply: number | null, message: string): false {
    this.#stopTimer();
    this.#state = "failed";
    this.#error = new SOCKSError(reply, message);
    this.#transport.loseConnection();
    return false;
  }

  #stopTimer(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }
}
