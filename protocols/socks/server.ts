/**
 * `SOCKSServer`: connects its clients to where they ask. SOCKS 4, 4a and 5, whichever the client speaks.
 * @module
 */
import { type Deferred, type Failure, maybeDeferred, reportError } from "@ropewalk/deferred";
import type { Connector, DelayedCall, ReactorTCP, StreamProtocol } from "@ropewalk/reactor/core";
import { ByteQueue } from "../_byte_queue.ts";
import { concatBytes, decodeUtf8 } from "../bytes.ts";
import { ClientFactory, type Factory } from "../factory.ts";
import { Proxy } from "../portforward.ts";
import { addressBytes, plainHost, Reader, type SOCKSTarget } from "./codec.ts";

/** Options of {@linkcode SOCKSServer}. */
export interface SOCKSServerOptions {
  /** Makes the connections. */
  reactor: Pick<ReactorTCP, "connectTCP">;
  /**
   * Whether a client may connect there. What it says decides who can reach what: a server for all is an open proxy. The
   * target is as the client wrote it, but for addresses: each is written in one form, however it was sent (an IPv4
   * address inside an IPv6 one as the former). A name is looked up afterwards, and may lead to any address. Who wants to
   * keep clients out of a network allows addresses only.
   */
  authorize: (target: SOCKSTarget, user: string) => boolean;
  /** Checks a name and password of SOCKS 5; without it none are asked for, and a user's name is taken as it is. */
  authenticate?: (user: string, password: string) => boolean | Deferred<boolean> | PromiseLike<boolean>;
  /** How long the request may take. @default 30 */
  requestTimeoutSeconds?: number;
  /** How long connecting may take. @default 30 */
  connectTimeoutSeconds?: number;
}

const SUCCEEDED = 0;
const GENERAL_FAILURE = 1;
const NOT_ALLOWED = 2;
const UNREACHABLE = 4;
const REFUSED = 5;
const UNKNOWN_COMMAND = 7;
const UNKNOWN_ADDRESS = 8;

type State = "version" | "greeting" | "password" | "request" | "busy" | "connected" | "over";

/**
 * One connection of a SOCKS server. CONNECT only: BIND and UDP are answered with an error.
 *
 * @example
 * ```ts
 * import { Factory } from "@ropewalk/protocols";
 * import { SOCKSServer } from "@ropewalk/protocols/socks";
 * import type { Reactor } from "@ropewalk/reactor/core";
 *
 * function proxy(reactor: Reactor) {
 *   return Factory.forProtocol(SOCKSServer, { reactor, authorize: ({ port }) => port === 443 });
 * }
 * ```
 */
export class SOCKSServer<F = Factory> extends Proxy<F> {
  readonly #options: SOCKSServerOptions;
  readonly #queue = new ByteQueue();
  #state: State = "version";
  #version = 5;
  #user = "";
  #connector: Connector | null = null;
  #timer: DelayedCall | null = null;

  /**
   * A connection to be.
   *
   * @param options What is allowed, and by which reactor.
   */
  constructor(options: SOCKSServerOptions) {
    super();
    this.#options = options;
  }

