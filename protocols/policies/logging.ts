/**
 * What goes over the wires, written down.
 * @module
 */
import type { Failure } from "@ropewalk/deferred";
import { getLogger } from "@logtape/logtape";
import type {
  Address,
  ClientProtocolFactory,
  Data,
  ProtocolFactory,
  StreamProtocol,
  Transport,
} from "@ropewalk/reactor/core";
import { latin1, toBytes } from "../bytes.ts";
import { ProtocolWrapper, WrappingFactory } from "./wrapping.ts";

/** Where the lines of one connection's log go. */
export interface TrafficLog {
  /** Takes some text, which ends with a line feed. */
  write(text: string): void;
  /** The connection is gone. */
  close?(): void;
}

/** Options of {@linkcode TrafficLoggingFactory}. */
export interface TrafficLoggingOptions {
  /** How many bytes of each piece are shown; `null` for all. @default null */
  lengthLimit?: number | null;
  /** Opens the log of one connection, by its name. @default lines for LogTape, category `ropewalk protocols traffic` */
  open?: (name: string) => TrafficLog;
}

function show(data: Data, lengthLimit: number | null): string {
  const bytes = toBytes(data);
  return lengthLimit !== null && bytes.length > lengthLimit
    ? `${JSON.stringify(latin1(bytes, 0, lengthLimit))}… (${bytes.length} bytes)`
    : JSON.stringify(latin1(bytes));
}

/** The wrapper that {@linkcode TrafficLoggingFactory} makes. */
export class TrafficLoggingProtocol extends ProtocolWrapper {
  readonly #log: TrafficLog;
  readonly #lengthLimit: number | null;
  readonly #number: number;

  /**
   * Wraps a protocol.
   *
   * @param factory Who made it.
   * @param wrappedProtocol The protocol inside.
   * @param log Where the lines go.
   * @param options How much is shown, and the number of the connection.
   */
  constructor(
    factory: TrafficLoggingFactory,
    wrappedProtocol: StreamProtocol,
    log: TrafficLog,
    options: { lengthLimit: number | null; number: number },
  ) {
    super(factory, wrappedProtocol);
    this.#log = log;
    this.#lengthLimit = options.lengthLimit;
    this.#number = options.number;
  }

  /** Logs `*`. */
  override makeConnection(transport: Transport): void {
    this.#log.write("*\n");
    return super.makeConnection(transport);
  }

  /** Logs what came: `C 1: "data"`. */
  override dataReceived(data: Uint8Array): void {
    this.#line("C", show(data, this.#lengthLimit));
    return super.dataReceived(data);
  }

  /** Logs why, and closes the log. */
  override connectionLost(reason: Failure): void {
    if (this.wrappedProtocol !== null) {
      this.#line("C", reason.getErrorMessage());
      this.#log.close?.();
    }
    return super.connectionLost(reason);
  }

  /** Logs what is sent: `S 1: "data"`. */
  override write(data: Data): void {
    this.#line("S", show(data, this.#lengthLimit));
    super.write(data);
  }

  /** Logs what is sent: `SV 1: ["da", "ta"]`. */
  override writeSequence(parts: Iterable<Data>): void {
    const all = [...parts];
    this.#line("SV", `[${all.map((part) => show(part, this.#lengthLimit)).join(", ")}]`);
    super.writeSequence(all);
  }

  /** Logs `S 1: *`. */
  override loseConnection(): void {
    this.#line("S", "*");
    super.loseConnection();
  }

  #line(kind: string, text: string): void {
    this.#log.write(`${kind} ${this.#number}: ${text}\n`);
  }
}

/**
 * Keeps a log of each connection: `C` came from the client, `S` was sent by the server.
 *
 * @example
 * ```ts
 * import { Factory, LineReceiver, TrafficLoggingFactory } from "@ropewalk/protocols";
 *
 * const lines: string[] = [];
 * const factory = new TrafficLoggingFactory(Factory.forProtocol(LineReceiver), "lines", {
 *   open: () => ({ write: (text) => lines.push(text) }),
 * });
 * ```
 */
export class TrafficLoggingFactory extends WrappingFactory {
  readonly #lengthLimit: number | null;
  readonly #open: (name: string) => TrafficLog;
  #counter = 0;

  /**
   * Wraps a factory.
   *
   * @param wrappedFactory Makes the protocols inside.
   * @param logfilePrefix The name of connection 1's log is this and `-1`.
   * @param options How much is shown, and where.
   */
  constructor(
    wrappedFactory: ProtocolFactory | ClientProtocolFactory,
    readonly logfilePrefix: string,
    options: TrafficLoggingOptions = {},
  ) {
    super(wrappedFactory);
    this.#lengthLimit = options.lengthLimit ?? null;
    this.#open = options.open ?? openLogger;
  }

  /** The next connection is number 1 again. */
  resetCounter(): void {
    this.#counter = 0;
  }

  /** Makes the wrapper for one protocol, and opens its log. */
  protected override wrap(protocol: StreamProtocol, _address: Address): ProtocolWrapper {
    const number = ++this.#counter;
    const log = this.#open(`${this.logfilePrefix}-${number}`);
    return new TrafficLoggingProtocol(this, protocol, log, { lengthLimit: this.#lengthLimit, number });
  }
}

function openLogger(name: string): TrafficLog {
  const logger = getLogger(["ropewalk", "protocols", "traffic"]);
  return { write: (text) => logger.debug("{name} {line}", { name, line: text.trimEnd() }) };
}

class SpewingProtocol extends ProtocolWrapper {
  readonly #say: (line: string) => void;

  constructor(factory: WrappingFactory, wrapped: StreamProtocol, say: (line: string) => void) {
    super(factory, wrapped);
    this.#say = say;
  }

  override dataReceived(data: Uint8Array): void {
    this.#say(`Received: ${show(data, null)}`);
    return super.dataReceived(data);
  }

  override write(data: Data): void {
    this.#say(`Sending: ${show(data, null)}`);
    super.write(data);
  }

  override writeSequence(parts: Iterable<Data>): void {
    const all = [...parts];
    for (const part of all) this.#say(`Sending: ${show(part, null)}`);
    super.writeSequence(all);
  }
}

/**
 * Says all that goes over all connections, to look at while a protocol is being written.
 *
 * @example
 * ```ts
 * import { Factory, LineReceiver, SpewingFactory } from "@ropewalk/protocols";
 *
 * const factory = new SpewingFactory(Factory.forProtocol(LineReceiver), console.log);
 * ```
 */
export class SpewingFactory extends WrappingFactory {
  readonly #say: (line: string) => void;

  /**
   * Wraps a factory.
   *
   * @param wrappedFactory Makes the protocols inside.
   * @param say Takes each line. @default LogTape, category `ropewalk protocols traffic`
   */
  constructor(wrappedFactory: ProtocolFactory | ClientProtocolFactory, say?: (line: string) => void) {
    super(wrappedFactory);
    const logger = getLogger(["ropewalk", "protocols", "traffic"]);
    this.#say = say ?? ((line) => logger.info("{line}", { line }));
  }

  /** Makes the wrapper for one protocol. */
  protected override wrap(protocol: StreamProtocol, _address: Address): ProtocolWrapper {
    return new SpewingProtocol(this, protocol, this.#say);
  }
}
