/**
 * `FTPClient`: lists, fetches and stores files on an FTP server, in passive mode.
 * @module
 */
import { Deferred, Failure, inlineCallbacks, maybeDeferred, TimeoutError } from "@ropewalk/deferred";
import type { Data, DelayedCall, ReactorTCP, ReactorTime } from "@ropewalk/reactor/core";
import { concatBytes, decodeUtf8 } from "../bytes.ts";
import type { Factory } from "../factory.ts";
import { LineReceiver } from "../line_receiver.ts";
import { DataChannel, type DataConnection } from "./data.ts";
import type { FTPWriter } from "./shell.ts";

/** The server said no. */
export class FTPError extends Error {
  /** Stable identifier of this kind of error. */
  readonly code = "FTP_ERROR";
  /** The name of the class. */
  override readonly name = "FTPError";
  /**
   * Tells what it said.
   *
   * @param reply The code of its reply: 400 to 599, or another one that did not fit.
   * @param text Its words.
   */
  constructor(readonly reply: number, readonly text: string) {
    super(`${reply} ${text}`);
  }
}

/** Options of {@linkcode FTPClient}. */
export interface FTPClientOptions {
  /** Makes the data connections. */
  reactor: Pick<ReactorTCP, "connectTCP"> & ReactorTime;
  /** How long one reply may take. @default 60 */
  timeoutSeconds?: number;
  /** The longest file that is fetched, or listing. @default 64 MiB */
  maxFileBytes?: number;
}

interface Reply {
  readonly code: number;
  readonly text: string;
}

/**
 * One control connection to a server. Its methods may be called one after the other without waiting: each begins when
 * the one before has ended.
 *
 * @example
 * ```ts
 * import { FTPClient } from "@ropewalk/protocols/ftp";
 *
 * async function fetchReadme(client: FTPClient) { // a client that is connected
 *   await client.login("anonymous", "guest@example.org");
 *   return await client.retrieve("README");
 * }
 * ```
 */
export class FTPClient<F = Factory> extends LineReceiver<F> {
  /** LF alone ends a line, too. */
  override acceptBareLF = true;
  readonly #options: FTPClientOptions;
  #replies: Reply[] = [];
  #waiting: Deferred<Reply> | null = null;
  #timer: DelayedCall | null = null;
  #multiline: { code: string; lines: string[] } | null = null;
  #last: Deferred<unknown>;
  #gone: Failure | null = null;
  #data: DataChannel | null = null;
  #extended = true; // the server may know EPSV

  /**
   * A connection to be.
   *
   * @param options The reactor, and limits.
   */
  constructor(options: FTPClientOptions) {
    super();
    this.#options = options;
    this.#last = new Deferred<unknown>();
  }

  /** Waits for the greeting; what was asked for before begins then. */
  override connectionMade(): void {
    const { reactor } = this.#options;
    this.reactor = reactor;
    const ready = this.#last;
    this.#reply(2).addCallbacks(() => ready.callback(null), (failure) => ready.errback(failure));
    ready.addErrback(() => null);
  }

