/**
 * FTP's data connections.
 * @module
 */
import { Deferred, Failure } from "@ropewalk/deferred";
import type {
  Address,
  Connector,
  DelayedCall,
  ListeningPort,
  ReactorTCP,
  ReactorTime,
  StreamProtocol,
} from "@ropewalk/reactor/core";
import { ClientFactory, Factory } from "../factory.ts";
import { Protocol } from "../protocol.ts";
import type { FTPWriter } from "./shell.ts";

/** One data connection: what comes is given to a writer, or kept back until there is one. */
export class DataConnection extends Protocol<unknown> {
  /** Fires when the connection is gone: true if it was closed in order. */
  readonly ended: Deferred<boolean> = new Deferred();
  /** Called whenever some bytes came, or the writer has dealt with all of them. */
  progress: () => void = () => {};
  #writer: FTPWriter | null = null;
  #early: Uint8Array[] = [];
  #writing = 0; // pieces that the writer has not dealt with
  #clean: boolean | null = null; // how the connection ended, while there are such
  #failed: Failure | null = null;

  /** Whether the writer still deals with what came. */
  get isHeld(): boolean {
    return this.#writing > 0;
  }

  /** Nothing is read before somebody wants it. */
  override connectionMade(): void {
    this.transport.pauseProducing();
  }

  /** Gives what comes to a writer. `ended` fails if the writer does. */
  receive(writer: FTPWriter): void {
    this.#writer = writer;
    if (this.connected) this.transport.resumeProducing();
    for (const piece of this.#early.splice(0)) this.#write(writer, piece);
  }

  override dataReceived(data: Uint8Array): void {
    this.progress();
    if (this.#writer === null) this.#early.push(data);
    else this.#write(this.#writer, data);
  }

  override connectionLost(reason: Failure): void {
    this.connected = false;
    this.#clean = (reason.value as { code?: string }).code === "CONNECTION_DONE";
    this.#end();
  }

  #write(writer: FTPWriter, data: Uint8Array): void {
    if (this.#failed !== null) return;
    let result: ReturnType<FTPWriter["write"]>;
    try {
      result = writer.write(data);
    } catch (error) {
      return this.#fail(new Failure(error));
    }
    if (typeof (result as PromiseLike<unknown> | null | undefined)?.then !== "function") return;
    if (this.#writing++ === 0 && this.connected) this.transport.pauseProducing();
    (Deferred.is(result) ? result : Deferred.fromPromise(result as PromiseLike<unknown>)).addCallbacks(() => {
      if (--this.#writing > 0) return;
      this.progress();
      if (this.connected) this.transport.resumeProducing();
      else this.#end();
    }, (failure) => this.#fail(failure));
  }

  #fail(failure: Failure): void {
    this.#failed ??= failure;
    if (this.connected) this.transport.abortConnection();
    else this.#end();
  }

  // What was received is the writer's, also when the connection is gone by then.
  #end(): void {
    if (this.#clean === null || this.ended.called) return;
    if (this.#failed !== null) this.ended.errback(this.#failed);
    else if (this.#writing === 0) this.ended.callback(this.#clean);
  }
}

/** A data connection to be: we listen for it, or connect. */
export class DataChannel {
  /** Fires with the connection; fails if there is none in time. */
  readonly connected: Deferred<DataConnection> = new Deferred();
  #port: ListeningPort | null = null;
  #connector: Connector | null = null;
  #connection: DataConnection | null = null;
  #timer: DelayedCall | null;

  private constructor(reactor: ReactorTime, seconds: number) {
    this.connected.addErrback(() => {}); // whoever waits adds to it; nobody has to
    this.#timer = reactor.callLater(seconds, () => {
      this.#timer = null;
      this.close();
    });
  }

  /** Listens; only connections from `peer` are taken, so that nobody steals a transfer. */
  static listen(
    reactor: Pick<ReactorTCP, "listenTCP"> & ReactorTime,
    host: string,
    peer: string,
    seconds: number,
  ): DataChannel {
    const channel = new DataChannel(reactor, seconds);
    const factory = new DataFactory(channel, peer);
    channel.#port = reactor.listenTCP(0, factory, { hostname: host });
    return channel;
  }

  /** Connects. */
  static connect(
    reactor: Pick<ReactorTCP, "connectTCP"> & ReactorTime,
    host: string,
    port: number,
    seconds: number,
  ): DataChannel {
    const channel = new DataChannel(reactor, seconds);
    channel.#connector = reactor.connectTCP(host, port, new DataClientFactory(channel), {
      timeoutSeconds: seconds,
    });
    return channel;
  }

  /** The port that it listens on, once it is bound. */
  get bound(): Deferred<number> {
    return this.#port!.ready.addCallback((port) => (port.getHost() as { port: number }).port);
  }

  /**
   * Ends it, with the connection if there is one.
   *
   * @param abort Whether that breaks off, so that nobody takes what was sent for all there is.
   */
  close(abort = false): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#port?.stopListening();
    this.#port = null;
    this.#connector?.disconnect();
    this.#connector = null;
    const connection = this.#connection;
    if (connection?.connected && abort) connection.transport.abortConnection();
    else if (connection?.connected) connection.transport.loseConnection();
    if (!this.connected.called) this.connected.errback(new Failure(new Error("No data connection in time")));
  }

  /** A connection of its own, once; `null` for any other. */
  build(): DataConnection | null {
    if (this.#connection !== null || this.connected.called) return null;
    this.#timer?.cancel();
    this.#timer = null;
    this.#port?.stopListening();
    this.#port = null;
    const connection = this.#connection = new DataConnection();
    const made = connection.connectionMade;
    connection.connectionMade = () => {
      made.call(connection);
      if (!this.connected.called) this.connected.callback(connection);
    };
    return connection;
  }
}

class DataFactory extends Factory {
  constructor(readonly channel: DataChannel, readonly peer: string) {
    super();
  }
  override buildProtocol(address?: Address): StreamProtocol | null {
    return address !== undefined && "host" in address && sameHost(address.host, this.peer)
      ? this.channel.build()
      : null;
  }
}

class DataClientFactory extends ClientFactory {
  constructor(readonly channel: DataChannel) {
    super();
  }
  override buildProtocol(): StreamProtocol | null {
    return this.channel.build();
  }
  override clientConnectionFailed(): void {
    this.channel.close();
  }
}

/** Whether two addresses are one, however they are written: IPv6 in any form, IPv4 inside IPv6, with a zone. */
export function sameHost(a: string, b: string): boolean {
  return plainHost(a) === plainHost(b);
}

function plainHost(host: string): string {
  const address = host.replace(/%.*$/, "");
  if (!address.includes(":")) return address;
  const url = `http://[${address}]/`;
  const canonical = URL.canParse(url) ? new URL(url).hostname : address;
  const words = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(canonical);
  if (words === null) return canonical;
  return words.slice(1).map((word) => parseInt(word, 16)).map((word) => `${word >> 8}.${word & 255}`).join(
    ".",
  );
}
