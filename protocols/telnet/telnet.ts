/**
 * The telnet protocol: data with commands in it, and options that both ends agree on.
 *
 * ```text
 *   data ──► "hello"     IAC IAC ──► one 0xff of data
 *            IAC WILL/WONT/DO/DONT option ──► an agreement about an option
 *            IAC SB option … IAC SE ──► what is to be said about an option
 * ```
 * @module
 */
import { Deferred, fail, Failure } from "@ropewalk/deferred";
import type { Data } from "@ropewalk/reactor/core";
import { fromLatin1, latin1, toBytes } from "../bytes.ts";
import type { Factory } from "../factory.ts";
import { Protocol } from "../protocol.ts";
import { UnreadCount } from "../_unread_count.ts";
import { watch } from "../_watch.ts";
import { DO, DONT, IAC, SB, SE, WILL, WONT } from "./codes.ts";

/** What can go wrong between both ends about an option. */
export class OptionRefused extends Error {
  /** Stable identifier of this kind of error. */
  readonly code = "TELNET_OPTION_REFUSED";
  /** The name of the class. */
  override readonly name = "OptionRefused";
  /**
   * Tells which.
   *
   * @param option Its number.
   */
  constructor(readonly option: number) {
    super(`The far end refused the option ${option}`);
  }
}

/** The option has the state that was asked for already, or another request about it is on its way. */
export class AlreadyNegotiated extends Error {
  /** Stable identifier of this kind of error. */
  readonly code = "TELNET_ALREADY_NEGOTIATED";
  /** The name of the class. */
  override readonly name = "AlreadyNegotiated";
}

/** One end's half of an option: on or off, and what was asked for. */
interface Half {
  on: boolean;
  asked: Deferred<boolean> | null;
  wanted: boolean;
}

/** Bytes of answers about options that may wait for the far end to read them. */
const MAX_UNREAD_BYTES = 65_536;
const CR = 13;
const LF = 10;

const DATA = 0;
const COMMAND = 1;
const OPTION = 2;
const SUB = 3;
const SUB_IAC = 4;

/**
 * One end of a telnet connection. Subclasses say which options they agree to ({@linkcode enableLocal},
 * {@linkcode enableRemote}), and get the data without the commands.
 *
 * @example
 * ```ts
 * import { ECHO, Telnet } from "@ropewalk/protocols/telnet";
 *
 * class Plain extends Telnet {
 *   override applicationDataReceived(data: Uint8Array) {
 *     this.write(data); // 0xff is escaped
 *   }
 *   override enableLocal(option: number) {
 *     return option === ECHO;
 *   }
 * }
 * ```
 */
export class Telnet<F = Factory> extends Protocol<F> {
  /** The longest subnegotiation accepted, in bytes; a longer one is ignored. */
  maxSubnegotiationBytes = 4096;
  /** What is kept of a chunk is copied. */
  readonly borrowsData: boolean = true;
  readonly #us = new Map<number, Half>();
  readonly #them = new Map<number, Half>();
  #state = DATA;
  #command = 0;
  #afterCR = false;
  #underTLS = false;
  #sub = "";
  #gone: Failure | null = null; // why nothing can be asked any more
  // A far end that asks and does not read is cut off.
  readonly #answers = new UnreadCount(MAX_UNREAD_BYTES);

  // ---- what a subclass says

  /** Some data came, without commands; CR LF has become LF, CR NUL has become CR. The bytes are the receiver's. */
  applicationDataReceived(_data: Uint8Array): void {}

  /** A command without an option came: `IP`, `AYT` … */
  telnetCommand(_command: number): void {}

  /** The far end wants us to perform an option. @returns Whether we do, from now on. */
  enableLocal(_option: number): boolean {
    return false;
  }

  /** The far end wants to perform an option. @returns Whether we agree. */
  enableRemote(_option: number): boolean {
    return false;
  }

  /** We no longer perform an option. */
  disableLocal(_option: number): void {}

  /** The far end no longer performs an option. */
  disableRemote(_option: number): void {}

  /** The far end says something about an option. */
  subnegotiationReceived(_option: number, _data: Uint8Array): void {}

  // ---- what it can ask for

