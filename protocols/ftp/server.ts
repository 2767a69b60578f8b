/**
 * `FTP`: one control connection of an FTP server (RFC 959, 2389, 2428, 3659).
 * @module
 */
import { Deferred, type Failure, maybeDeferred, reportError } from "@ropewalk/deferred";
import type { DelayedCall, ReactorTCP, ReactorTime } from "@ropewalk/reactor/core";
import type { Factory } from "../factory.ts";
import { FileSender } from "../file_sender.ts";
import { LineReceiver } from "../line_receiver.ts";
import { DataChannel, type DataConnection } from "./data.ts";
import { type FTPEntry, FTPFileError, type FTPShell, readOnlyShell, type Soon } from "./shell.ts";

/** Options of {@linkcode FTP}. */
export interface FTPOptions {
  /** Makes the data connections. */
  reactor: Pick<ReactorTCP, "connectTCP" | "listenTCP"> & ReactorTime;
  /** Lets a user in: the tree that the user sees, or `null`. */
  login?: (user: string, password: string) => Soon<FTPShell | null>;
  /** What anonymous users see; nothing in it can be changed. @default there are none */
  anonymous?: FTPShell;
  /** What the server says first. @default "Ropewalk FTP Server" */
  welcome?: string;
  /** How long a connection may be idle. @default 600 */
  timeoutSeconds?: number;
  /** How long a data connection may take to come. @default 10 */
  dataTimeoutSeconds?: number;
  /** How many wrong passwords there may be. @default 3 */
  maxLoginAttempts?: number;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const two = (n: number) => String(n).padStart(2, "0");

/** One line of LIST, as `ls -l` has it. */
export function listLine({ name, isFolder, size, modified }: FTPEntry): string {
  const time = `${MONTHS[modified.getUTCMonth()]} ${
    two(modified.getUTCDate())
  }  ${modified.getUTCFullYear()}`;
  return `${isFolder ? "drwxr-xr-x" : "-rw-r--r--"}   1 ftp      ftp      ${
    String(size).padStart(12)
  } ${time} ${name}`;
}

/**
 * One control connection. It knows USER PASS QUIT NOOP SYST FEAT TYPE MODE STRU PWD CWD CDUP PASV EPSV PORT EPRT LIST
 * NLST RETR STOR APPE REST SIZE MDTM DELE MKD RMD RNFR RNTO ABOR ALLO HELP OPTS. Data connections are taken from, and
 * made to, the client's own address only.
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
  #shell: FTPShell | null = null;
  #attempts = 0;
  #folder: readonly string[] = [];
  #data: DataChannel | null = null;
  #restart = 0;
  #renaming: readonly string[] | null = null;
  #timer: DelayedCall | null = null;
  #gone = false;

  /**
   * A connection to be.
   *
   * @param options Who may come in, and to what.
   */
  constructor(options: FTPOptions) {
    super();
    this.#options = options;
  }

  /** Greets. */
  override connectionMade(): void {
    this.#idle();
    this.#say(220, this.#options.welcome ?? "Ropewalk FTP Server");
  }

  /** A command came. */
  override lineReceived(line: string): void {
    this.#idle();
    const space = line.indexOf(" ");
    const command = (space < 0 ? line : line.slice(0, space)).toUpperCase();
    const argument = space < 0 ? "" : line.slice(space + 1);
    // One at a time: what follows waits until this one is answered.
    this.pauseProducing();
    maybeDeferred(() => this.#command(command, argument)).addErrback((failure) => {
      if (failure.value instanceof FTPFileError) return this.#say(550, failure.value.message);
      reportError(failure, `Error in the FTP command ${command}`);
      this.#say(451, "Requested action aborted: internal error");
    }).addBoth(() => {
      if (this.#gone) return;
      this.#idle();
      if (!this.transport.disconnecting) this.resumeProducing();
    });
  }

  /** The connection is gone, and its data connection with it. */
  override connectionLost(_reason: Failure): void {
    this.#gone = true;
    this.#timer?.cancel();
    this.#timer = null;
    this.#data?.close();
  }

