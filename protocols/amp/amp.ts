/**
 * `AMP`: asynchronous messages between two peers, each of which may ask and answer.
 *
 * ```text
 *   callRemote(Sum, { a: 1 }) ──► box ──────────► responder of Sum
 *        Deferred ◄── #questions ◄────────── box ◄──┘ (value, Deferred or promise)
 * ```
 * @module
 */
import { CancelledError, Deferred, fail, Failure } from "@ropewalk/deferred";
import type { StreamProtocol, TLSClientOptions, TLSServerOptions } from "@ropewalk/reactor/core";
import { fromLatin1, hasHighBytes } from "../bytes.ts";
import type { Factory } from "../factory.ts";
import { Protocol } from "../protocol.ts";
import { type Box, BoxParser } from "./box.ts";
import {
  type CallArguments,
  type CallResult,
  Command,
  type CommandClass,
  compile,
  type CompiledCommand,
} from "./command.ts";
import type { Received, Sent } from "./arguments.ts";
import { Answers, isPromise, SWITCH, type Switching } from "./answers.ts";
import { textOf } from "./error_boxes.ts";
import { AmpProtocolError, OnlyOneTLS, ProtocolSwitched } from "./errors.ts";
import { type Answering, CommandLocator, type Later, type Responder } from "./locator.ts";
import { Questions } from "./questions.ts";
import { UnreadAnswers } from "./unread_answers.ts";

/** Asks for TLS; the answer is the last box in plain text. */
class StartTLS extends Command {}

/** Options of {@linkcode AMP}. */
export interface AMPOptions {
  /** Responders that several connections share. Those of the connection itself come first. */
  locator?: CommandLocator;
  /** The largest box accepted, in bytes. @default 4 MiB */
  maxBoxBytes?: number;
  /**
   * How many bytes of answers may wait for a peer. When there are more, no questions are heard until it has read them;
   * the connection is cut if that takes a minute.
   *
   * @default 16 MiB
   */
  maxUnreadBytes?: number;
}

/**
 * A connection that speaks AMP, Twisted's asynchronous messaging protocol. Both ends may call, and answers may come in
 * any order.
 *
 * @example
 * ```ts
 * import { AMP, Command, Integer } from "@ropewalk/protocols/amp";
 *
 * class Sum extends Command {
 *   static override arguments = { a: new Integer(), b: new Integer() };
 *   static override response = { total: new Integer() };
 * }
 *
 * class Calculator extends AMP {
 *   override connectionMade() {
 *     this.respond(Sum, ({ a, b }) => ({ total: a + b }));
 *   }
 * }
 *
 * async function ask(amp: AMP) {
 *   const { total } = await amp.callRemote(Sum, { a: 5, b: 7 });
 *   return total; // a number, and the compiler knows
 * }
 * ```
 */
export class AMP<F = Factory> extends Protocol<F> {
  /** What is kept of a chunk is copied. */
  readonly borrowsData = true;
  readonly #parser = new BoxParser();
  readonly #shared: CommandLocator | null;
  readonly #own = new CommandLocator();
  readonly #questions = new Questions();
  readonly #answers: Answers;
  readonly #unread: UnreadAnswers;
  readonly #send = (box: string): void => this.#emit(box);
  #delivering = false;
  #gone: Failure | null = null; // why nothing can be asked any more
  #switching = false; // an answer is awaited that will switch protocols, or to TLS
  #held = ""; // what we answer meanwhile
  #deciding = false; // a responder is about to switch protocols, or not
  #inner: StreamProtocol | null = null;
  #tls = false;