  /** Offers to perform an option. @returns Fires with true; fails with {@linkcode OptionRefused}. */
  will(option: number): Deferred<boolean> {
    return this.#ask(this.#us, option, true, WILL);
  }

  /** Stops performing an option. @returns Fires with true when the far end knows. */
  wont(option: number): Deferred<boolean> {
    return this.#ask(this.#us, option, false, WONT);
  }

  /** Asks the far end to perform an option. @returns Fires with true; fails with {@linkcode OptionRefused}. */
  do(option: number): Deferred<boolean> {
    return this.#ask(this.#them, option, true, DO);
  }

  /** Asks the far end to stop performing an option. @returns Fires with true when it does. */
  dont(option: number): Deferred<boolean> {
    return this.#ask(this.#them, option, false, DONT);
  }

  /** Whether we perform an option. */
  isEnabledLocally(option: number): boolean {
    return this.#us.get(option)?.on ?? false;
  }

  /** Whether the far end performs an option. */
  isEnabledRemotely(option: number): boolean {
    return this.#them.get(option)?.on ?? false;
  }

  /**
   * Says something about an option.
   *
   * @throws {RangeError} If the option is no option: 0 to 255.
   */
  requestNegotiation(option: number, data: Data): void {
    checkOption(option);
    const body = (String.fromCharCode(option) + latin1(toBytes(data))).replaceAll("\xff", "\xff\xff");
    this.transport.write(fromLatin1(`${String.fromCharCode(IAC, SB)}${body}${String.fromCharCode(IAC, SE)}`));
  }

  /** Sends data as it is, but for 0xff, which is doubled: nothing in it can become a command. */
  write(data: Data): void {
    const bytes = toBytes(data);
    const text = latin1(bytes);
    this.transport.write(text.includes("\xff") ? fromLatin1(text.replaceAll("\xff", "\xff\xff")) : bytes);
  }

  // ---- the machine

