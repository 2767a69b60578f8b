/**
 * `FTP`: one control connection of an FTP server (RFC 959, 2389, 2428, 3659).
 * @module
 */
import { Deferred, type Failure, maybeDeferred, reportError } from "@ropewalk/deferred";
import type { DelayedCall, ReactorTCP, ReactorTime } from "@ropewalk/reactor/core";
import { concatBytes, encodeUtf8, latin1 } from "../bytes.ts";
import type { Factory } from "../factory.ts";
import { LineReceiver } from "../line_receiver.ts";
import { PeerIntake } from "../_peer_intake.ts";
import { factsLine, listLine, timeVal } from "./listing.ts";
import { enter, type FTPLoginOptions, type FTPSession, isGuest } from "./login.ts";
import { type FTPEntry, FTPFileError, type FTPShell, type Soon } from "./shell.ts";
import { Transfers } from "./transfers.ts";

const LF = 10;
const URGENT_ABOR = /(?:^|[^A-Za-z])ABOR\r$/i;

/** How many commands may wait for the one before them; then no more are read. */
const MAX_WAITING = 16;

/** How long a client that was told to go may take to read that, in seconds. */
const LAST_WORDS_SECONDS = 10;

/** Options of {@linkcode FTP}. */
export interface FTPOptions extends FTPLoginOptions {
  /** Makes the data connections. */
  reactor: Pick<ReactorTCP, "connectTCP" | "listenTCP"> & ReactorTime;
  /** What the server says first. @default "Ropewalk FTP Server" */
  welcome?: string;
  /** How long a connection may be idle. @default 600 */
  timeoutSeconds?: number;
  /** How long a data connection may take to come. @default 10 */
  dataTimeoutSeconds?: number;
  /** How many wrong passwords there may be. @default 3 */
  maxLoginAttempts?: number;
}

/**
 * One control connection. It knows USER PASS QUIT NOOP SYST FEAT TYPE MODE STRU PWD CWD CDUP PASV EPSV PORT EPRT LIST
 * NLST MLSD MLST RETR STOR APPE REST SIZE MDTM DELE MKD RMD RNFR RNTO ABOR ALLO HELP OPTS. Data connections are taken from, and
 * made to, the client's own address only. Files go as they are, whatever TYPE says: line ends are not translated.
 *
 * @example
 * ```ts
 * import { Factory } from "@ropewalk/protocols";
 * import { FTP, type FTPOptions, MemoryFTPShell } from "@ropewalk/protocols/ftp";
 *
 * function serve(reactor: FTPOptions["reactor"]) {
 *   return reactor.listenTCP(2121, Factory.forProtocol(FTP, { reactor, anonymous: new MemoryFTPShell() }));
 * }
 * ```
 */
export class FTP<F = Factory> extends LineReceiver<F> {
  /** LF alone ends a line, too. */
  override acceptBareLF = true;
  /** The longest command, in bytes. */
  override MAX_LENGTH = 4096;
  readonly #options: FTPOptions;
  #user: string | null = null;
  readonly #transfers: Transfers;
  #session: FTPSession | null = null;
  #attempts = 0;
  #folder: readonly string[] = [];
  #restart = 0;
  #renaming: readonly string[] | null = null;
  #timer: DelayedCall | null = null;
  #gone = false;
  #busy = false; // a command is being done
  #lineEnded = false; // by us, for a client that sent the line's end apart
  readonly #waiting: string[] = []; // what came meanwhile
  readonly #intake = new PeerIntake(() => this.pauseProducing(), () => this.#goOn());

  /**
   * A connection to be.
   *
   * @param options Who may come in, and to what.
   */
  constructor(options: FTPOptions) {
    super();
    this.#options = options;
    const control = {
      say: (code: number, text: string) => this.#say(code, text),
      alive: () => this.#idle(),
      hosts: () => ({ own: hostOf(this.transport.getHost()), peer: hostOf(this.transport.getPeer()) }),
    };
    this.#transfers = new Transfers(control, options.reactor, options.dataTimeoutSeconds ?? 10);
  }

