/**
 * `Broker`: one Perspective Broker connection.
 *
 * ```text
 *   server                                   client
 *     ── [pb none] ─────────────────────────►          which dialects it speaks
 *     ◄───────────────────────────────── pb ──
 *     ── [version 6] ───────►◄── [version 6] ──        neither waits for the other
 *     ◄── [message 1 root get 1 args kwargs] ──
 *     ── [answer 1 value] ──────────────────►          or [error 1 failure]; answers come in any order
 * ```
 *
 * What is written while received bytes are dealt with leaves in one piece when they are through.
 * @module
 */
import { CancelledError, type Deferred, type Failure, reportError, succeed } from "@ropewalk/deferred";
import { Protocol } from "@ropewalk/protocols";
import type { DelayedCall, ReactorTime, Transport } from "@ropewalk/reactor/core";
import { getLogger } from "@logtape/logtape";
import { readElement } from "./banana_decoder.ts";
import type { RemoteCache } from "./cacheable.ts";
import { BananaError, JellyError, ProtocolError } from "./errors.ts";
import {
  type BrokerOptions,
  HANDSHAKE_SECONDS,
  MAX_BROKER_REFS,
  MAX_UNANSWERED_CALLS,
  MAX_UNSENT_BYTES,
  PB_VERSION,
} from "./broker_options.ts";
import { Dispatcher } from "./_dispatcher.ts";
import { Brake } from "./_brake.ts";
import { CallLimit } from "./_call_limit.ts";
import { Extensions } from "./_extensions.ts";
import { Gate } from "./_gate.ts";
import { Inbox } from "./_inbox.ts";
import { IncomingCalls } from "./_incoming_calls.ts";
import { Ledger } from "./_ledger.ts";
import { resolveLimits } from "./limits.ts";
import { Outbox } from "./_outbox.ts";
import { ANSWERED, KEPT, NO_ANSWER, OutgoingCalls, type ResultOf } from "./_outgoing_calls.ts";
import { Reader } from "./_reader.ts";
import type { CallTarget } from "./referenceable.ts";
import { RemotePromise } from "./remote_promise.ts";
import { RemoteReference } from "./remote_reference.ts";
import type { Creditor } from "./_remote_table.ts";
import { globalSecurity } from "./security.ts";
import { Unjellier } from "./unjellier.ts";
import { CACHEMESSAGE, DECACHE, DECREF, MESSAGE, VERSION } from "./_vocabulary.ts";

const logger = getLogger(["ropewalk", "spread"]);

const NOTHING = new Uint8Array(0);

/** One connection: a protocol that takes its bytes from any transport. */
export class Broker extends Protocol<unknown> implements Creditor {
  /** Whatever is kept of the data is copied. */
  readonly borrowsData = true;
  /** Whether we made the connection. */
  readonly isClient: boolean;
  /** True once the connection is lost. */
  disconnected = false;
  /** Whether the peer gets the stacks of our errors. */
  readonly unsafeTracebacks: boolean;
  /** Called when the handshake is through. */
  onReady: ((broker: Broker) => void) | null = null;
  /** Called when the connection is lost, before its watchers are. */
  onLost: ((broker: Broker, reason: Failure) => void) | null = null;

  readonly #inbox: Inbox;
  readonly #reader = new Reader();
  readonly #outbox: Outbox;
  readonly #outgoing: OutgoingCalls;
  readonly #dispatcher: Dispatcher;
  #dialect: string | null = null;
  #fault: unknown = null;
  readonly #handshakeSeconds: number;
  #handshakeLimit: DelayedCall | null = null;
  readonly #ledger: Ledger;
  readonly #extensions: Extensions;
  readonly #askAtOnce: boolean;
  readonly #watchers = new Set<() => void>();

