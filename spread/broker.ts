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
import { CancelledError, Deferred, Failure, reportError, succeed } from "@ropewalk/deferred";
import { Protocol } from "@ropewalk/protocols";
import type { Transport } from "@ropewalk/reactor/core";
import { getLogger } from "@logtape/logtape";
import { readElement } from "./banana_decoder.ts";
import type { RemoteCache } from "./cacheable.ts";
import {
  BananaError,
  DeadReferenceError,
  JellyError,
  PBConnectionLost,
  PBError,
  ProtocolError,
  RemoteError,
} from "./errors.ts";
import { CopyableFailure } from "./failures.ts";
import { Inbox } from "./_inbox.ts";
import { type BananaLimits, type ResolvedLimits, resolveLimits } from "./limits.ts";
import { Jellier } from "./jellier.ts";
import { Ledger } from "./_ledger.ts";
import { enterCall } from "./current_call.ts";
import { Extensions } from "./_extensions.ts";
import type { Jellyable } from "./jellier.ts";
import { RemotePromise } from "./remote_promise.ts";
import { isRevoked, Revoked } from "./revoke.ts";
import { StreamSource } from "./stream_source.ts";
import { Viewable, viewPoint } from "./viewable.ts";
import { LIST, Output, STRING, VOCAB } from "./_output.ts";
import { Reader } from "./_reader.ts";
import { type CallTarget, PERSPECTIVE, STANDS_FOR } from "./referenceable.ts";
import { RemoteReference } from "./remote_reference.ts";
import type { Creditor } from "./_remote_table.ts";
import { globalSecurity, type SecurityOptions } from "./security.ts";
import { Unjellier } from "./unjellier.ts";
import { Kwargs, kwargs } from "./values.ts";
import {
  ANSWER,
  CACHEMESSAGE,
  DECACHE,
  DECREF,
  DICTIONARY,
  ERROR,
  MESSAGE,
  TUPLE,
  UNCACHE,
  VERSION,
  WORD_BYTES,
} from "./_vocabulary.ts";

const logger = getLogger(["ropewalk", "spread"]);

/** The version of the protocol: that of every Twisted of the last twenty years. */
export const PB_VERSION = 6;
/** The most live references, and the most caches, that a peer may hold over one connection. */
export const MAX_BROKER_REFS = 1024;

// What is written in one turn is handed to the transport at the latest when it is this much.
const FLUSH_AT = 64 * 1024;
// A buffer that one large message made larger than this is not kept.
const KEEP = 1024 * 1024;

/** Options of a connection, given to its factory. */
export interface BrokerOptions {
  /** Which kinds of value the peer may send. @default globalSecurity */
  security?: SecurityOptions;
  /** Whether the peer gets the stacks of our errors. @default false */
  unsafeTracebacks?: boolean;
  /** The most live references, and the most caches, that the peer may hold. @default 1024 */
  maxReferences?: number;
  /** Limits of what is received. */
  limits?: BananaLimits;
  /**
   * Whether to find out as soon as the connection is made whether the peer is a Ropewalk too; else it is found out when a
   * call is pipelined for the first time. Twisted takes the question for a repetition. @default false
   */
  extensions?: boolean;
}

/** A call that waits for its answer. */
class Pending extends Deferred<unknown> {
  constructor(readonly broker: Broker, readonly id: number) {
    super(cancelPending as (d: Deferred<unknown>) => void);
  }
}

// The values of "answer required": none, one, and one that the peer is to keep for calls on it.
const NO_ANSWER = 0;
const ANSWERED = 1;
const KEPT = 2;

