/**
 * `IRCClient`: a user, or a bot, on an IRC network.
 * @module
 */
import { type Failure, reportError } from "@ropewalk/deferred";
import type { DelayedCall } from "@ropewalk/reactor/core";
import { PeerIntake } from "../_peer_intake.ts";
import { encodeUtf8 } from "../bytes.ts";
import type { Factory } from "../factory.ts";
import { IRCCommands } from "./commands.ts";
import { type CTCP, extractCTCP, formatCTCP } from "./ctcp.ts";
import { parseChatOffer } from "./dcc.ts";

import { FloodControl } from "./flood_control.ts";
import { formatMessage, type Message, nickOf, parseMessage } from "./message.ts";
import { REPLY_NAMES } from "./numerics.ts";
import { type SASLCredentials, SASLLogin } from "./sasl.ts";
import type { ModeChange } from "./supported.ts";

/** Answers that nobody asked this program for wait behind at most so many lines; beyond that there are none. */
const MAX_LINES_BEFORE_ANSWER = 10;

/** How many other nicks are asked for while we register. */
const MAX_OTHER_NICKS = 20;

/** How many bytes of answers to PING may wait for a server that reads nothing, before the connection is cut. */
const MAX_UNREAD_BYTES = 256 * 1024;

/** Options of {@linkcode IRCClient}. */
export interface IRCClientOptions {
  /** The nick to ask for. @default "rope" */
  nickname?: string;
  /** The user's name. @default the nick */
  username?: string;
  /** Who the user really is. @default the nick */
  realname?: string;
  /** The server's password. @default none */
  password?: string;
  /**
   * Logs in by SASL PLAIN before anything else; if that fails, or the server lets us in without it, the connection is
   * lost. The password goes as it is: use TLS.
   *
   * @default none
   */
  sasl?: SASLCredentials;
  /** Seconds between lines once {@linkcode burst} of them were sent at once; 0 for no flood control. @default 2 */
  lineRateSeconds?: number;
  /** How many lines may be sent at once. @default 5 */
  burst?: number;
  /** How many lines may wait to be sent. @default 1000 */
  maxQueuedLines?: number;
  /** What CTCP VERSION is answered; `null` for no answer. @default null */
  versionName?: string | null;
  /** Seconds between PINGs to the server once we are in, so that a dead connection is noticed; 0 for none. @default 120 */
  heartbeatSeconds?: number;
  /** Whether {@linkcode IRCClient.dccChatOffered} is called at all. @default false */
  dcc?: boolean;
}

/**
 * A client of IRC. Override the methods that tell what happens; each server message `X` without one goes to a method
 * `irc_X(prefix, params)`, if there is one, else to {@linkcode irc_unknown}. What such a method throws is reported, and
 * the connection goes on: strangers choose what they are called with.
 *
 * @example
 * ```ts
 * import { IRCClient } from "@ropewalk/protocols/irc";
 *
 * class Parrot extends IRCClient {
 *   override signedOn() {
 *     this.join("#birds");
 *   }
 *   override privmsg(user: string, channel: string, message: string) {
 *     if (channel.startsWith("#")) this.msg(channel, message);
 *   }
 * }
 *
 * const bot = new Parrot({ nickname: "parrot" });
 * ```
 */
export class IRCClient<F = Factory> extends IRCCommands<F> {
  /** What ends a line that is sent. */
  override delimiter = "\r\n";
  /** Some servers end lines with LF alone. */
  override acceptBareLF = true;
  /** The longest line accepted; twice and more what the standard allows, for the tags of IRCv3. */
  override MAX_LENGTH: number = 8192 + 512;
  readonly #options: IRCClientOptions;
  readonly #flood: FloodControl;
  readonly #sasl: SASLLogin | null;
  #heartbeat: DelayedCall | null = null;
  #registered = false;
  #otherNicks = 0; // asked for
  #unread = 0; // bytes of answers to PING since the server stopped reading
  readonly #intake = new PeerIntake(() => {}, () => void (this.#unread = 0));
  #motd: string[] = [];

