/**
 * `ProcessProtocol`: talks to a child process.
 * @module
 */
import type { Failure } from "@ropewalk/deferred";
import type { Data } from "@ropewalk/reactor/core";

/** A child process, as its protocol sees it. */
export interface ProcessTransport {
  /** The process id; `null` once it has ended. */
  readonly pid: number | null;
  /** Writes to the child's standard input. */
  write(data: Data): void;
  /** Writes to the child's descriptor `childFD`. */
  writeToChild(childFD: number, data: Data): void;
  /** Closes our end of the child's descriptor `childFD`. */
  closeChildFD(childFD: number): void;
  /** Closes the child's standard input once everything written has been sent. */
  closeStdin(): void;
  /** Closes our end of the child's standard output. */
  closeStdout(): void;
  /** Closes our end of the child's standard error. */
  closeStderr(): void;
  /** Closes all of them. */
  loseConnection(): void;
  /** Sends a signal, by name (`"TERM"`) or number. */
  signalProcess(signal: string | number): void;
}

/**
 * The base of protocols that talk to a child process. The order of events: `connectionMade`; data and the ends of the
 * pipes; `processExited` when the process is gone, which may be before its pipes are closed; `processEnded` last of
 * all, when it is gone and all pipes are closed.
 *
 * @example
 * ```ts
 * import { ProcessProtocol } from "@ropewalk/protocols";
 *
 * class WordCount extends ProcessProtocol {
 *   override connectionMade() {
 *     this.transport.write("some words");
 *     this.transport.closeStdin();
 *   }
 *   override outReceived(data: Uint8Array) {
 *     console.log(new TextDecoder().decode(data));
 *   }
 * }
 * ```
 */
export class ProcessProtocol {
  /** The process. */
  transport!: ProcessTransport;

  /** Ties the protocol to its process, then calls {@linkcode connectionMade}. */
  makeConnection(process: ProcessTransport): void {
    this.transport = process;
    this.connectionMade();
  }

  /** The process was started. */
  connectionMade(): void {}

  /** The child wrote to a descriptor; by default goes to {@linkcode outReceived} (1) or {@linkcode errReceived} (2). */
  childDataReceived(childFD: number, data: Uint8Array): void {
    if (childFD === 1) this.outReceived(data);
    else if (childFD === 2) this.errReceived(data);
  }

  /** The child wrote to its standard output. */
  outReceived(_data: Uint8Array): void {}

  /** The child wrote to its standard error. */
  errReceived(_data: Uint8Array): void {}

  /** A descriptor was closed; by default goes to the method of descriptor 0, 1 or 2. */
  childConnectionLost(childFD: number): void {
    if (childFD === 0) this.inConnectionLost();
    else if (childFD === 1) this.outConnectionLost();
    else if (childFD === 2) this.errConnectionLost();
  }

  /** The child's standard input was closed. */
  inConnectionLost(): void {}

  /** The child's standard output was closed. */
  outConnectionLost(): void {}

  /** The child's standard error was closed. */
  errConnectionLost(): void {}

  /** The process is gone; its pipes may still hold data. */
  processExited(_reason: Failure): void {}

  /** The process is gone and all its pipes are closed. Nothing comes after this. */
  processEnded(_reason: Failure): void {}
}
