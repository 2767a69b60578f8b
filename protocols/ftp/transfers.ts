/**
 * The data side of an FTP server's control connection: which data connection comes next, and what goes over it.
 * @module
 */
import { Deferred, type Failure, maybeDeferred } from "@ropewalk/deferred";
import type { ReactorTCP, ReactorTime } from "@ropewalk/reactor/core";
import { FileSender } from "../file_sender.ts";
import { DataChannel, type DataConnection, sameHost } from "./data.ts";
import type { FTPReader, FTPWriter, Soon } from "./shell.ts";

/** What transfers ask of the control connection. */
export interface Control {
  /** Answers the client. */
  say(code: number, text: string): void;
  /** Some of a file went over: the connection is not idle. */
  alive(): void;
  /** Our own address, and the client's. */
  hosts(): { readonly own: string; readonly peer: string };
}

/**
 * One transfer at a time:
 *
 * ```text
 *   PASV EPSV ──► listen ─┐
 *                         ├─► DataChannel ──► RETR LIST … : send ──► the client
 *   PORT EPRT ──► connect ┘                   STOR APPE   : store ◄── the client
 * ```
 */
export class Transfers {
  readonly #control: Control;
  readonly #reactor: Pick<ReactorTCP, "connectTCP" | "listenTCP"> & ReactorTime;
  readonly #seconds: number;
  #next: DataChannel | null = null;
  #current: DataChannel | null = null;
  #extendedOnly = false; // after EPSV ALL (RFC 2428 §4)

  constructor(
    control: Control,
    reactor: Pick<ReactorTCP, "connectTCP" | "listenTCP"> & ReactorTime,
    seconds: number,
  ) {
    this.#control = control;
    this.#reactor = reactor;
    this.#seconds = seconds;
  }

  /** Gives up the data connection that was to be used next. */
  drop(): void {
    this.#next?.close();
    this.#next = null;
  }

  /** Breaks off the transfer that is going on; it is answered with 426, or 425 if it has not begun. */
  abort(): void {
    this.#current?.close(true);
  }

  /** Ends everything. */
  close(): void {
    this.drop();
    this.abort();
    this.#current = null;
  }

  /** Listens for the client. */
  passive(command: string, argument: string): Soon<unknown> {
    const { own, peer } = this.#control.hosts();
    const quad = /^(?:::ffff:)?(\d+\.\d+\.\d+\.\d+)$/i.exec(own);
    if (command === "PASV") {
      if (this.#extendedOnly) return this.#control.say(501, "Only EPSV, after EPSV ALL");
      if (quad === null) return this.#control.say(425, "PASV needs IPv4: use EPSV");
    } else if (/^ALL$/i.test(argument)) {
      this.#extendedOnly = true;
      return this.#control.say(200, "OK");
    } else if (argument !== "" && argument !== (quad !== null ? "1" : "2")) {
      return this.#control.say(522, `Network protocol not supported, use (${quad !== null ? 1 : 2})`);
    }
    this.drop();
    const data = this.#next = DataChannel.listen(this.#reactor, own, peer, this.#seconds);
    return data.bound.addCallback((port) => {
      if (command === "EPSV") {
        return this.#control.say(229, `Entering Extended Passive Mode (|||${port}|).`);
      }
      const numbers = `${quad![1]!.replaceAll(".", ",")},${port >> 8},${port & 255}`;
      this.#control.say(227, `Entering Passive Mode (${numbers}).`);
    });
  }

  /** Connects to the client. */
  active(command: string, argument: string): void {
    if (this.#extendedOnly) return this.#control.say(501, "Only EPSV, after EPSV ALL");
    let host: string | undefined;
    let port = NaN;
    if (command === "PORT") {
      const numbers = /^\d{1,3}(?:,\d{1,3}){5}$/.test(argument) ? argument.split(",").map(Number) : [];
      host = numbers.slice(0, 4).join(".");
      if (numbers.every((number) => number < 256)) port = numbers[4]! * 256 + numbers[5]!;
    } else {
      const match = /^([!-~])(\d{1,3})\1([0-9a-fA-F:.]+)\1(\d{1,5})\1$/.exec(argument);
      if (match !== null && match[2] !== "1" && match[2] !== "2") {
        return this.#control.say(522, "Network protocol not supported, use (1,2)");
      }
      host = match?.[3];
      port = Number(match?.[4]);
    }
    // To nobody else's port: a server that connects anywhere is a weapon (RFC 2577).
    const { peer } = this.#control.hosts();
    if (host === undefined || !sameHost(host, peer) || !(port >= 1024 && port < 65536)) {
      return this.#control.say(504, "Only to a port of your own");
    }
    this.drop();
    this.#next = DataChannel.connect(this.#reactor, peer, port, this.#seconds);
    this.#control.say(200, "OK");
  }

  /** Sends a file, or a listing, and closes it. */
  send(open: () => Soon<FTPReader>): Soon<unknown> {
    return this.#transfer((data) =>
      later(open).addCallback((reader) => {
        this.#control.say(150, "File status okay; about to open data connection.");
        const watched = {
          read: (maxBytes: number) => {
            this.#control.alive();
            return reader.read(maxBytes);
          },
        };
        return new FileSender().beginFileTransfer(watched, data.transport)
          .addBoth((result) => later(() => reader.close?.()).addBoth(() => result as number))
          .addCallbacks(
            () => this.#finish(data),
            () => {
              if (data.connected) data.transport.abortConnection(); // what was sent is not the file
              this.#ended(false);
            },
          );
      })
    );
  }

  /** Takes a file. */
  store(open: () => Soon<FTPWriter>): Soon<unknown> {
    return this.#transfer((data) =>
      later(open).addCallback((writer) => {
        this.#control.say(150, "File status okay; about to open data connection.");
        data.progress = () => this.#control.alive();
        data.receive(writer);
        return data.ended.addCallback((clean) =>
          later(() => writer.close(clean)).addCallback(() => this.#ended(clean))
        ).addErrback((failure) => later(() => writer.close(false)).addBoth(() => failure));
      })
    );
  }

  // Waits for the data connection; `work` ends when all is sent or received.
  #transfer(work: (data: DataConnection) => Soon<unknown>): Soon<unknown> {
    const channel = this.#next;
    if (channel === null) {
      return this.#control.say(503, "Incorrect sequence of commands: PORT or PASV required");
    }
    this.#next = null;
    this.#current = channel;
    const done = new Deferred<void>();
    channel.connected.addBoth((data) => {
      if (data === undefined || !("receive" in (data as object))) {
        this.#control.say(425, "Can't open data connection.");
        done.callback();
        return;
      }
      maybeDeferred(() => work(data as DataConnection)).addBoth((result) => {
        channel.close();
        if (typeof result === "object" && result !== null && "getErrorMessage" in result) {
          done.errback(result as Failure);
        } else done.callback();
      });
    });
    return done;
  }

  // Only when the connection is gone, and in order, is all of it with the client.
  #finish(data: DataConnection): Deferred<unknown> {
    data.transport.loseConnection();
    return data.ended.addCallback((clean) => this.#ended(clean));
  }

  #ended(clean: boolean): void {
    if (clean) this.#control.say(226, "Transfer Complete.");
    else this.#control.say(426, "Connection closed; transfer aborted.");
  }
}

function later<T>(f: () => Soon<T>): Deferred<T> {
  return maybeDeferred(f) as Deferred<T>;
}