  #idle(): void {
    const seconds = this.#options.timeoutSeconds ?? 600;
    if (this.#timer !== null) this.#timer.reset(seconds);
    else if (!this.#gone) {
      this.#timer = this.reactor.callLater(seconds, () => {
        this.#timer = null;
        this.#say(421, "Timeout");
        this.transport.loseConnection();
      });
    }
  }

  #say(code: number, text: string): void {
    this.sendLine(`${code} ${text.replace(/[\r\n]/g, " ")}`);
  }

  #command(command: string, argument: string): Soon<unknown> {
    const renaming = this.#renaming;
    this.#renaming = null;
    const restart = this.#restart;
    this.#restart = 0;
    switch (command) {
      case "USER":
        this.#shell = null;
        this.#user = argument;
        return this.#say(
          331,
          this.#isAnonymous()
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
        return this.transport.write(
          "211-Features:\r\n EPRT\r\n EPSV\r\n MDTM\r\n REST STREAM\r\n SIZE\r\n UTF8\r\n211 End\r\n",
        );
      case "OPTS":
        return /^UTF8 ON$/i.test(argument) ? this.#say(200, "OK") : this.#say(501, "Option not understood");
    }
    const shell = this.#shell;
    if (shell === null) return this.#say(530, "Please login with USER and PASS.");
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
        return this.#passive(command, argument);
      case "PORT":
      case "EPRT":
        return this.#active(command, argument);
      case "ABOR":
        this.#dropData();
        return this.#say(226, "Abort successful");
      case "REST":
        if (!/^\d{1,15}$/.test(argument)) return this.#say(501, "A number is needed");
        this.#restart = Number(argument);
        return this.#say(350, `Restarting at ${argument}.`);
      case "LIST":
      case "NLST":
        return this.#list(command, argument, shell);
      case "RETR":
        return this.#transfer((data) =>
          this.#with(shell.read(path, restart), (file) => this.#send(data, file))
        );
      case "STOR":
        return this.#store(() => shell.write(path, restart));
      case "APPE":
        return this.#store(() => shell.write(path, -1));
      case "SIZE":
        return this.#with(shell.stat(path), ({ isFolder, size }) => {
          if (isFolder) throw new FTPFileError("Is a directory");
          this.#say(213, String(size));
        });
      case "MDTM":
        return this.#with(shell.stat(path), ({ modified }) => {
          this.#say(213, modified.toISOString().slice(0, 19).replace(/[-T:]/g, ""));
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

  #isAnonymous(): boolean {
    return this.#options.anonymous !== undefined && /^(anonymous|ftp)$/i.test(this.#user ?? "");
  }

  #pass(password: string): Soon<unknown> {
    if (this.#user === null) {
      return this.#say(503, "Incorrect sequence of commands: USER required before PASS");
    }
    const user = this.#user;
    if (this.#isAnonymous()) {
      this.#shell = readOnlyShell(this.#options.anonymous!);
      this.#folder = [];
      return this.#say(230, "Anonymous login ok, access restrictions apply.");
    }
    return this.#with(this.#options.login?.(user, password) ?? null, (shell) => {
      if (shell !== null) {
        this.#shell = shell;
        this.#folder = [];
        return this.#say(230, "User logged in, proceed");
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

  #peerHost(): string {
    return (this.transport.getPeer() as { host?: string }).host ?? "";
  }

  #dropData(): void {
    this.#data?.close();
    this.#data = null;
  }

  #passive(command: string, argument: string): Soon<unknown> {
    const host = (this.transport.getHost() as { host?: string }).host ?? "";
    const quad = /^(?:::ffff:)?(\d+\.\d+\.\d+\.\d+)$/.exec(host);
    if (command === "PASV" && quad === null) return this.#say(425, "PASV needs IPv4: use EPSV");
    if (/^ALL$/i.test(argument)) return this.#say(200, "OK");
    this.#dropData();
    const seconds = this.#options.dataTimeoutSeconds ?? 10;
    const data = this.#data = DataChannel.listen(this.#options.reactor, host, this.#peerHost(), seconds);
    return data.bound.addCallback((port) => {
      if (command === "EPSV") return this.#say(229, `Entering Extended Passive Mode (|||${port}|).`);
      this.#say(227, `Entering Passive Mode (${quad![1]!.replaceAll(".", ",")},${port >> 8},${port & 255}).`);
    });
  }

  #active(command: string, argument: string): Soon<unknown> {
    let host: string | undefined;
    let port = NaN;
    if (command === "PORT") {
      const numbers = /^\d{1,3}(?:,\d{1,3}){5}$/.test(argument) ? argument.split(",").map(Number) : [];
      host = numbers.slice(0, 4).join(".");
      port = numbers[4]! * 256 + numbers[5]!;
    } else {
      const match = /^(.)[12]\1([0-9a-fA-F:.]+)\1(\d{1,5})\1$/.exec(argument);
      host = match?.[2];
      port = Number(match?.[3]);
    }
    // To nobody else's port: a server that connects anywhere is a weapon (RFC 2577).
    const same = host !== undefined && host === this.#peerHost().replace(/^::ffff:/, "");
    if (!same || !(port >= 1024 && port < 65536)) return this.#say(504, "Only to a port of your own");
    this.#dropData();
    const seconds = this.#options.dataTimeoutSeconds ?? 10;
    this.#data = DataChannel.connect(this.#options.reactor, host!, port, seconds);
    return this.#say(200, "OK");
  }

  // Waits for the data connection; `work` ends when all is sent or received.
  #transfer(work: (data: DataConnection) => Soon<unknown>): Soon<unknown> {
    const channel = this.#data;
    if (channel === null) return this.#say(503, "Incorrect sequence of commands: PORT or PASV required");
    this.#data = null;
    const done = new Deferred<void>();
    channel.connected.addBoth((data) => {
      if (data === undefined || !("receive" in (data as object))) {
        this.#say(425, "Can't open data connection.");
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

  #send(data: DataConnection, file: Parameters<FileSender["beginFileTransfer"]>[0]): Soon<unknown> {
    this.#say(150, "File status okay; about to open data connection.");
    return new FileSender().beginFileTransfer(file, data.transport).addCallbacks(
      () => this.#finish(data),
      () => this.#say(426, "Connection closed; transfer aborted."),
    );
  }

  // Only when the connection is gone is all of it with the client.
  #finish(data: DataConnection): Deferred<unknown> {
    data.transport.loseConnection();
    return data.ended.addCallback(() => this.#say(226, "Transfer Complete."));
  }

  #store(open: () => Soon<import("./shell.ts").FTPWriter>): Soon<unknown> {
    return this.#transfer((data) =>
      this.#with(open(), (writer) => {
        this.#say(150, "File status okay; about to open data connection.");
        data.receive(writer);
        return data.ended.addCallback((clean) => {
          if (!clean) return this.#say(426, "Connection closed; transfer aborted.");
          return this.#with(writer.close(), () => this.#say(226, "Transfer Complete.")) as unknown;
        });
      })
    );
  }

  #list(command: string, argument: string, shell: FTPShell): Soon<unknown> {
    const path = this.#resolve(argument.replace(/^(-\S+\s*)+/, "")); // `LIST -al` is what some clients send
    return this.#transfer((data) =>
      this.#with(this.#entries(shell, path, command === "NLST"), (entries) => {
        const lines = entries.map((entry) => (command === "LIST" ? listLine(entry) : entry.name) + "\r\n");
        let text: Uint8Array | null = new TextEncoder().encode(lines.join(""));
        return this.#send(data, {
          read: () => {
            const piece = text;
            text = null;
            return piece?.length ? piece : null;
          },
        });
      })
    );
  }

  #entries(shell: FTPShell, path: readonly string[], lenient: boolean): Soon<readonly FTPEntry[]> {
    const found = maybeDeferred(() => shell.stat(path));
    return found.addCallback((entry) => entry.isFolder ? shell.list(path) as readonly FTPEntry[] : [entry])
      .addErrback((failure) => {
        if (!lenient) return failure;
        failure.trap(FTPFileError);
        return [] as readonly FTPEntry[]; // NLST of nothing is empty
      });
  }
}