  /** Greets. */
  override connectionMade(): void {
    this.#idle();
    this.#say(220, this.#options.welcome ?? "Ropewalk FTP Server");
  }

  /** Takes some bytes of commands. */
  override dataReceived(data: Uint8Array): void {
    const ended = this.#lineEnded;
    this.#lineEnded = false;
    if (ended && data[0] === LF) return super.dataReceived(data.subarray(1)); // it came after all
    // Some clients send ABOR as urgent data (RFC 959 §4.1.3): its last byte, the end of the line, does not come by here.
    if (this.#busy && URGENT_ABOR.test(latin1(data, Math.max(0, data.length - 6)))) {
      this.#lineEnded = true;
      return super.dataReceived(concatBytes([data, Uint8Array.of(LF)]));
    }
    super.dataReceived(data);
  }

  /** A command came. */
  override lineReceived(line: string): void {
    this.#idle();
    // A client that breaks off puts telnet's IP and DM in front (RFC 959 §4.1.3), which are no text.
    const command = line.replace(/^\ufffd+/, "");
    if (!this.#busy) return this.#begin(command);
    // One at a time: what follows waits until this one is answered. Reading goes on, so that ABOR and a hang-up are seen.
    if (this.#waiting.push(command) >= MAX_WAITING) this.pauseProducing();
    if (/^ABOR *$/i.test(command)) this.#transfers.abort();
  }

  #begin(line: string): void {
    const space = line.indexOf(" ");
    const command = (space < 0 ? line : line.slice(0, space)).toUpperCase();
    const argument = space < 0 ? "" : line.slice(space + 1);
    this.#busy = true;
    maybeDeferred(() => this.#command(command, argument)).addErrback((failure) => {
      if (failure.value instanceof FTPFileError) return this.#say(550, failure.value.message);
      reportError(failure, `Error in the FTP command ${command}`);
      this.#say(451, "Requested action aborted: internal error");
    }).addBoth(() => {
      this.#busy = false;
      if (this.#gone || this.transport.disconnecting) return void (this.#waiting.length = 0);
      this.#idle();
      this.#goOn();
    });
  }

  // The next command, once the one before is done, and the client reads what it is answered.
  #goOn(): void {
    if (this.#busy || this.#intake.full || this.#gone || this.transport.disconnecting) return;
    const next = this.#waiting.shift();
    if (next !== undefined) this.#begin(next);
    else if (this.paused) this.resumeProducing();
  }

  /** The connection is gone, and its data connection with it. */
  override connectionLost(_reason: Failure): void {
    this.#gone = true;
    this.#timer?.cancel();
    this.#timer = null;
    this.#transfers.close();
    this.#leave();
  }

  #idle(): void {
    const seconds = this.#options.timeoutSeconds ?? 600;
    if (this.#timer !== null) this.#timer.reset(seconds);
    else if (!this.#gone) {
      this.#timer = this.reactor.callLater(seconds, () => {
        this.#timer = null;
        if (this.transport.disconnecting) return this.transport.abortConnection(); // it does not read, either
        this.#timer = this.reactor.callLater(LAST_WORDS_SECONDS, () => {
          this.#timer = null;
          this.transport.abortConnection();
        });
        this.#say(421, "Timeout");
        this.transport.loseConnection();
      });
    }
  }

  #say(code: number, text: string): void {
    this.#reply(`${code} ${text.replace(/[\r\n]/g, " ")}`);
  }

  #reply(lines: string): void {
    this.#intake.begin(this.transport);
    this.sendLine(lines);
    this.#intake.end();
  }

  #command(command: string, argument: string): Soon<unknown> {
    const renaming = this.#renaming;
    this.#renaming = null;
    const restart = this.#restart;
    this.#restart = 0;
    if (renaming !== null && command !== "RNTO" && command !== "QUIT") {
      return this.#say(503, "Incorrect sequence of commands: RNTO required after RNFR");
    }
    switch (command) {
      case "USER":
        this.#leave();
        this.#user = argument;
        return this.#say(
          331,
          isGuest(this.#options, argument)
            ? "Guest login ok, type your email address as password."
            : `Password required for ${argument}.`,
        );
      case "PASS":
        return this.#pass(argument);
      case "QUIT":
        this.#say(221, "Goodbye.");
        return this.transport.loseConnection();
      case "NOOP":
      case "ALLO":
        return this.#say(200, "OK");
      case "SYST":
        return this.#say(215, "UNIX Type: L8");
      case "HELP":
        return this.#say(214, "See RFC 959");
      case "FEAT":
        return this.#reply(
          "211-Features:\r\n EPRT\r\n EPSV\r\n MDTM\r\n MLST type*;size*;modify*;\r\n REST STREAM\r\n SIZE\r\n" +
            " UTF8\r\n211 End",
        );
      case "OPTS":
        return /^UTF8 ON$/i.test(argument) ? this.#say(200, "OK") : this.#say(501, "Option not understood");
    }
    if (this.#session === null) return this.#say(530, "Please login with USER and PASS.");
    const { shell } = this.#session;
    const path = this.#resolve(argument);
    switch (command) {
      case "TYPE":
        return /^(I|L ?8|A( N)?)$/i.test(argument)
          ? this.#say(200, `Type set to ${argument.toUpperCase()}.`)
          : this.#say(504, "Unknown type");
      case "MODE":
        return argument.toUpperCase() === "S" ? this.#say(200, "OK") : this.#say(504, "Only streams");
      case "STRU":
        return argument.toUpperCase() === "F" ? this.#say(200, "OK") : this.#say(504, "Only files");
      case "PWD":
      case "XPWD":
        return this.#say(257, `"${`/${this.#folder.join("/")}`.replaceAll('"', '""')}"`);
      case "CDUP":
        this.#folder = this.#folder.slice(0, -1);
        return this.#say(250, "OK");
      case "CWD":
        return this.#with(shell.stat(path), ({ isFolder }) => {
          if (!isFolder) throw new FTPFileError(`${argument}: Not a directory`);
          this.#folder = path;
          this.#say(250, "OK");
        });
      case "PASV":
      case "EPSV":
        return this.#transfers.passive(command, argument);
      case "PORT":
      case "EPRT":
        return this.#transfers.active(command, argument);
      case "ABOR":
        this.#transfers.drop();
        return this.#say(226, "Abort successful");
      case "REST":
        if (!/^\d{1,15}$/.test(argument)) return this.#say(501, "A number is needed");
        this.#restart = Number(argument);
        return this.#say(350, `Restarting at ${argument}.`);
      case "LIST":
      case "NLST":
      case "MLSD":
        return this.#list(command, argument, shell);
      case "MLST":
        return this.#with(shell.stat(path), (entry) => {
          const facts = factsLine({ ...entry, name: `/${path.join("/")}` });
          this.#reply(`250-Facts\r\n ${facts}\r\n250 End`);
        });
      case "RETR":
        return this.#transfers.send(() => shell.read(path, restart));
      case "STOR":
        return this.#transfers.store(() => shell.write(path, restart));
      case "APPE":
        return this.#transfers.store(() => shell.write(path, -1));
      case "SIZE":
        return this.#with(shell.stat(path), ({ isFolder, size }) => {
          if (isFolder) throw new FTPFileError("Is a directory");
          this.#say(213, String(size));
        });
      case "MDTM":
        return this.#with(shell.stat(path), ({ modified }) => {
          this.#say(213, timeVal(modified));
        });
      case "DELE":
        return this.#with(shell.removeFile(path), () => this.#say(250, "Deleted."));
      case "MKD":
      case "XMKD":
        return this.#with(
          shell.makeFolder(path),
          () => this.#say(257, `"/${path.join("/").replaceAll('"', '""')}" created`),
        );
      case "RMD":
      case "XRMD":
        return this.#with(shell.removeFolder(path), () => this.#say(250, "Removed."));
      case "RNFR":
        return this.#with(shell.stat(path), () => {
          this.#renaming = path;
          this.#say(350, "Ready for RNTO.");
        });
      case "RNTO":
        if (renaming === null) {
          return this.#say(503, "Incorrect sequence of commands: RNFR required before RNTO");
        }
        return this.#with(shell.rename(renaming, path), () => this.#say(250, "Renamed."));
      default:
        return this.#say(502, `Command '${command.slice(0, 20)}' not implemented`);
    }
  }

  #leave(): void {
    const session = this.#session;
    this.#session = null;
    if (session === null) return;
    maybeDeferred(session.logout).addErrback((failure) => reportError(failure, "Error in an FTP logout"));
  }

  #pass(password: string): Soon<unknown> {
    const user = this.#user;
    if (user === null) {
      return this.#say(503, "Incorrect sequence of commands: USER required before PASS");
    }
    return enter(this.#options, user, password).addCallback((session) => {
      if (session !== null) {
        this.#leave();
        this.#session = session;
        this.#folder = [];
        if (this.#gone) return this.#leave(); // hung up meanwhile
        return isGuest(this.#options, user)
          ? this.#say(230, "Anonymous login ok, access restrictions apply.")
          : this.#say(230, "User logged in, proceed");
      }
      this.#user = null;
      this.#say(530, "Sorry, Authentication failed.");
      if (++this.#attempts >= (this.#options.maxLoginAttempts ?? 3)) this.transport.loseConnection();
    });
  }

  // The names from the root; `..` at the root stays there.
  #resolve(argument: string): string[] {
    if (argument.includes("\0")) throw new FTPFileError("No such file or directory");
    const path = argument.startsWith("/") ? [] : [...this.#folder];
    for (const name of argument.split("/")) {
      if (name === "..") path.pop();
      else if (name !== "" && name !== ".") path.push(name);
    }
    return path;
  }

  #with<T>(value: Soon<T>, then: (value: T) => Soon<unknown>): Soon<unknown> {
    if (typeof (value as PromiseLike<T> | null)?.then !== "function") return then(value as T);
    const later = Deferred.is(value) ? value as Deferred<T> : Deferred.fromPromise(value as PromiseLike<T>);
    return later.addCallback((result) => then(result) as unknown);
  }

  #list(command: string, argument: string, shell: FTPShell): Soon<unknown> {
    // `LIST -al` is what some clients send.
    const path = this.#resolve(command === "MLSD" ? argument : argument.replace(/^(-\S+\s*)+/, ""));
    const line = { LIST: listLine, MLSD: factsLine, NLST: ({ name }: FTPEntry) => name }[command]!;
    return this.#transfers.send(() =>
      this.#entries(shell, path, command).addCallback((entries) => {
        // A name that would be two lines is left out: a client would take the second one for a file, too.
        const lines = entries.filter(({ name }) => !/[\r\n]/.test(name)).map((entry) => `${line(entry)}\r\n`);
        const text = [encodeUtf8(lines.join(""))];
        return { read: () => text.pop() ?? null };
      })
    );
  }

  #entries(shell: FTPShell, path: readonly string[], command: string): Deferred<readonly FTPEntry[]> {
    const found = maybeDeferred(() => shell.stat(path)) as Deferred<FTPEntry>;
    return found.addCallback((entry) => {
      if (entry.isFolder) return shell.list(path) as readonly FTPEntry[];
      if (command === "MLSD") throw new FTPFileError("Not a directory");
      return [entry];
    }).addErrback((failure) => {
      if (command !== "NLST") return failure;
      failure.trap(FTPFileError);
      return [] as readonly FTPEntry[]; // NLST of nothing is empty
    });
  }
}

function hostOf(address: unknown): string {
  return (address as { host?: string }).host ?? "";
}