  /**
   * Makes one.
   *
   * @param isClient Whether we made the connection: the server speaks first.
   * @param options Security, limits and the like.
   */
  constructor(isClient: boolean, options: BrokerOptions = {}) {
    super();
    this.isClient = isClient;
    const security = options.security ?? globalSecurity;
    this.unsafeTracebacks = options.unsafeTracebacks ?? false;
    this.#inbox = new Inbox(resolveLimits(options.limits), (bytes, start) => this.#message(bytes, start));
    const most = options.maxReferences ?? MAX_BROKER_REFS;
    this.#ledger = new Ledger(this, most);
    this.#extensions = new Extensions(most);
    this.#askAtOnce = options.extensions ?? false;
    const unjellier = new Unjellier(this.#reader, this.#ledger, security);
    const outbox = this.#outbox = new Outbox(this.#ledger, security);
    const unsent = options.maxUnsentBytes ?? (isClient ? Infinity : MAX_UNSENT_BYTES);
    const gate = new Gate(this.#inbox, () => this.dataReceived(NOTHING));
    if (unsent < Infinity) outbox.brake = new Brake(unsent, gate);
    this.#handshakeSeconds = options.handshakeSeconds ?? HANDSHAKE_SECONDS;
    this.#outgoing = new OutgoingCalls(outbox, this.#reader, unjellier, this.#extensions);
    const limit = this.#outgoing.limit = new CallLimit(
      options.maxUnansweredCalls ?? MAX_UNANSWERED_CALLS,
      outbox,
      gate,
    );
    const incoming = new IncomingCalls(
      this,
      outbox,
      this.#ledger,
      this.#reader,
      unjellier,
      this.#extensions,
      limit,
      this.#outgoing,
    );
    this.#dispatcher = new Dispatcher((f) => this.guard(f), {
      reader: this.#reader,
      incoming,
      outgoing: this.#outgoing,
      ledger: this.#ledger,
      outbox,
      extensions: this.#extensions,
    });
    // What was written goes out before anybody else gets at the transport, so that closing it loses nothing.
    Object.defineProperty(this, "transport", {
      configurable: true,
      enumerable: true,
      get: () => {
        outbox.flush();
        return outbox.transport;
      },
      set: (transport: Transport) => outbox.transport = transport,
    });
  }

  // ------------------------------------------------------------------------------------------- the connection

  /** The server offers its dialects. */
  override connectionMade(): void {
    this.#limitHandshake();
    if (this.isClient) return;
    const { out } = this.#outbox;
    out.list(2);
    out.text("pb");
    out.text("none");
    this.#outbox.flush();
  }

  /** Bytes came, cut anywhere. A peer that sends rubbish loses the connection; nothing is thrown. */
  override dataReceived(data: Uint8Array): void {
    if (this.#outbox.receiving) {
      this.#inbox.feed(data);
      return;
    }
    this.#outbox.receiving = true;
    try {
      this.#inbox.feed(data);
    } catch (error) {
      this.#giveUpOnPeer(error);
    } finally {
      this.#outbox.receiving = false;
      this.#outbox.flush();
    }
  }

  /** The connection is gone: calls fail, caches and avatars are told, watchers run. */
  override connectionLost(reason: Failure): void {
    if (this.disconnected) return;
    this.disconnected = true;
    this.connected = false;
    this.#handshakeEnded();
    this.#inbox.stop();
    this.#outbox.closed = true;
    this.#outbox.out.length = 0;
    this.#outgoing.lost(this.#fault ?? reason.value, (f) => this.guard(f));
    for (const work of this.#extensions.clear()) this.guard(() => work.lost?.());
    this.#ledger.release();
    this.onLost?.(this, reason);
    for (const watcher of [...this.#watchers]) if (this.#watchers.has(watcher)) this.guard(watcher);
    this.#watchers.clear();
    this.#ledger.clear();
  }

  /** Calls `f` when the connection is lost; at once if it is lost already. */
  notifyOnDisconnect(f: () => void): void {
    if (this.disconnected) this.guard(f);
    else this.#watchers.add(f);
  }

  /** Takes {@linkcode notifyOnDisconnect} back. */
  dontNotifyOnDisconnect(f: () => void): void {
    this.#watchers.delete(f);
  }

  /** Calls a function of the program; what it throws is reported and goes no further. */
  guard<A extends unknown[]>(f: (...args: A) => unknown, ...args: A): void {
    try {
      f(...args);
    } catch (error) {
      reportError(error, "Error in a function that was called by a PB connection");
    }
  }

  #limitHandshake(): void {
    const seconds = this.#handshakeSeconds;
    if (seconds === Infinity) return;
    let reactor: ReactorTime;
    try {
      reactor = this.reactor;
    } catch {
      return; // a carrier of messages tells no time unless it was given a reactor
    }
    this.#handshakeLimit = reactor.callLater(seconds, () => {
      this.#handshakeLimit = null;
      this.#giveUpOnPeer(new ProtocolError(`The handshake took more than ${seconds} seconds`));
    });
  }

  #handshakeEnded(): void {
    this.#handshakeLimit?.cancel();
    this.#handshakeLimit = null;
  }

  #giveUpOnPeer(error: unknown): void {
    this.#fault = error;
    this.#inbox.stop();
    const theirs = error instanceof BananaError || error instanceof JellyError ||
      error instanceof ProtocolError;
    if (theirs) logger.warn("Closing a PB connection: {error}", { error });
    else reportError(error, "Error while dealing with a PB message");
    this.transport.abortConnection();
  }

  // ------------------------------------------------------------------------------------------- calls to the peer

  /** A reference to an object of the peer that has a name: `"root"`. Nothing is sent for it, nor counted. */
  remoteForName(name: string): RemoteReference {
    return new RemoteReference(this, name);
  }

  /** Calls a method of an object of the peer; see `RemoteReference.callRemote`. */
  call(luid: number | string, name: string, args: unknown[], perspective: unknown): Deferred<unknown> {
    return this.#outgoing.call(MESSAGE, luid, name, args, perspective, ANSWERED) ?? succeed<unknown>(null);
  }

  /** As {@linkcode call}, without an answer. */
  send(luid: number | string, name: string, args: unknown[], perspective: unknown): void {
    this.#outgoing.call(MESSAGE, luid, name, args, perspective, NO_ANSWER)?.addErrback((failure) =>
      failure.raiseException()
    );
  }

  /** Calls a method of the peer's copy of a cacheable of ours. */
  callCache(luid: number, name: string, args: unknown[], perspective: unknown): Deferred<unknown> {
    return this.#outgoing.call(CACHEMESSAGE, luid, name, args, perspective, ANSWERED) ??
      succeed<unknown>(null);
  }

  // ------------------------------------------------------------------------------------------- between two Ropewalks

  /** Whether the peer is known to be a Ropewalk too. */
  get agreed(): boolean {
    return this.#extensions.agreement === "agreed";
  }

  /** Asks the peer, once, whether it is a Ropewalk too; see `_extensions.ts`. */
  ask(): void {
    if (this.#extensions.agreement !== "unknown" || this.#dialect === null || this.disconnected) return;
    this.#extensions.agreement = "asked";
    this.#outbox.pair(VERSION, PB_VERSION);
  }

  /** Calls a method whose result can be called before it is there. */
  pipeline<V>(luid: number | string, name: string, args: unknown[], perspective: unknown): RemotePromise<V> {
    return this.#pipeline(luid, name, args, perspective);
  }

  /** As {@linkcode pipeline}, on a result that the peer keeps. */
  pipelineResult<V>(id: number, name: string, args: unknown[]): RemotePromise<V> {
    return this.#pipeline({ id }, name, args, null);
  }

  /** Calls a result that the peer keeps. */
  callResult(id: number, name: string, args: unknown[]): Deferred<unknown> {
    return this.#outgoing.call(MESSAGE, { id }, name, args, null, ANSWERED) ?? succeed<unknown>(null);
  }

  /** The peer need not keep a result any longer. */
  releaseResult(id: number): void {
    if (!this.disconnected) this.#outbox.tell("release", id);
  }

  #pipeline<V>(
    luid: number | string | ResultOf,
    name: string,
    args: unknown[],
    perspective: unknown,
  ): RemotePromise<V> {
    if (!this.agreed) {
      this.ask();
      return new RemotePromise<V>(
        this,
        0,
        this.#outgoing.call(MESSAGE, luid, name, args, perspective, ANSWERED)!,
      );
    }
    const call = this.#outgoing.call(MESSAGE, luid, name, args, perspective, KEPT)!;
    return new RemotePromise<V>(this, call.called ? 0 : this.#outgoing.lastRequest, call);
  }

  /** The signal of a call that is being answered; for `currentCall`. */
  signalOf(id: number): AbortSignal {
    const controller = new AbortController();
    const abort = () => controller.abort(new CancelledError("The caller has gone"));
    this.#extensions.serve(id, { cancel: abort, lost: abort });
    return controller.signal;
  }

  // ------------------------------------------------------------------------------------------- messages from the peer

  #message(bytes: Uint8Array, start: number): void {
    this.#reader.open(bytes, start);
    if (this.#dialect === null) this.#handshake();
    else this.#dispatcher.message();
  }

  #handshake(): void {
    const said = readElement(this.#reader);
    const offered = (this.isClient ? Array.isArray(said) ? said : [] : [said]).map((dialect) =>
      dialect instanceof Uint8Array ? new TextDecoder().decode(dialect) : ""
    );
    const chosen = offered.find((dialect) => dialect === "pb" || dialect === "none");
    if (chosen === undefined) throw new ProtocolError("The peer speaks no dialect that is known here");
    if (this.isClient) this.#outbox.out.text(chosen);
    this.#handshakeEnded();
    this.#dialect = chosen;
    this.#inbox.scanner.words = this.#outbox.out.compress = chosen === "pb";
    this.#outbox.pair(VERSION, PB_VERSION);
    if (this.#askAtOnce) this.ask();
    this.onReady?.(this);
  }

  // ------------------------------------------------------------------------------------------- objects

  /** Gives an object a name under which the peer can call it. */
  setNameForLocal(name: string, object: CallTarget): void {
    this.#ledger.names.set(name, object);
  }

  /** Calls `f` once: when the peer has given up its last reference to `target`, or the connection is lost. */
  onRelease(target: CallTarget, f: () => void): void {
    this.#ledger.onRelease(target, f);
  }

  /** How many objects of ours the peer holds. */
  get references(): number {
    return this.#ledger.references;
  }

  /** Whether the peer holds a reference to an object of ours. */
  holds(target: CallTarget): boolean {
    return this.#ledger.holds(target);
  }

  /** Gives a reference up by hand. */
  giveUp(reference: object): void {
    if (!this.disconnected) this.#ledger.giveUp(reference as RemoteReference);
  }

  /** Gives a cache up by hand. */
  giveUpCache(cache: RemoteCache): void {
    if (!this.disconnected) this.#ledger.giveUpCache(cache);
  }

  /** Tells the peer that an object of its own is not held any more, as often as it was received. */
  pay(kind: "decref" | "decache", luid: number, receipts: number): void {
    if (this.disconnected || this.#outbox.transport === null) return;
    for (; receipts > 0; receipts--) this.#outbox.pair(kind === "decref" ? DECREF : DECACHE, luid);
  }
}