  /** Logs in. */
  login(user: string, password: string): Deferred<void> {
    return this.#inTurn(function* (this: FTPClient<F>) {
      const first = yield* this.#ask(`USER ${user}`, 2, 3);
      if (first.code >= 300) yield* this.#ask(`PASS ${password}`, 2);
      yield* this.#ask("TYPE I", 2);
    });
  }

  /** Goes to the folder above. */
  cdup(): Deferred<void> {
    return this.#simple("CDUP");
  }

  /** Goes to another folder. */
  changeFolder(path: string): Deferred<void> {
    return this.#inTurn(function* (this: FTPClient<F>) {
      yield* this.#ask(`CWD ${path}`, 2);
    });
  }

  /** The present folder. */
  pwd(): Deferred<string> {
    return this.#inTurn(function* (this: FTPClient<F>) {
      const { text } = yield* this.#ask("PWD", 2);
      return (/"((?:[^"]|"")*)"/.exec(text)?.[1] ?? text).replaceAll('""', '"');
    });
  }

  /** The names in a folder. */
  names(path = ""): Deferred<string[]> {
    return this.#inTurn(function* (this: FTPClient<F>) {
      const bytes = yield* this.#fetch(`NLST ${path}`.trimEnd(), 0);
      return decodeUtf8(bytes).split(/\r?\n/).filter((line) => line !== "");
    });
  }

  /** What LIST says of a folder: the server's own words. */
  list(path = ""): Deferred<string> {
    return this.#inTurn(function* (this: FTPClient<F>) {
      return decodeUtf8(yield* this.#fetch(`LIST ${path}`.trimEnd(), 0));
    });
  }

  /** Fetches a file, from some byte on. */
  retrieve(path: string, offset = 0): Deferred<Uint8Array> {
    return this.#inTurn(function* (this: FTPClient<F>) {
      return yield* this.#fetch(`RETR ${path}`, offset);
    });
  }

  /**
   * Fetches a file of any size, piece by piece.
   *
   * @param path The file.
   * @param writer Takes the pieces; one that returns a Deferred or promise holds the server back until it fires.
   * @param offset Where to begin, in bytes.
   */
  retrieveTo(path: string, writer: FTPWriter, offset = 0): Deferred<void> {
    return this.#inTurn(function* (this: FTPClient<F>) {
      yield* this.#receive(`RETR ${path}`, offset, writer);
    });
  }

  /** Stores a file, in the place of one that is there. */
  store(path: string, content: Data): Deferred<void> {
    return this.#send(`STOR ${path}`, content, 0);
  }

  /** Goes on storing a file from some byte on. */
  storeFrom(path: string, content: Data, offset: number): Deferred<void> {
    return this.#send(`STOR ${path}`, content, offset);
  }

  /** Adds to the end of a file. */
  append(path: string, content: Data): Deferred<void> {
    return this.#send(`APPE ${path}`, content, 0);
  }

  /** The size of a file. */
  size(path: string): Deferred<number> {
    return this.#inTurn(function* (this: FTPClient<F>) {
      return Number((yield* this.#ask(`SIZE ${path}`, 2)).text);
    });
  }

  /** Makes a folder. */
  makeFolder(path: string): Deferred<void> {
    return this.#simple(`MKD ${path}`);
  }

  /** Removes a folder. */
  removeFolder(path: string): Deferred<void> {
    return this.#simple(`RMD ${path}`);
  }

  /** Removes a file. */
  removeFile(path: string): Deferred<void> {
    return this.#simple(`DELE ${path}`);
  }

  /** Gives a file or folder another name or place. */
  rename(from: string, to: string): Deferred<void> {
    return this.#inTurn(function* (this: FTPClient<F>) {
      yield* this.#ask(`RNFR ${from}`, 3);
      yield* this.#ask(`RNTO ${to}`, 2);
    });
  }

  /** Says goodbye; the server closes. */
  quit(): Deferred<void> {
    return this.#simple("QUIT");
  }

  /** A line of a reply came. */
  override lineReceived(line: string): void {
    if (this.#multiline !== null) {
      if (!line.startsWith(`${this.#multiline.code} `)) {
        if (this.#multiline.lines.push(line) > 1000) this.#lose("A reply has too many lines");
        return;
      }
      const lines = [...this.#multiline.lines, line.slice(4)];
      this.#multiline = null;
      return this.#replied({ code: Number(line.slice(0, 3)), text: lines.join("\n") });
    }
    const match = /^([1-5]\d\d)([ -])(.*)$/.exec(line);
    if (match === null) return this.#lose("The server does not speak FTP");
    if (match[2] === "-") this.#multiline = { code: match[1]!, lines: [match[3]!] };
    else this.#replied({ code: Number(match[1]), text: match[3]! });
  }

  /** The connection is gone: what was asked for fails. */
  override connectionLost(reason: Failure): void {
    this.#fail(reason);
  }

  #simple(command: string): Deferred<void> {
    return this.#inTurn(function* (this: FTPClient<F>) {
      yield* this.#ask(command, 2);
    });
  }

  // Begins when what came before has ended, well or not.
  #inTurn<T>(work: (this: FTPClient<F>) => Generator<Deferred<unknown>, T, unknown>): Deferred<T> {
    const result = new Deferred<T>();
    this.#last.addCallback(() => {
      const done = inlineCallbacks(work).call(this) as Deferred<T>;
      const next = new Deferred<null>();
      done.addCallbacks(
        (value) => {
          this.#endData();
          next.callback(null);
          result.callback(value as T & undefined);
        },
        (failure) => {
          this.#endData();
          next.callback(null);
          result.errback(failure);
        },
      );
      return next;
    });
    return result;
  }

  #send(command: string, content: Data, offset: number): Deferred<void> {
    return this.#inTurn(function* (this: FTPClient<F>) {
      const data = yield* this.#open(command, offset);
      data.transport.write(content);
      data.transport.loseConnection();
      yield* this.#reply(2);
    });
  }

  #endData(): void {
    this.#data?.close();
    this.#data = null;
  }

  #ask(command: string, ...classes: number[]): Deferred<Reply> {
    if (/[\r\n\0]/.test(command)) {
      const refused = new Deferred<Reply>();
      refused.errback(new RangeError("Cannot send a command: it is more than one line"));
      return refused;
    }
    if (this.#gone === null) this.sendLine(command);
    return this.#reply(...classes);
  }

  // The next reply; another class than those fails.
  #reply(...classes: number[]): Deferred<Reply> {
    const waiting = new Deferred<Reply>();
    const result = waiting.addCallback((reply) => {
      if (!classes.includes(Math.floor(reply.code / 100))) throw new FTPError(reply.code, reply.text);
      return reply;
    });
    const early = this.#replies.shift();
    if (early !== undefined) waiting.callback(early);
    else if (this.#gone !== null) waiting.errback(this.#gone);
    else {
      this.#waiting = waiting;
      const seconds = this.#options.timeoutSeconds ?? 60;
      this.#timer = this.#options.reactor.callLater(seconds, () => {
        this.#timer = null;
        this.#fail(new Failure(new TimeoutError(seconds)));
        this.transport.abortConnection();
      });
    }
    return result as Deferred<Reply>;
  }

  #replied(reply: Reply): void {
    const waiting = this.#waiting;
    if (waiting === null) {
      if (this.#replies.push(reply) > 100) this.#lose("The server says too much");
      return;
    }
    this.#waiting = null;
    this.#timer?.cancel();
    this.#timer = null;
    waiting.callback(reply);
  }

  #lose(message: string): void {
    this.#fail(new Failure(new FTPError(0, message)));
    this.transport.loseConnection();
  }

  #fail(reason: Failure): void {
    this.#gone ??= reason;
    this.#timer?.cancel();
    this.#timer = null;
    const waiting = this.#waiting;
    this.#waiting = null;
    this.#endData();
    waiting?.errback(reason);
  }

  // Where the server listens for us. Old ones know no EPSV, and are asked once.
  *#passive(): Generator<Deferred<unknown>, number, unknown> {
    if (this.#extended) {
      const { code, text } = yield* this.#ask("EPSV", 2, 5);
      const port = Number(/\(\|\|\|(\d{1,5})\|\)/.exec(text)?.[1]);
      if (port > 0 && port < 65536) return port;
      if (code < 500) throw new FTPError(code, text);
      this.#extended = false;
    }
    const { code, text } = yield* this.#ask("PASV", 2);
    const bytes = /(?:\d{1,3},){4}(\d{1,3}),(\d{1,3})/.exec(text);
    const port = Number(bytes?.[1]) * 256 + Number(bytes?.[2]);
    if (!(port > 0 && port < 65536)) throw new FTPError(code, text);
    return port;
  }

  *#open(command: string, offset: number): Generator<Deferred<unknown>, DataConnection, unknown> {
    const { reactor, timeoutSeconds = 60 } = this.#options;
    const port = yield* this.#passive();
    // To the server itself, whatever address it might name.
    const host = (this.transport.getPeer() as { host: string }).host;
    const channel = this.#data = DataChannel.connect(reactor, host, port, timeoutSeconds);
    if (offset > 0) yield* this.#ask(`REST ${offset}`, 3);
    yield* this.#ask(command, 1);
    return yield* channel.connected;
  }

  *#receive(command: string, offset: number, writer: FTPWriter): Generator<Deferred<unknown>, void, unknown> {
    const data = yield* this.#open(command, offset);
    data.receive(writer);
    let complete = false;
    try {
      complete = yield* data.ended;
      yield* this.#reply(2);
    } finally {
      yield* maybeDeferred(() => writer.close(complete)) as Deferred<unknown>;
    }
  }

  *#fetch(command: string, offset: number): Generator<Deferred<unknown>, Uint8Array, unknown> {
    const limit = this.#options.maxFileBytes ?? 64 * 1024 * 1024;
    const parts: Uint8Array[] = [];
    let length = 0;
    yield* this.#receive(command, offset, {
      write: (bytes) => {
        length += bytes.length;
        if (length > limit) throw new RangeError(`Cannot fetch: there are more than ${limit} bytes`);
        parts.push(bytes);
      },
      close: () => null,
    });
    return concatBytes(parts);
  }
}