  /** Takes some bytes, and tells data from commands. */
  override dataReceived(data: Uint8Array): void {
    this.#forgetPlainText();
    let from = 0;
    let text = ""; // data so far, as a one-byte string
    const flush = () => {
      if (text !== "") {
        const returned: unknown = this.applicationDataReceived(fromLatin1(text));
        if (returned !== undefined) watch(this, "applicationDataReceived", returned);
      }
      text = "";
    };
    for (let i = 0; i < data.length; i++) {
      const byte = data[i]!;
      switch (this.#state) {
        case DATA:
          if (this.#afterCR) {
            this.#afterCR = false;
            // CR LF is a new line, CR NUL a bare CR; anything else behind a CR is data, and so was the CR.
            text += byte === LF ? "\n" : "\r";
            from = i;
            if (byte === LF || byte === 0) {
              from = i + 1;
              break;
            }
          }
          if (byte === CR || byte === IAC) {
            text += latin1(data, from, i);
            from = i + 1;
            if (byte === CR) this.#afterCR = true;
            else this.#state = COMMAND;
          }
          break;
        case COMMAND:
          this.#state = DATA;
          from = i + 1;
          if (byte === IAC) {
            text += "\xff";
          } else if (byte >= WILL && byte <= DONT) {
            this.#command = byte;
            this.#state = OPTION;
          } else if (byte === SB) {
            this.#sub = "";
            this.#state = SUB;
          } else {
            flush();
            if (this.#forgetPlainText()) return;
            this.telnetCommand(byte);
            if (this.#forgetPlainText()) return;
          }
          break;
        case OPTION:
          this.#state = DATA;
          from = i + 1;
          flush();
          if (this.#forgetPlainText()) return;
          this.#negotiate(this.#command, byte);
          if (this.#forgetPlainText()) return;
          break;
        case SUB:
          if (byte === IAC) this.#state = SUB_IAC;
          else this.#addToSub(byte);
          from = i + 1;
          break;
        default: // SUB_IAC
          from = i + 1;
          if (byte === SE) {
            this.#state = DATA;
            flush();
            if (this.#forgetPlainText()) return;
            this.#subnegotiated();
            if (this.#forgetPlainText()) return;
          } else {
            this.#state = SUB;
            if (byte === IAC) this.#addToSub(byte);
          }
      }
    }
    if (this.#state === DATA && !this.#afterCR && from < data.length) text += latin1(data, from);
    flush();
  }

  /** The connection is gone: what was asked for fails. */
  override connectionLost(reason: Failure): void {
    this.#gone = reason;
    for (const half of [...this.#us.values(), ...this.#them.values()]) {
      const { asked } = half;
      half.asked = null;
      asked?.errback(reason);
    }
  }

  // Whether the connection has gone over to TLS: what was put behind that in plain text is not taken for something said
  // under it, nor is the beginning of a command.
  #forgetPlainText(): boolean {
    const underTLS = this.transport.tlsStarted ?? this.transport.secure;
    if (underTLS === this.#underTLS) return false;
    this.#underTLS = underTLS;
    this.#state = DATA;
    this.#afterCR = false;
    this.#sub = "";
    return true;
  }

  #addToSub(byte: number): void {
    if (this.#sub.length <= this.maxSubnegotiationBytes) this.#sub += String.fromCharCode(byte);
  }

  #subnegotiated(): void {
    if (this.#sub === "" || this.#sub.length > this.maxSubnegotiationBytes) return;
    this.subnegotiationReceived(this.#sub.charCodeAt(0), fromLatin1(this.#sub.slice(1)));
  }

  #half(side: Map<number, Half>, option: number): Half {
    let half = side.get(option);
    if (half === undefined) side.set(option, half = { on: false, asked: null, wanted: false });
    return half;
  }

  #ask(side: Map<number, Half>, option: number, wanted: boolean, command: number): Deferred<boolean> {
    checkOption(option);
    if (this.#gone !== null) return fail(this.#gone);
    const half = this.#half(side, option);
    const result = new Deferred<boolean>();
    if (half.asked !== null || half.on === wanted) {
      const state = half.asked !== null ? "is being negotiated" : `is ${wanted ? "on" : "off"} already`;
      result.errback(new AlreadyNegotiated(`Cannot negotiate: the option ${option} ${state}`));
      return result;
    }
    half.asked = result;
    half.wanted = wanted;
    this.#send(command, option);
    return result;
  }

  #send(command: number, option: number): void {
    this.transport.write(Uint8Array.of(IAC, command, option));
  }

  #answer(command: number, option: number): void {
    this.#send(command, option);
    if (this.#answers.isTooMuch(3, this.transport)) this.transport.abortConnection();
  }

  // The rules of RFC 854: answer only what changes a state, so that two ends cannot answer each other for ever.
  #negotiate(command: number, option: number): void {
    const aboutUs = command === DO || command === DONT;
    const on = command === DO || command === WILL;
    const half = this.#half(aboutUs ? this.#us : this.#them, option);
    const { asked } = half;
    if (asked !== null) {
      half.asked = null;
      const changed = half.on !== on;
      half.on = on;
      // Before the Deferred fires: whoever waits finds the option in force.
      try {
        if (changed) this.#changed(aboutUs, option, on);
      } catch (error) {
        asked.errback(new Failure(error));
        throw error;
      }
      if (half.wanted === on) asked.callback(true);
      else asked.errback(new OptionRefused(option));
      return;
    }
    if (half.on === on) return;
    if (!on) {
      half.on = false;
      this.#answer(aboutUs ? WONT : DONT, option);
      this.#changed(aboutUs, option, false);
      return;
    }
    const agreed = aboutUs ? this.enableLocal(option) : this.enableRemote(option);
    half.on = agreed;
    if (aboutUs) this.#answer(agreed ? WILL : WONT, option);
    else this.#answer(agreed ? DO : DONT, option);
  }

  #changed(aboutUs: boolean, option: number, on: boolean): void {
    if (on) {
      // It was our own wish; the subclass may still want to know what it agreed to.
      if (aboutUs) this.enableLocal(option);
      else this.enableRemote(option);
    } else if (aboutUs) this.disableLocal(option);
    else this.disableRemote(option);
  }
}

function checkOption(option: number): void {
  if (Number.isInteger(option) && option >= 0 && option <= 255) return;
  throw new RangeError(`Cannot negotiate: ${option} is no option`);
}