  /**
   * A connection to be.
   *
   * @param options Shared responders, and limits.
   */
  constructor(options: AMPOptions = {}) {
    super();
    this.#shared = options.locator ?? null;
    const isGone = () => this.#gone !== null;
    this.#answers = new Answers({
      amp: this as AMP,
      get gone() {
        return isGone();
      },
      find: (name) => (this.#own._locate(name) ?? this.#shared?._locate(name)) as Answering | undefined,
      emit: (box) => {
        this.#emit(box);
        this.#unread.sent(box.length, this.transport);
      },
      close: () => this.transport.loseConnection(),
    });
    this.#unread = new UnreadAnswers(options.maxUnreadBytes ?? 16 * 1024 * 1024, {
      hold: () => this.transport.pauseProducing(),
      goOn: () => {
        this.transport.resumeProducing();
        this.#deal();
      },
      cutOff: () => this.transport.abortConnection(),
    });
    if (options.maxBoxBytes !== undefined) this.#parser.maxBoxBytes = options.maxBoxBytes;
  }

  /** Has `respond` answer `command` on this connection. */
  respond<C extends CommandClass>(command: C, respond: Responder<C>): this {
    this.#own.respond(command, respond);
    return this;
  }

  /**
   * Asks the peer.
   *
   * @param command What to ask.
   * @param args Its arguments.
   * @returns A Deferred of the response, or `undefined` for a command that needs no answer. It fails with a declared
   * error, `UnhandledCommand`, `UnknownRemoteError`, `RemoteAmpError` for other codes, the reason of the loss if the
   * connection is lost, or, with nothing sent, `InvalidSignature` or `TooLong`.
   * @throws {InvalidSignature | TooLong} For a command without an answer, whose arguments do not fit.
   */
  callRemote<C extends CommandClass>(command: C, ...args: CallArguments<C>): CallResult<C>;
  callRemote(command: CommandClass, args: Record<string, unknown> = {}): Deferred<unknown> | undefined {
    const compiled = compile(command);
    if (!compiled.requiresAnswer) {
      if (this.#switching) {
        throw new ProtocolSwitched("Cannot send a command: the protocol is being switched");
      }
      this.#emit(compiled.encodeAsk(null, args));
      return undefined;
    }
    return this.#ask(compiled, args);
  }

  /**
   * Asks the peer to go over to another protocol, by a command that its responder answers with
   * {@linkcode respondBySwitching}. Nothing else may be sent until it has answered.
   *
   * @param protocol What this end of the connection is to be.
   * @returns The protocol, connected. If the peer refuses, AMP goes on.
   */
  switchTo<C extends CommandClass, P extends StreamProtocol>(
    command: C,
    args: Sent<C["arguments"]>,
    protocol: P,
  ): Deferred<P> {
    return this.#askAlone(compile(command), args as Record<string, unknown>, () => {
      this.#become(protocol);
      return protocol;
    });
  }

  /**
   * Answers a command, and is another protocol from then on: what the peer sends after its question is for that. It
   * waits until the responder has decided, as long as a box may be.
   */
  respondBySwitching<C extends CommandClass>(
    command: C,
    respond: (args: Received<C["arguments"]>) => Later<StreamProtocol>,
  ): this {
    this.#own.respond(
      command,
      ((args: Received<C["arguments"]>) => {
        const made = respond(args);
        const become = (protocol: StreamProtocol): Switching => ({ [SWITCH]: () => this.#become(protocol) });
        if (!Deferred.is(made) && !isPromise(made)) return become(made);
        this.#deciding = true;
        const later = Deferred.is(made) ? made as Deferred<StreamProtocol> : Deferred.fromPromise(made);
        return later.addCallbacks(become, (failure) => {
          this.#deciding = false;
          this.#deal();
          return failure;
        });
      }) as never,
    );
    return this;
  }

  /**
   * Asks the peer to go over to TLS, and does so when it agrees.
   *
   * @returns Fires when the handshake has begun. It fails if the peer refuses; also, and the connection is closed, if
   * there is plain text behind the answer.
   * @throws {OnlyOneTLS} If it was asked for before.
   */
  startTLS(options: TLSClientOptions): Deferred<void> {
    if (this.#tls) throw new OnlyOneTLS("Cannot start TLS: it was started before");
    this.#tls = true;
    return this.#askAlone(compile(StartTLS), {}, () => {
      this.#goSecure(options);
      this.#goOn();
    }).addErrback((failure) => {
      this.#tls = false;
      return failure;
    }) as Deferred<void>;
  }

  /** Agrees when the peer asks for TLS. */
  acceptTLS(options: TLSServerOptions): this {
    return this.respond(
      StartTLS,
      ((): Switching => {
        if (this.#tls) throw new OnlyOneTLS("Cannot start TLS: it was started before");
        this.#tls = true;
        return { [SWITCH]: () => this.#goSecure(options) };
      }) as never,
    );
  }

  /** Takes some bytes, and deals with the boxes that are complete. */
  override dataReceived(data: Uint8Array): void {
    if (this.#inner !== null) {
      return this.#inner.dataReceived(this.#inner.borrowsData ? data : data.slice());
    }
    if (this.#gone !== null) return;
    const { queue, maxBoxBytes } = this.#parser;
    if (this.#delivering || this.#deciding || this.#unread.isHolding) {
      queue.append(data);
      if (this.#deciding && queue.length > maxBoxBytes) {
        this.#quit(new AmpProtocolError("Cannot keep more: nobody has decided on the other protocol"));
      }
      return;
    }
    queue.take(data);
    this.#deal();
  }

  // Deals with the boxes that are complete.
  #deal(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    try {
      while (this.#inner === null && this.#gone === null && !this.#deciding && !this.#unread.isHolding) {
        const box = this.#parser.next();
        if (box === null) break;
        this.#boxReceived(box);
      }
    } catch (error) {
      if (!(error instanceof AmpProtocolError)) throw error;
      this.#quit(error);
    } finally {
      this.#delivering = false;
      this.#parser.queue.settle();
    }
    this.#passOn();
  }

  /** All that was asked fails with the reason. */
  override connectionLost(reason: Failure): void {
    this.connected = false;
    this.#unread.release();
    this.#failAll(reason);
    this.#inner?.connectionLost(reason);
  }

  /** The peer has finished sending. */
  readConnectionLost(): void {
    if (this.#inner?.readConnectionLost) this.#inner.readConnectionLost();
    else this.transport.loseConnection();
  }

  /** For the protocol in the place of this one: all was sent. */
  writeConnectionLost(): void {
    this.#inner?.writeConnectionLost?.();
  }

  /** For the protocol in the place of this one: TLS is agreed on. */
  handshakeCompleted(): void {
    this.#inner?.handshakeCompleted?.();
  }

  #ask(command: CompiledCommand, args: Record<string, unknown>): Deferred<unknown> {
    if (this.#gone !== null) return fail(this.#gone);
    if (this.#switching) {
      return fail(new ProtocolSwitched("Cannot send a command: the protocol is being switched"));
    }
    return this.#questions.ask(command, args, this.#send);
  }

  // Asks what is the last thing to be said in this protocol, or in plain text, if the peer agrees.
  #askAlone<T>(command: CompiledCommand, args: Record<string, unknown>, agreed: () => T): Deferred<T> {
    const busy = this.#switching;
    const result = this.#ask(command, args);
    if (busy) return result as Deferred<T>; // refused, as every question is now
    this.#switching = !result.called;
    return result.addCallbacks(agreed, (failure) => {
      if (this.#switching && failure.check(CancelledError)) {
        this.#quit(
          new AmpProtocolError("Cannot go on: nobody waits for the switch that the peer may be making"),
        );
      }
      this.#goOn();
      return failure;
    }) as Deferred<T>;
  }

  // The peer has answered that: what we have answered meanwhile is sent now.
  #goOn(): void {
    const held = this.#held;
    this.#switching = false;
    this.#held = "";
    if (held !== "") this.#emit(held);
  }

  #emit(box: string): void {
    if (this.#gone !== null) return; // a late answer
    if (this.#switching) {
      this.#held += box;
      if (this.#held.length > this.#parser.maxBoxBytes) {
        this.#quit(new AmpProtocolError("Cannot hold more answers: the peer asks, and does not answer"));
      }
      return;
    }
    // A box of ASCII is its own UTF-8, and the transport encodes faster than we do.
    this.transport.write(hasHighBytes(box) ? fromLatin1(box) : box);
  }

  #boxReceived(box: Box): void {
    const answered = box.get("_answer");
    if (answered !== undefined) return this.#questions.answered(answered, box);
    const failed = box.get("_error");
    if (failed !== undefined) return this.#questions.failed(failed, box);
    const name = box.get("_command");
    if (name === undefined) {
      throw new AmpProtocolError("Cannot take a box: it is no question, answer or error");
    }
    this.#answers.asked(box, textOf(name));
  }

  // The peer broke the rules: nothing it says is believed any more.
  #quit(error: Error): void {
    this.#parser.clear();
    this.transport.loseConnection();
    this.#failAll(new Failure(error));
  }

  #failAll(reason: Failure): void {
    if (this.#gone === null) this.#gone = reason;
    this.#questions.failAll(reason);
  }

  #become(protocol: StreamProtocol): void {
    this.#switching = false;
    this.#held = "";
    if (this.#unread.isHolding) this.transport.resumeProducing();
    this.#unread.release();
    this.#failAll(new Failure(new ProtocolSwitched("Cannot speak AMP: the connection has another protocol")));
    this.#inner = protocol;
    protocol.makeConnection(this.transport);
    if (!this.#delivering) this.#passOn();
  }

  // What came after the last box belongs to the new protocol.
  #passOn(): void {
    if (this.#inner === null || this.#parser.queue.length === 0) return;
    const rest = this.#parser.queue.takeAll();
    this.#parser.clear();
    this.#inner.dataReceived(rest);
  }

  #goSecure(options: TLSServerOptions | TLSClientOptions): void {
    try {
      if (this.#parser.queue.length > 0) {
        // In plain text, behind what was to be the last of it: somebody in between added it.
        throw new AmpProtocolError("Cannot start TLS: there is more in plain text");
      }
      this.transport.startTLS(options);
    } catch (error) {
      this.#quit(error as Error);
      throw error;
    }
  }
}