function cancelPending(call: Pending): void {
  call.broker.forgetCall(call.id);
}

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

  readonly #security: SecurityOptions;
  readonly #limits: ResolvedLimits;
  readonly #inbox: Inbox;
  readonly #reader = new Reader();
  readonly #unjellier: Unjellier;
  readonly #out = new Output(false, 1024);
  readonly #jellier: Jellier;
  #transport: Transport | null = null;
  #dialect: string | null = null;
  #receiving = false;
  // The jellier that writes a message now; messages that are sent meanwhile (by a `getStateToCopy`, say) come after it.
  #composing = false;
  #queued: Uint8Array[] = [];
  #fault: unknown = null;
  #lastRequest = 0;
  // The call that is being answered, for `currentCall`: one object, used again and again.
  readonly #answering = { broker: this as Broker, id: 0 };
  // `null` marks a call whose answer nobody wants any more.
  readonly #waiting = new Map<number, Deferred<unknown> | null>();
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
    this.#security = options.security ?? globalSecurity;
    this.unsafeTracebacks = options.unsafeTracebacks ?? false;
    this.#limits = resolveLimits(options.limits);
    this.#inbox = new Inbox(this.#limits, (bytes, start) => this.#message(bytes, start));
    const most = options.maxReferences ?? MAX_BROKER_REFS;
    this.#ledger = new Ledger(this, most);
    this.#extensions = new Extensions(most);
    this.#askAtOnce = options.extensions ?? false;
    this.#unjellier = new Unjellier(this.#reader, this.#ledger, this.#security);
    this.#jellier = new Jellier(this.#out, this.#ledger, this.#security);
    // What was written goes out before anybody else gets at the transport, so that closing it loses nothing.
    Object.defineProperty(this, "transport", {
      configurable: true,
      enumerable: true,
      get: () => {
        this.#flush();
        return this.#transport;
      },
      set: (transport: Transport) => this.#transport = transport,
    });
  }

  // ------------------------------------------------------------------------------------------- the connection

  /** The server offers its dialects. */
  override connectionMade(): void {
    if (this.isClient) return;
    const out = this.#out;
    out.list(2);
    out.text("pb");
    out.text("none");
    this.#flush();
  }

  /** Bytes came, cut anywhere. A peer that sends rubbish loses the connection; nothing is thrown. */
  override dataReceived(data: Uint8Array): void {
    if (this.#receiving) {
      this.#inbox.feed(data);
      return;
    }
    this.#receiving = true;
    try {
      this.#inbox.feed(data);
    } catch (error) {
      this.#giveUpOnPeer(error);
    } finally {
      this.#receiving = false;
      this.#flush();
    }
  }

  /** The connection is gone: calls fail, caches and avatars are told, watchers run. */
  override connectionLost(reason: Failure): void {
    if (this.disconnected) return;
    this.disconnected = true;
    this.connected = false;
    this.#inbox.stop();
    this.#out.length = 0;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    const cause = this.#fault ?? reason.value;
    const message = `The connection was lost before the answer came: ${new Failure(cause).getErrorMessage()}`;
    for (const call of waiting) {
      if (call !== null) this.guard(() => call.errback(new PBConnectionLost(message, { cause })));
    }
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

  #giveUpOnPeer(error: unknown): void {
    this.#fault = error;
    this.#inbox.stop();
    const theirs = error instanceof BananaError || error instanceof JellyError ||
      error instanceof ProtocolError;
    if (theirs) logger.warn("Closing a PB connection: {error}", { error });
    else reportError(error, "Error while dealing with a PB message");
    this.transport.abortConnection();
  }

  #flush(): void {
    const out = this.#out;
    if (out.length === 0 || this.#composing) return;
    const bytes = out.bytes.subarray(0, out.length);
    out.length = 0;
    if (this.#transport !== null && !this.disconnected) this.#transport.write(bytes);
    if (out.length === 0) out.reset(KEEP);
  }

  #begin(): Jellier {
    if (this.#composing) {
      const apart = new Output(this.#out.compress);
      return new Jellier(apart, this.#ledger, this.#security);
    }
    this.#composing = true;
    return this.#jellier;
  }

  // A message is complete: it leaves now, or with the others of this turn.
  #sent(jellier: Jellier): void {
    jellier.commit();
    if (jellier !== this.#jellier) {
      this.#queued.push(jellier.out.take());
      return;
    }
    this.#end();
    if (!this.#receiving || this.#out.length >= FLUSH_AT) this.#flush();
  }

  #unsent(jellier: Jellier, start: number): void {
    jellier.out.length = start;
    jellier.rollBack();
    if (jellier === this.#jellier) this.#end();
  }

  #end(): void {
    this.#composing = false;
    if (this.#queued.length === 0) return;
    const queued = this.#queued;
    this.#queued = [];
    for (const bytes of queued) this.#out.raw(bytes);
  }

  // ------------------------------------------------------------------------------------------- calls to the peer

  /** A reference to an object of the peer that has a name: `"root"`. Nothing is sent for it, nor counted. */
  remoteForName(name: string): RemoteReference {
    return new RemoteReference(this, name);
  }

  /** Calls a method of an object of the peer; see `RemoteReference.callRemote`. */
  call(luid: number | string, name: string, args: unknown[], perspective: unknown): Deferred<unknown> {
    return this.#call(MESSAGE, luid, name, args, perspective, ANSWERED) ?? succeed<unknown>(null);
  }

  /** As {@linkcode call}, without an answer. */
  send(luid: number | string, name: string, args: unknown[], perspective: unknown): void {
    this.#call(MESSAGE, luid, name, args, perspective, NO_ANSWER)?.addErrback((failure) =>
      failure.raiseException()
    );
  }

  /** Calls a method of the peer's copy of a cacheable of ours. */
  callCache(luid: number, name: string, args: unknown[], perspective: unknown): Deferred<unknown> {
    return this.#call(CACHEMESSAGE, luid, name, args, perspective, ANSWERED) ?? succeed<unknown>(null);
  }

  #call(
    word: number,
    luid: number | string | ResultOf,
    name: string,
    args: unknown[],
    perspective: unknown,
    answer: number,
  ): Deferred<unknown> | null {
    if (this.disconnected) throw new DeadReferenceError("Cannot call: the connection is gone");
    let named: Kwargs | null = null;
    if (args.length > 0 && Kwargs.is(args[args.length - 1])) {
      named = args[args.length - 1] as Kwargs;
      args = args.slice(0, -1);
      if (Object.hasOwn(named, "pbanswer")) {
        const { pbanswer, ...rest } = named;
        if (!pbanswer) answer = NO_ANSWER;
        named = Object.keys(rest).length === 0 ? null : kwargs(rest);
      }
    }
    const id = ++this.#lastRequest;
    const call = answer !== NO_ANSWER ? new Pending(this, id) : null;
    const jellier = this.#begin();
    const out = jellier.out;
    const start = out.length;
    try {
      out.list(7);
      out.word(word, WORD_BYTES[word]!);
      out.int(id);
      if (typeof luid === "number") out.int(luid);
      else if (typeof luid === "string") out.text(luid);
      else {
        out.list(2);
        out.text("result");
        out.int(luid.id);
      }
      out.text(name);
      out.int(answer);
      jellier.begin(perspective);
      const count = args.length;
      out.list(count + 1);
      out.word(TUPLE, WORD_BYTES[TUPLE]!);
      for (let i = 0; i < count; i++) jellier.write(args[i]);
      jellier.end();
      if (named === null) {
        out.list(1);
        out.word(DICTIONARY, WORD_BYTES[DICTIONARY]!);
      } else jellier.jelly(named, perspective);
    } catch (error) {
      this.#unsent(jellier, start);
      if (call === null) throw error;
      call.errback(new Failure(error));
      return call;
    }
    if (call !== null) this.#waiting.set(id, call);
    this.#sent(jellier);
    return call;
  }

  /** Nobody wants the answer of a call any more. */
  forgetCall(id: number): void {
    if (!this.#waiting.has(id)) return;
    this.#waiting.set(id, null);
    if (this.#extensions.agreement === "agreed") this.#tell("cancel", id);
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
    this.#pair(VERSION, PB_VERSION);
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
    return this.#call(MESSAGE, { id }, name, args, null, ANSWERED) ?? succeed<unknown>(null);
  }

  /** The peer need not keep a result any longer. */
  releaseResult(id: number): void {
    if (!this.disconnected) this.#tell("release", id);
  }

  #pipeline<V>(
    luid: number | string | ResultOf,
    name: string,
    args: unknown[],
    perspective: unknown,
  ): RemotePromise<V> {
    if (!this.agreed) {
      this.ask();
      return new RemotePromise<V>(this, 0, this.#call(MESSAGE, luid, name, args, perspective, ANSWERED)!);
    }
    const call = this.#call(MESSAGE, luid, name, args, perspective, KEPT)!;
    return new RemotePromise<V>(this, call.called ? 0 : this.#lastRequest, call);
  }

  /** The signal of a call that is being answered; for `currentCall`. */
  signalOf(id: number): AbortSignal {
    const controller = new AbortController();
    const abort = () => controller.abort(new CancelledError("The caller has gone"));
    this.#extensions.serve(id, { cancel: abort, lost: abort });
    return controller.signal;
  }

  #tell(word: string, number: number): void {
    const jellier = this.#begin();
    jellier.out.list(2);
    jellier.out.text(word);
    jellier.out.int(number);
    this.#sent(jellier);
  }

  #heard(name: string, count: number): void {
    this.#need(count, 2);
    const number = this.#reader.integer();
    const extensions = this.#extensions;
    if (name === "ropewalk" && extensions.agreement !== "unknown") extensions.agreement = "agreed";
    else if (extensions.agreement !== "agreed") throw new ProtocolError("A message is of an unknown kind");
    else if (name === "cancel") this.guard(() => extensions.cancel(number));
    else if (name === "release") extensions.release(number);
    else throw new ProtocolError("A message is of an unknown kind");
  }

  // ------------------------------------------------------------------------------------------- messages from the peer

  #message(bytes: Uint8Array, start: number): void {
    const reader = this.#reader;
    reader.open(bytes, start);
    if (this.#dialect === null) {
      this.#handshake();
      return;
    }
    if (reader.next() !== LIST || reader.value === 0) throw new ProtocolError("A message is no list");
    const count = reader.value;
    const type = reader.peek();
    let word = VOCAB === type ? reader.value : 0;
    const name = reader.name();
    if (word === 0) word = WORDS.get(name) ?? 0;
    switch (word) {
      case MESSAGE:
        this.#need(count, 7);
        this.#incoming(false);
        break;
      case CACHEMESSAGE:
        this.#need(count, 7);
        this.#incoming(true);
        break;
      case ANSWER:
        this.#need(count, 3);
        this.#answer(false);
        break;
      case ERROR:
        this.#need(count, 3);
        this.#answer(true);
        break;
      case DECREF:
        this.#need(count, 2);
        this.#ledger.decref(reader.integer());
        break;
      case DECACHE:
        this.#need(count, 2);
        if (this.#ledger.decache(reader.integer())) this.#pair(UNCACHE, reader.value);
        break;
      case UNCACHE:
        this.#need(count, 2);
        this.#ledger.uncache(reader.integer());
        break;
      case VERSION: {
        this.#need(count, 2);
        const version = reader.integer();
        if (version !== PB_VERSION) {
          throw new ProtocolError(`Version ${version} is not compatible with ${PB_VERSION}`);
        }
        if (++this.#extensions.versions === 2) {
          this.#extensions.agreement = "agreed";
          this.#tell("ropewalk", 1);
        }
        break;
      }
      default:
        if (name !== "didNotUnderstand") {
          this.#heard(name, count);
          break;
        }
        logger.warn("The peer did not understand a message");
    }
  }

  #need(count: number, wanted: number): void {
    if (count !== wanted) throw new ProtocolError("A message has the wrong length");
  }

  #handshake(): void {
    const said = readElement(this.#reader);
    const offered = (this.isClient ? Array.isArray(said) ? said : [] : [said]).map((dialect) =>
      dialect instanceof Uint8Array ? new TextDecoder().decode(dialect) : ""
    );
    const chosen = offered.find((dialect) => dialect === "pb" || dialect === "none");
    if (chosen === undefined) throw new ProtocolError("The peer speaks no dialect that is known here");
    if (this.isClient) this.#out.text(chosen);
    this.#dialect = chosen;
    this.#inbox.scanner.words = this.#out.compress = chosen === "pb";
    this.#pair(VERSION, PB_VERSION);
    if (this.#askAtOnce) this.ask();
    this.onReady?.(this);
  }

  #incoming(toCache: boolean): void {
    const reader = this.#reader;
    const id = reader.integer();
    const type = reader.peek();
    if (type === LIST) {
      this.#incomingForResult(id);
      return;
    }
    const luid = type === STRING || type === VOCAB ? reader.name() : reader.integer();
    const name = reader.name();
    const answer = reader.integer();
    try {
      if (answer === KEPT) this.#extensions.keep(id);
      const target = toCache ? this.#ledger.cacheTarget(luid) : this.#ledger.target(luid);
      const perspective = target[PERSPECTIVE] ?? null;
      const args = this.#arguments(perspective);
      this.#serve(id, answer, target, name, args, this.#keywords(perspective));
    } catch (error) {
      this.#failed(id, answer, error, name);
    }
  }

  // A call on the result of another call, which may not be there yet.
  #incomingForResult(id: number): void {
    const reader = this.#reader;
    reader.next();
    if (!this.agreed || reader.value !== 2 || reader.name() !== "result") {
      throw new ProtocolError("A message is for nobody");
    }
    const of = reader.integer();
    const name = reader.name();
    const answer = reader.integer();
    try {
      if (answer === KEPT) this.#extensions.keep(id);
      const args = this.#arguments(null);
      const named = this.#keywords(null);
      this.#extensions.whenSettled(of, ({ value, failure }) => {
        if (this.disconnected) return;
        if (failure !== null) this.#failed(id, answer, failure, name, false);
        else if (!isTarget(value)) {
          this.#failed(id, answer, new PBError("The result that was called is no object"), name);
        } else this.#serve(id, answer, value, name, args, named);
      });
    } catch (error) {
      this.#failed(id, answer, error, name);
    }
  }

  #arguments(perspective: unknown): unknown[] {
    const unjellier = this.#unjellier;
    unjellier.begin(perspective);
    const args = unjellier.arguments();
    unjellier.end();
    return args;
  }

  #keywords(perspective: unknown): Kwargs | null {
    const unjellier = this.#unjellier;
    unjellier.begin(perspective);
    const named = unjellier.keywords();
    unjellier.end();
    return named;
  }

  #serve(
    id: number,
    answer: number,
    target: CallTarget,
    name: string,
    args: unknown[],
    named: Kwargs | null,
  ): void {
    let result: unknown;
    this.#answering.id = id;
    const before = enterCall(this.#answering);
    try {
      checkRevoked(target);
      result = target.remoteMessageReceived(this, name, args, named);
    } catch (error) {
      this.#failed(id, answer, error, name);
      return;
    } finally {
      enterCall(before);
    }
    if (typeof result === "object" && result !== null) {
      if (Deferred.is(result)) {
        this.#extensions.serve(id, result);
        result.addCallbacks(
          (value) => this.#succeeded(id, answer, value, target),
          (failure) => this.#failed(id, answer, failure, name),
        );
        return;
      }
      if (Failure.is(result)) {
        this.#failed(id, answer, result, name);
        return;
      }
      if (typeof (result as { then?: unknown }).then === "function") {
        (result as PromiseLike<unknown>).then(
          (value) => this.#succeeded(id, answer, value, target),
          (error) => this.#failed(id, answer, error, name),
        );
        return;
      }
    }
    this.#succeeded(id, answer, result, target);
  }

  #succeeded(id: number, answer: number, value: unknown, target: CallTarget): void {
    if (this.#extensions.busy) this.#extensions.served(id);
    if (answer === NO_ANSWER || this.disconnected) return;
    value = asSent(value, target[PERSPECTIVE] ?? null);
    const jellier = this.#begin();
    const out = jellier.out;
    const start = out.length;
    try {
      out.list(3);
      out.word(ANSWER, WORD_BYTES[ANSWER]!);
      out.int(id);
      jellier.jelly(value, target[PERSPECTIVE] ?? null);
    } catch (error) {
      this.#unsent(jellier, start);
      this.#failed(id, answer, error, "the result of a call");
      return;
    }
    this.#sent(jellier);
    if (answer === KEPT) this.#extensions.settle(id, value, null);
  }

  #failed(id: number, answer: number, error: unknown, name: string, report = true): void {
    const failure = Failure.is(error) ? error : new Failure(error);
    const { value } = failure;
    if (this.#extensions.busy) this.#extensions.served(id);
    if (report && !(value instanceof PBError) && !(value instanceof CancelledError)) {
      reportError(failure, `Error in ${name}, called over PB`);
    }
    if (answer === KEPT) this.#extensions.settle(id, undefined, failure);
    if (answer === NO_ANSWER || this.disconnected) return;
    const jellyable = typeof value === "object" && value !== null &&
      typeof (value as { jellyFor?: unknown }).jellyFor === "function";
    const sent = jellyable
      ? value
      : new CopyableFailure(failure, { unsafeTracebacks: this.unsafeTracebacks });
    try {
      this.#sendError(id, sent);
    } catch (problem) {
      reportError(problem, "An error could not be sent over PB");
      this.#sendError(id, new CopyableFailure(new JellyError("The error could not be sent")));
    }
  }

  #sendError(id: number, error: unknown): void {
    const jellier = this.#begin();
    const out = jellier.out;
    const start = out.length;
    try {
      out.list(3);
      out.word(ERROR, WORD_BYTES[ERROR]!);
      out.int(id);
      jellier.jelly(error);
    } catch (problem) {
      this.#unsent(jellier, start);
      throw problem;
    }
    this.#sent(jellier);
  }

  #answer(isError: boolean): void {
    const id = this.#reader.integer();
    const call = this.#waiting.get(id);
    if (call === undefined) throw new ProtocolError("An answer came to a call that was not made");
    this.#waiting.delete(id);
    if (call === null) {
      // Nobody wants it, but what it refers to has to be given back.
      try {
        this.#unjellier.unjelly();
      } catch { /* nobody wants to know */ }
      return;
    }
    let value: unknown;
    try {
      value = this.#unjellier.unjelly();
    } catch (error) {
      call.errback(new Failure(error));
      return;
    }
    if (!isError) call.callback(value);
    else if (value instanceof Error) call.errback(value);
    else call.errback(new RemoteError("builtins.Exception", String(value)));
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
    if (this.disconnected || this.#transport === null) return;
    for (; receipts > 0; receipts--) this.#pair(kind === "decref" ? DECREF : DECACHE, luid);
  }

  #pair(word: number, number: number): void {
    const jellier = this.#begin();
    jellier.pair(word, number);
    this.#sent(jellier);
  }
}

// Messages whose kind was sent as a string: legal, though nobody does it.
const WORDS = new Map(
  [MESSAGE, CACHEMESSAGE, ANSWER, ERROR, DECREF, DECACHE, UNCACHE, VERSION].map((word) =>
    [new TextDecoder().decode(WORD_BYTES[word]), word] as const
  ),
);

/** The result of a call of ours that the peer keeps. */
interface ResultOf {
  readonly id: number;
}

function isTarget(value: unknown): value is CallTarget {
  return typeof value === "object" && value !== null &&
    typeof (value as Partial<CallTarget>).remoteMessageReceived === "function";
}

// What stays here is sent as the object that takes calls for it.
function asSent(value: unknown, perspective: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Viewable) return viewPoint(perspective, value);
  if (
    Symbol.asyncIterator in value && typeof (value as Partial<Jellyable>).jellyFor !== "function"
  ) return new StreamSource(value as AsyncIterable<unknown>);
  return value;
}

function checkRevoked(target: CallTarget): void {
  const object = target[STANDS_FOR];
  if (isRevoked(target) || object !== undefined && isRevoked(object)) {
    throw new Revoked("The object was taken back by its owner");
  }
}