  /** The time begins. */
  override connectionMade(): void {
    this.#timer = this.reactor.callLater(this.#options.requestTimeoutSeconds ?? 30, () => {
      this.#timer = null;
      this.transport.abortConnection();
    });
  }

  /** Takes some bytes: of the request, then for the other side. */
  override dataReceived(data: Uint8Array): void {
    if (this.#state === "connected") return super.dataReceived(data);
    if (this.#state === "over") return;
    this.#queue.append(data);
    this.#go();
  }

  /** The other side goes, too. */
  override connectionLost(reason: Failure): void {
    this.#stopTimer();
    if (this.#state !== "connected") this.#connector?.disconnect();
    this.#state = "over";
    super.connectionLost(reason);
  }

  /** @ignore The other side is there. */
  _connected(peer: Proxy<unknown>): void {
    if (this.#state === "over") return peer.transport.loseConnection();
    const host = peer.transport.getHost();
    this.#answer(SUCCEEDED, "host" in host ? { host: host.host, port: host.port } : undefined);
    this.#state = "connected";
    this.join(peer);
    const early = this.#queue.takeAll();
    this.#queue.clear();
    if (early.length > 0) super.dataReceived(early);
    this.transport.resumeProducing();
  }

  /** @ignore The other side could not be connected. */
  _failed(reason: Failure): void {
    if (this.#state === "over") return;
    const { code } = reason.value as { code?: string };
    this.#refuse(code === "CONNECTION_REFUSED" ? REFUSED : UNREACHABLE);
  }

  #go(): void {
    for (let before = ""; this.#queue.length > 0;) {
      const present = `${this.#state} ${this.#queue.length}`;
      if (present === before) break;
      before = present;
      const { bytes, start, end } = this.#queue;
      const reader = new Reader(bytes.subarray(start, end));
      this.#step(reader);
    }
    if (this.#state !== "busy" && this.#queue.length > 1024) this.#over(); // no request is that long
  }

  // Does what can be done; what it has read is used up before anything comes of it.
  #step(reader: Reader): void {
    switch (this.#state) {
      case "version": {
        this.#version = reader.bytes[0]!;
        if (this.#version === 4) return this.#request4(reader);
        if (this.#version !== 5) return this.#over();
        this.#state = "greeting";
        return;
      }
      case "greeting": {
        const head = reader.take(2);
        const methods = head === null ? null : reader.take(head[1]!);
        if (methods === null) return;
        this.#queue.start += reader.used;
        const method = this.#options.authenticate ? 2 : 0;
        if (!methods.includes(method)) {
          this.transport.write(Uint8Array.of(5, 0xff));
          return this.#over();
        }
        this.transport.write(Uint8Array.of(5, method));
        this.#state = method === 2 ? "password" : "request";
        return;
      }
      case "password": {
        const head = reader.take(2);
        const user = head === null ? null : reader.take(head[1]!);
        const length = user === null ? null : reader.take(1);
        const password = length === null ? null : reader.take(length[0]!);
        if (head === null || user === null || password === null) return;
        this.#queue.start += reader.used;
        if (head[0] !== 1) return this.#over();
        return this.#authenticate(decodeUtf8(user), decodeUtf8(password));
      }
      case "request":
        return this.#request5(reader);
        // In the other states, what comes is for the other side.
    }
  }

  #authenticate(user: string, password: string): void {
    this.#state = "busy";
    this.transport.pauseProducing(); // what comes is for later
    maybeDeferred(() => this.#options.authenticate!(user, password)).addErrback((failure) => {
      reportError(failure, "Error while a SOCKS user was authenticated");
      return false;
    }).addCallback((welcome) => {
      if (this.#state !== "busy") return;
      this.transport.write(Uint8Array.of(1, welcome ? 0 : 1));
      if (!welcome) return this.#over();
      this.#user = user;
      this.#state = "request";
      this.transport.resumeProducing();
      this.#go();
    });
  }

  // 4 1 port(2) address(4) user 0 [name 0]
  #request4(reader: Reader): void {
    const head = reader.take(8);
    const user = head === null ? null : reader.takeZeroEnded(255);
    if (user === undefined) return this.#over();
    if (head === null || user === null) return;
    let host: string | null | undefined = head.subarray(4).join(".");
    if (head[4] === 0 && head[5] === 0 && head[6] === 0 && head[7] !== 0) host = reader.takeZeroEnded(255); // 4a
    if (host === undefined) return this.#over();
    if (host === null) return;
    this.#queue.start += reader.used;
    this.#user = user;
    if (this.#options.authenticate) this.#refuse(NOT_ALLOWED); // 4 has no passwords
    else if (head[1] !== 1) this.#refuse(UNKNOWN_COMMAND);
    else this.#connect({ host, port: head[2]! << 8 | head[3]! });
  }

  // 5 1 0 address port
  #request5(reader: Reader): void {
    const head = reader.take(3);
    const target = head === null ? null : reader.takeTarget();
    if (head === null || target === null) return;
    this.#queue.start += reader.used;
    if (head[0] !== 5) return this.#over();
    if (target === undefined) this.#refuse(UNKNOWN_ADDRESS);
    else if (head[1] !== 1) this.#refuse(UNKNOWN_COMMAND);
    else this.#connect(target);
  }

  #connect({ host, port }: SOCKSTarget): void {
    this.#stopTimer();
    this.#state = "busy";
    const plain = /^[!-~\u0080-\uffff]+$/.test(host) ? plainHost(host) : null;
    if (plain === null || port === 0) return this.#refuse(NOT_ALLOWED);
    const target = { host: plain, port };
    let allowed: boolean;
    try {
      allowed = this.#options.authorize(target, this.#user);
    } catch (error) {
      reportError(error, "Error while a SOCKS request was authorized");
      return this.#refuse(GENERAL_FAILURE);
    }
    if (!allowed) return this.#refuse(NOT_ALLOWED);
    this.transport.pauseProducing();
    this.#connector = this.#options.reactor.connectTCP(
      target.host,
      target.port,
      new OtherSideFactory(this as SOCKSServer<unknown>),
      { timeoutSeconds: this.#options.connectTimeoutSeconds ?? 30 },
    );
  }

  #answer(code: number, { host, port }: SOCKSTarget = { host: "0.0.0.0", port: 0 }): void {
    const portBytes = Uint8Array.of(port >> 8, port & 255);
    if (this.#version === 5) {
      this.transport.write(concatBytes([Uint8Array.of(5, code, 0), addressBytes(host), portBytes]));
      return;
    }
    const address = code === SUCCEEDED ? addressBytes(host) : new Uint8Array(5);
    const four = address[0] === 1 ? address.subarray(1) : new Uint8Array(4);
    this.transport.write(concatBytes([Uint8Array.of(0, code === SUCCEEDED ? 90 : 91), portBytes, four]));
  }

  #refuse(code: number): void {
    this.#answer(code || GENERAL_FAILURE);
    this.#over();
  }

  #over(): void {
    this.#stopTimer();
    this.#state = "over";
    this.#queue.clear();
    this.transport.loseConnection();
  }

  #stopTimer(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }
}

class OtherSide extends Proxy {
  readonly #server: SOCKSServer<unknown>;

  constructor(server: SOCKSServer<unknown>) {
    super();
    this.#server = server;
  }

  override connectionMade(): void {
    this.#server._connected(this);
  }
}

class OtherSideFactory extends ClientFactory {
  readonly #server: SOCKSServer<unknown>;

  constructor(server: SOCKSServer<unknown>) {
    super();
    this.#server = server;
  }

  override buildProtocol(): StreamProtocol {
    return this.adopt(new OtherSide(this.#server));
  }

  override clientConnectionFailed(_connector: Connector, reason: Failure): void {
    this.#server._failed(reason);
  }
}