  /**
   * A connection to be.
   *
   * @param options Who, and how fast.
   */
  constructor(options: IRCClientOptions = {}) {
    super();
    this.#options = options;
    this.nickname = options.nickname ?? "rope";
    const { lineRateSeconds = 2, burst = 5, maxQueuedLines = 1000 } = options;
    this.#flood = new FloodControl((line) => super.sendLine(line), lineRateSeconds, burst, maxQueuedLines);
    this.#sasl = options.sasl === undefined ? null : new SASLLogin(
      options.sasl,
      (line) => super.sendLine(line),
      (reason) => this.#saslFailed(reason),
    );
  }

  // ---- as a protocol

  /** Begins to register. */
  override connectionMade(): void {
    const { password, username = this.nickname, realname = this.nickname } = this.#options;
    // The words of the registration are few, and the server waits for them: no flood control.
    const now = (command: string, ...params: string[]) => super.sendLine(formatMessage(command, params));
    this.#sasl?.begin();
    if (password !== undefined) now("PASS", password);
    now("NICK", this.nickname);
    now("USER", username, "0", "*", realname);
  }

  /** A line came. */
  override lineReceived(line: string): void {
    const message = parseMessage(line.replace(/[\r\0]/g, "")); // they cannot be sent back
    if (message === null) return;
    try {
      this.#dispatch(message);
    } catch (error) {
      reportError(error, `Error in what an IRC client does about ${message.command.slice(0, 20)}`);
    }
  }

  /** The connection is gone. */
  override connectionLost(_reason: Failure): void {
    this.#flood.stop();
    this.#heartbeat?.cancel();
    this.#heartbeat = null;
  }

  /**
   * Sends a line, as soon as flood control allows.
   *
   * @throws {RangeError} If too many lines wait.
   */
  override sendLine(line: string): void {
    this.#flood.push(line, this.reactor);
  }

  #dispatch({ prefix, command, params }: Message): void {
    if (this.#sasl?.received(command, params)) return;
    const [first = "", second = ""] = params;
    const nick = nickOf(prefix);
    const ours = nick === this.nickname;
    switch (command) {
      case "PING":
        // At the head of what waits: the server drops clients that answer late.
        return this.#pong(formatMessage("PONG", params));
      case "PRIVMSG":
      case "NOTICE":
        return this.#message(command, prefix, first, second);
      case "JOIN":
        if (!ours) return this.userJoined(nick, first);
        this.hostmask = prefix.slice(nick.length + 1);
        return this.joined(first);
      case "PART":
        return ours ? this.left(first) : this.userLeft(nick, first);
      case "QUIT":
        return this.userQuit(nick, first);
      case "KICK":
        if (second === this.nickname) return this.kickedFrom(first, nick, params[2] ?? "");
        return this.userKicked(second, first, nick, params[2] ?? "");
      case "NICK":
        return ours ? this.nickChanged(first) : this.userRenamed(nick, first);
      case "TOPIC":
        return this.topicUpdated(nick, first, second);
      case "332":
        return this.topicUpdated(nick, second, params[2] ?? "");
      case "MODE":
        return this.#mode(prefix, first, this.supported.modeChanges(first, second, params.slice(2)));
      case "353":
        return this.namesReceived(
          params[2] ?? "",
          (params[3] ?? "").split(" ").filter((name) => name !== ""),
        );
      case "001":
        this.nickname = first;
        if (!this.#registered) {
          if (this.#sasl?.registered() === false) return;
          this.#registered = true;
          this.#beat();
          this.signedOn();
        }
        return;
      case "002":
        return this.yourHost(second);
      case "003":
        return this.created(second);
      case "004":
        return this.myInfo(second, params[2] ?? "", params[3] ?? "", params[4] ?? "");
      case "010":
        return this.bounce(params.slice(1).join(" "));
      case "PONG":
        return;
      case "331":
        return this.topicUpdated(nick, second, "");
      case "005":
        this.supported.parse(params.slice(1, -1));
        return this.isupport(params.slice(1, -1));
      case "375":
        this.#motd = [];
        return;
      case "372":
        if (this.#motd.length < 1000) this.#motd.push(second.replace(/^- ?/, ""));
        return;
      case "376":
      case "422":
        return this.receivedMOTD(this.#motd.splice(0));
      case "433":
        // Before we are in, there must be a nick; later the old one stays.
        if (!this.#registered && this.#otherNicks++ < MAX_OTHER_NICKS) {
          this.nickname = this.alterCollidedNick(this.nickname);
          super.sendLine(formatMessage("NICK", [this.nickname]));
          return;
        }
        break;
    }
    // A method of the user's: `irc_WALLOPS`, and for numbers `irc_RPL_WHOISUSER` or `irc_311`.
    for (const name of [REPLY_NAMES.get(command) ?? command, command]) {
      const method = (this as unknown as Record<string, unknown>)[`irc_${name}`];
      if (typeof method === "function" && name !== "unknown") return method.call(this, prefix, params);
    }
    if (/^[45]\d\d$/.test(command)) this.errorReceived(command, params);
    else this.irc_unknown(prefix, command, params);
  }

  #pong(line: string): void {
    this.#intake.begin(this.transport);
    super.sendLine(line);
    this.#intake.end();
    if (!this.#intake.full) return;
    this.#unread += line.length;
    if (this.#unread > MAX_UNREAD_BYTES) this.transport.abortConnection();
  }

  #beat(): void {
    const { heartbeatSeconds = 120 } = this.#options;
    if (heartbeatSeconds === 0) return;
    this.#heartbeat = this.reactor.callLater(heartbeatSeconds, () => {
      super.sendLine(formatMessage("PING", [this.nickname]));
      this.#beat();
    });
  }

  #mode(user: string, target: string, changes: ModeChange[]): void {
    for (const set of [true, false]) {
      const some = changes.filter((change) => change.set === set);
      if (some.length === 0) continue;
      const modes = some.map(({ mode }) => mode).join("");
      this.modeChanged(user, target, set, modes, some.map(({ param }) => param));
    }
  }

  #message(command: string, user: string, target: string, text: string): void {
    const { messages, rest } = extractCTCP(text);
    let answers = 0;
    for (const ctcp of messages) {
      if (command === "NOTICE") this.#ctcpAnswered(user, target, ctcp);
      else if (ctcp.tag === "ACTION") this.action(user, target, ctcp.data ?? "");
      // One message, one answer: nobody is to make us say a hundred things by saying one.
      else if (this.#ctcp(user, ctcp, answers === 0)) answers++;
    }
    if (rest === "" && messages.length > 0) return;
    if (command === "NOTICE") this.noticed(user, target, rest);
    else this.privmsg(user, target, rest);
  }

  #ctcpAnswered(user: string, target: string, reply: CTCP): void {
    const seconds = reply.tag === "PING" ? this.pingAnswered(nickOf(user), reply.data ?? "") : null;
    if (seconds === null) this.ctcpReply(user, target, reply);
    else this.pong(user, seconds);
  }

  // Returns whether it was answered.
  #ctcp(user: string, { tag, data }: CTCP, mayAnswer: boolean): boolean {
    const reply = (text: string | null | undefined): boolean => {
      const nick = nickOf(user);
      if (typeof text !== "string" || !mayAnswer || nick === "" || nick.startsWith(":")) return false;
      const { maxQueuedLines = 1000 } = this.#options;
      // Strangers do not fill our queue.
      if (this.#flood.length >= Math.min(MAX_LINES_BEFORE_ANSWER, maxQueuedLines)) return false;
      const line = formatMessage("NOTICE", [nick, formatCTCP({ tag, data: text })]);
      if (encodeUtf8(line).length > 400) return false; // what is echoed must not grow
      this.sendLine(line);
      return true;
    };
    if (tag === "PING") return reply(data ?? "");
    if (tag === "CLIENTINFO") return reply("ACTION CLIENTINFO PING VERSION");
    if (tag === "VERSION") return reply(this.#options.versionName);
    if (tag === "DCC" && this.#options.dcc) {
      const offer = parseChatOffer(data ?? "");
      if (offer !== null) this.dccChatOffered(user, offer.host, offer.port);
    }
    return false;
  }

  #saslFailed(reason: string): void {
    try {
      this.saslFailed(reason);
    } finally {
      this.transport.loseConnection();
    }
  }
}
