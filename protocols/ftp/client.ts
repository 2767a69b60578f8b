/**
 * `FTPClient`: lists, fetches and stores files on an FTP server, in passive mode.
 * @module
 */
import { type Deferred, type Failure, maybeDeferred, TimeoutError } from "@ropewalk/deferred";
import type { Data, ReactorTCP, ReactorTime } from "@ropewalk/reactor/core";
import { ByteQueue } from "../_byte_queue.ts";
import { decodeUtf8, toBytes } from "../bytes.ts";
import type { Factory } from "../factory.ts";
import { FileSender } from "../file_sender.ts";
import { LineReceiver } from "../line_receiver.ts";
import { Conversation, FTPError, type Turn } from "./conversation.ts";
import { DataChannel, type DataConnection } from "./data.ts";
import type { FTPWriter } from "./shell.ts";

/** Options of {@linkcode FTPClient}. */
export interface FTPClientOptions {
  /** Makes the data connections. */
  reactor: Pick<ReactorTCP, "connectTCP"> & ReactorTime;
  /** How long one reply may take. @default 60 */
  timeoutSeconds?: number;
  /** The longest file that is fetched, or listing. @default 64 MiB */
  maxFileBytes?: number;
}

/**
 * One control connection to a server. Its methods may be called one after the other without waiting: each begins when
 * the one before has ended. One that is cancelled before is not begun; later only its result is given up.
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
  readonly #talk: Conversation;
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
    const { reactor, timeoutSeconds = 60 } = options;
    this.#talk = new Conversation(
      {
        send: (line) => this.sendLine(line),
        close: () => this.transport.loseConnection(),
        abort: () => this.transport.abortConnection(),
        turnEnded: () => this.#endData(),
      },
      reactor,
      timeoutSeconds,
    );
  }

  /** Waits for the greeting; what was asked for before begins then. */
  override connectionMade(): void {
    this.reactor = this.#options.reactor;
    this.#talk.begin();
  }

  /** Logs in. */
  login(user: string, password: string): Deferred<void> {
    return this.#inTurn(function* (this: FTPClient<F>) {
      const first = yield* this.#talk.ask(`USER ${user}`, 2, 3);
      if (first.code >= 300) yield* this.#talk.ask(`PASS ${password}`, 2);
      yield* this.#talk.ask("TYPE I", 2);
    });
  }

  /** Goes to the folder above. */
  cdup(): Deferred<void> {
    return this.#simple("CDUP");
  }

  /** Goes to another folder. */
  changeFolder(path: string): Deferred<void> {
    return this.#inTurn(function* (this: FTPClient<F>) {
      yield* this.#talk.ask(`CWD ${path}`, 2);
    });
  }

  /** The present folder. */
  pwd(): Deferred<string> {
    return this.#inTurn(function* (this: FTPClient<F>) {
      const { text } = yield* this.#talk.ask("PWD", 2);
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
   * @param writer Takes the pieces; one that returns a Deferred or promise holds the server back until it fires. It is
   * closed in any case, also if nothing was fetched.
   * @param offset Where to begin, in bytes.
   */
  retrieveTo(path: string, writer: FTPWriter, offset = 0): Deferred<void> {
    return this.#inTurn(function* (this: FTPClient<F>) {
      yield* this.#receive(`RETR ${path}`, offset, writer);
    }, () => writer.close(false));
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
      const { code, text } = yield* this.#talk.ask(`SIZE ${path}`, 2);
      if (!/^\d+$/.test(text.trim())) throw new FTPError(code, text);
      return Number(text);
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
      yield* this.#talk.ask(`RNFR ${from}`, 3);
      yield* this.#talk.ask(`RNTO ${to}`, 2);
    });
  }

  /** Says goodbye; the server closes. */
  quit(): Deferred<void> {
    return this.#simple("QUIT");
  }

  /** A line of a reply came. */
  override lineReceived(line: string): void {
    this.#talk.lineReceived(line);
  }

  /** The connection is gone: what was asked for fails. */
  override connectionLost(reason: Failure): void {
    this.#talk.fail(reason);
  }

  #simple(command: string): Deferred<void> {
    return this.#inTurn(function* (this: FTPClient<F>) {
      yield* this.#talk.ask(command, 2);
    });
  }

  #inTurn<T>(work: (this: FTPClient<F>) => Turn<T>, unbegun: () => unknown = () => null): Deferred<T> {
    return this.#talk.inTurn(() => work.call(this), unbegun);
  }

  #send(command: string, content: Data, offset: number): Deferred<void> {
    const bytes = toBytes(content);
    return this.#inTurn(function* (this: FTPClient<F>) {
      const data = yield* this.#open(command, offset);
      let at = 0;
      const source = {
        read: (maxBytes: number) => {
          data.progress();
          const piece = bytes.subarray(at, at + maxBytes);
          at += piece.length;
          return piece.length === 0 ? null : piece;
        },
      };
      try {
        yield* this.#moving(data, () => {
          const sent = new FileSender().beginFileTransfer(source, data.transport);
          return sent.addCallback(() => {
            data.transport.loseConnection();
            return data.ended;
          }) as Deferred<unknown>;
        });
      } catch (error) {
        yield* this.#talk.reply(2); // the server's words are better than ours
        throw error;
      }
      yield* this.#talk.reply(2);
    });
  }

  // What moves over a data connection takes as long as it takes, but it has to move, unless the program holds it up.
  *#moving<T>(data: DataConnection, begin: () => Deferred<T>): Turn<T> {
    const { reactor, timeoutSeconds = 60 } = this.#options;
    let stalled = false;
    const look = () => {
      if (data.isHeld) {
        timer = reactor.callLater(timeoutSeconds, look);
        return;
      }
      stalled = true;
      data.transport.abortConnection();
    };
    let timer = reactor.callLater(timeoutSeconds, look);
    data.progress = () => timer.active() && timer.reset(timeoutSeconds);
    try {
      const result = yield* begin();
      if (stalled) throw new TimeoutError(timeoutSeconds);
      return result;
    } catch (error) {
      throw stalled ? new TimeoutError(timeoutSeconds) : error;
    } finally {
      data.progress = () => {};
      if (timer.active()) timer.cancel();
    }
  }

  #endData(): void {
    this.#data?.close();
    this.#data = null;
  }

  // Where the server listens for us. Old ones know no EPSV, and are asked once.
  *#passive(): Turn<number> {
    if (this.#extended) {
      const { code, text } = yield* this.#talk.ask("EPSV", 2, 5);
      const port = Number(/\(\|\|\|(\d{1,5})\|\)/.exec(text)?.[1]);
      if (port > 0 && port < 65536) return port;
      if (code < 500) throw new FTPError(code, text);
      this.#extended = false;
    }
    const { code, text } = yield* this.#talk.ask("PASV", 2);
    const bytes = /(?:\d{1,3},){4}(\d{1,3}),(\d{1,3})/.exec(text);
    const port = Number(bytes?.[1]) * 256 + Number(bytes?.[2]);
    if (!(port > 0 && port < 65536)) throw new FTPError(code, text);
    return port;
  }

  *#open(command: string, offset: number): Turn<DataConnection> {
    const { reactor, timeoutSeconds = 60 } = this.#options;
    const port = yield* this.#passive();
    // To the server itself, whatever address it might name.
    const host = (this.transport.getPeer() as { host: string }).host;
    const channel = this.#data = DataChannel.connect(reactor, host, port, timeoutSeconds);
    if (offset > 0) yield* this.#talk.ask(`REST ${offset}`, 3);
    yield* this.#talk.ask(command, 1);
    return yield* channel.connected.addErrback((failure) =>
      // The server has no data connection either, and says so: that belongs to this request.
      this.#talk.reply(2, 3, 4, 5).addBoth(() => failure) as Deferred<never>
    );
  }

  *#receive(command: string, offset: number, writer: FTPWriter): Turn<void> {
    let complete = false;
    try {
      const data = yield* this.#open(command, offset);
      const clean = yield* this.#received(data, writer);
      yield* this.#talk.reply(2);
      if (!clean) throw new FTPError(426, "The data connection broke");
      complete = true;
    } finally {
      yield* maybeDeferred(() => writer.close(complete)) as Deferred<unknown>;
    }
  }

  *#received(data: DataConnection, writer: FTPWriter): Turn<boolean> {
    try {
      return yield* this.#moving(data, () => {
        data.receive(writer);
        return data.ended;
      });
    } catch (error) {
      // We broke it off. The server's reply is still to come, and is none to what is asked next.
      yield* this.#talk.reply(1, 2, 3, 4, 5).addErrback(() => null) as Deferred<unknown>;
      throw error;
    }
  }

  *#fetch(command: string, offset: number): Turn<Uint8Array> {
    const limit = this.#options.maxFileBytes ?? 64 * 1024 * 1024;
    const all = new ByteQueue(); // not a piece for each that comes: a server may send bytes one by one
    yield* this.#receive(command, offset, {
      write: (bytes) => {
        if (all.length + bytes.length > limit) {
          throw new RangeError(`Cannot fetch: there are more than ${limit} bytes`);
        }
        all.append(bytes);
      },
      close: () => null,
    });
    return all.takeAll();
  }
}
