/**
 * `IRCClient`: a user, or a bot, on an IRC network.
 * @module
 */
import type { Failure } from "@ropewalk/deferred";
import type { DelayedCall } from "@ropewalk/reactor/core";
import { encodeUtf8, latin1 } from "../bytes.ts";
import type { Factory } from "../factory.ts";
import { type CTCP, extractCTCP, formatCTCP } from "./ctcp.ts";
import { parseChatOffer } from "./dcc.ts";
import { IRCEvents } from "./events.ts";
import { FloodControl } from "./flood_control.ts";
import { formatMessage, MAX_LINE_BYTES, type Message, nickOf, parseMessage, splitText } from "./message.ts";
import { REPLY_NAMES } from "./numerics.ts";
import { type ModeChange, parseModes, ServerSupportedFeatures } from "./supported.ts";

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
  /** Logs in by SASL PLAIN before anything else; if that fails the connection is lost. @default none */
  sasl?: { username: string; password: string };
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
 * `irc_X(prefix, params)`, if there is one, else to {@linkcode irc_unknown}.
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
export class IRCClient<F = Factory> extends IRCEvents<F> {
  /** What ends a line that is sent. */
  override delimiter = "\r\n";
  /** Some servers end lines with LF alone. */
  override acceptBareLF = true;
  /** The longest line accepted; twice and more what the standard allows, for the tags of IRCv3. */
  override MAX_LENGTH: number = 8192 + 512;
  /** What the server can do. */
  readonly supported: ServerSupportedFeatures = new ServerSupportedFeatures();
  /** Our own `user@host`, as others see it, once it is known; `""` before. */
  hostmask = "";
  readonly #options: IRCClientOptions;
  readonly #flood: FloodControl;
  readonly #pings = new Map<string, number>();
  #heartbeat: DelayedCall | null = null;
  #registered = false;
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
  }

  // ---- what to do

  /** Sends a message as it is. */
  sendCommand(command: string, ...params: string[]): void {
    this.sendLine(formatMessage(command, params));
  }

  /** Joins a channel. */
  join(channel: string, key?: string): void {
    const name = this.#channel(channel);
    if (key === undefined) this.sendCommand("JOIN", name);
    else this.sendCommand("JOIN", name, key);
  }

  /** Leaves a channel. */
  leave(channel: string, reason?: string): void {
    const name = this.#channel(channel);
    if (reason === undefined) this.sendCommand("PART", name);
    else this.sendCommand("PART", name, reason);
  }

  /** Says something in a channel. */
  say(channel: string, message: string): void {
    this.msg(this.#channel(channel), message);
  }

  /** Sends a message to a user or channel: as many as it takes, each within the bytes of a line. */
  msg(target: string, message: string): void {
    this.#sayIn("PRIVMSG", target, message);
  }

  /** Sends a notice, as {@linkcode msg}. */
  notice(target: string, message: string): void {
    this.#sayIn("NOTICE", target, message);
  }

  /** Does something: `/me waves`. */
  describe(target: string, text: string): void {
    this.ctcpQuery(target, { tag: "ACTION", data: text });
  }

  /** Sends a CTCP request. */
  ctcpQuery(target: string, query: CTCP): void {
    this.sendCommand("PRIVMSG", target, formatCTCP(query));
  }

  /** Answers a CTCP request. */
  ctcpMakeReply(user: string, replies: readonly CTCP[]): void {
    for (const reply of replies) this.sendCommand("NOTICE", user, formatCTCP(reply));
  }

  /** Sends several CTCP requests. */
  ctcpMakeQuery(user: string, queries: readonly CTCP[]): void {
    for (const query of queries) this.ctcpQuery(user, query);
  }

  /** Asks for, or sets, the topic of a channel. */
  topic(channel: string, topic?: string): void {
    if (topic === undefined) this.sendCommand("TOPIC", this.#channel(channel));
    else this.sendCommand("TOPIC", this.#channel(channel), topic);
  }

  /** Changes modes of a channel, or of us. */
  mode(target: string, set: boolean, modes: string, ...params: string[]): void {
    this.sendCommand("MODE", target, `${set ? "+" : "-"}${modes}`, ...params);
  }

  /** Puts somebody out of a channel. */
  kick(channel: string, user: string, reason = user): void {
    this.sendCommand("KICK", this.#channel(channel), user, reason);
  }

  /** Asks for another nick. */
  setNick(nickname: string): void {
    this.sendCommand("NICK", nickname);
  }

  /** Says that we are away, or are back. */
  away(message = ""): void {
    if (message === "") this.sendCommand("AWAY");
    else this.sendCommand("AWAY", message);
  }

  /** Says that we are back. */
  back(): void {
    this.away();
  }

  /** Asks who somebody is; the answers (311 and others) go to methods such as `irc_RPL_WHOISUSER`. */
  whois(nickname: string, server?: string): void {
    if (server === undefined) this.sendCommand("WHOIS", nickname);
    else this.sendCommand("WHOIS", server, nickname);
  }

  /** Asks somebody to join a channel. */
  invite(user: string, channel: string): void {
    this.sendCommand("INVITE", user, this.#channel(channel));
  }

  /** Asks who is in a channel: {@linkcode namesReceived}. */
  names(channel: string): void {
    this.sendCommand("NAMES", this.#channel(channel));
  }

  /** Pings somebody by CTCP; {@linkcode pong} tells how long the answer took. The last 50 pings are remembered. */
  ping(user: string): void {
    const now = this.reactor.seconds();
    const text = `${now}.${this.#pings.size}`;
    const oldest = this.#pings.size >= 50 ? this.#pings.keys().next().value : undefined;
    if (oldest !== undefined) this.#pings.delete(oldest);
    this.#pings.set(`${user.toLowerCase()} ${text}`, now);
    this.ctcpQuery(user, { tag: "PING", data: text });
  }

  /** Leaves the network, behind what waits to be sent. */
  quit(message = ""): void {
    if (message === "") this.sendCommand("QUIT");
    else this.sendCommand("QUIT", message);
  }

  // ---- as a protocol

  /** Begins to register. */
  override connectionMade(): void {
    const { password, username = this.nickname, realname = this.nickname } = this.#options;
    // The words of the registration are few, and the server waits for them: no flood control.
    const now = (command: string, ...params: string[]) => super.sendLine(formatMessage(command, params));
    if (this.#options.sasl) now("CAP", "REQ", "sasl");
    if (password !== undefined) now("PASS", password);
    now("NICK", this.nickname);
    now("USER", username, "0", "*", realname);
  }

  /** A line came. */
  override lineReceived(line: string): void {
    const message = parseMessage(line);
    if (message !== null) this.#dispatch(message);
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

  #channel(name: string): string {
    return this.supported.isChannel(name) ? name : `#${name}`;
  }

  #sayIn(command: string, target: string, message: string): void {
    // The server puts our own prefix in front; until it is known the longest one is assumed.
    const mask = this.hostmask === "" ? 10 + 1 + 63 : encodeUtf8(this.hostmask).length;
    const overhead = encodeUtf8(`:${this.nickname}! ${command} ${target} :\r\n`).length + mask;
    for (const piece of splitText(message, Math.max(4, MAX_LINE_BYTES - overhead))) {
      this.sendLine(formatMessage(command, [target, piece]));
    }
  }

  #dispatch({ prefix, command, params }: Message): void {
    const [first = "", second = ""] = params;
    const nick = nickOf(prefix);
    const ours = nick === this.nickname;
    switch (command) {
      case "PING":
        // At the head of what waits: the server drops clients that answer late.
        super.sendLine(formatMessage("PONG", params));
        return;
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
        return this.#mode(prefix, first, this.#modes(first, second, params.slice(2)));
      case "353":
        return this.namesReceived(
          params[2] ?? "",
          (params[3] ?? "").split(" ").filter((name) => name !== ""),
        );
      case "001":
        this.nickname = first;
        if (!this.#registered) {
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
        this.receivedMOTD(this.#motd);
        this.#motd = [];
        return;
      case "433":
        // Before we are in, there must be a nick; later the old one stays.
        if (!this.#registered) {
          this.nickname = this.alterCollidedNick(this.nickname);
          super.sendLine(formatMessage("NICK", [this.nickname]));
          return;
        }
        break;
      case "CAP":
        return this.#capability(second, params[2] ?? "");
      case "AUTHENTICATE":
        return this.#authenticate();
      case "903":
        super.sendLine("CAP END");
        return;
      case "902":
      case "904":
      case "905":
      case "906":
        return this.#saslFailed(params.at(-1) ?? command);
    }
    // A method of the user's: `irc_WALLOPS`, and for numbers `irc_RPL_WHOISUSER` or `irc_311`.
    for (const name of [REPLY_NAMES.get(command) ?? command, command]) {
      const method = (this as unknown as Record<string, unknown>)[`irc_${name}`];
      if (typeof method === "function" && name !== "unknown") return method.call(this, prefix, params);
    }
    if (/^[45]\d\d$/.test(command)) this.errorReceived(command, params);
    else this.irc_unknown(prefix, command, params);
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

  #modes(target: string, modes: string, params: string[]): ModeChange[] {
    if (!this.supported.isChannel(target)) return parseModes(modes, params, () => false);
    const { addressModes, param, setParam } = this.supported.channelModes;
    const always = addressModes + param + [...this.supported.prefixes.keys()].join("");
    return parseModes(
      modes,
      params,
      (mode, set) => always.includes(mode) || (set && setParam.includes(mode)),
    );
  }

  #message(command: string, user: string, target: string, text: string): void {
    const { messages, rest } = extractCTCP(text);
    for (const ctcp of messages) {
      if (command === "NOTICE") this.#ctcpAnswered(user, target, ctcp);
      else this.#ctcp(user, target, ctcp);
    }
    if (rest === "" && messages.length > 0) return;
    if (command === "NOTICE") this.noticed(user, target, rest);
    else this.privmsg(user, target, rest);
  }

  #ctcpAnswered(user: string, target: string, reply: CTCP): void {
    const key = `${nickOf(user).toLowerCase()} ${reply.data}`;
    const sent = reply.tag === "PING" ? this.#pings.get(key) : undefined;
    if (sent === undefined) return this.ctcpReply(user, target, reply);
    this.#pings.delete(key);
    this.pong(user, this.reactor.seconds() - sent);
  }

  #ctcp(user: string, target: string, { tag, data }: CTCP): void {
    const reply = (text: string) => {
      const line = formatMessage("NOTICE", [nickOf(user), formatCTCP({ tag, data: text })]);
      if (encodeUtf8(line).length <= 400) this.sendLine(line); // what is echoed must not grow
    };
    if (tag === "ACTION") return this.action(user, target, data ?? "");
    if (tag === "PING") return reply(data ?? "");
    if (tag === "CLIENTINFO") return reply("ACTION CLIENTINFO PING VERSION");
    if (tag === "VERSION" && this.#options.versionName) return reply(this.#options.versionName);
    if (tag === "DCC" && this.#options.dcc) {
      const offer = parseChatOffer(data ?? "");
      if (offer !== null) this.dccChatOffered(user, offer.host, offer.port);
    }
  }

  #capability(verb: string, names: string): void {
    if (verb === "ACK" && names.split(" ").includes("sasl")) super.sendLine("AUTHENTICATE PLAIN");
    else if (verb === "NAK") this.#saslFailed("The server has no SASL");
  }

  #authenticate(): void {
    const { sasl } = this.#options;
    if (!sasl) return;
    const text = btoa(latin1(encodeUtf8(`${sasl.username}\0${sasl.username}\0${sasl.password}`)));
    for (let at = 0; at < text.length; at += 400) super.sendLine(`AUTHENTICATE ${text.slice(at, at + 400)}`);
    if (text.length % 400 === 0) super.sendLine("AUTHENTICATE +"); // so that the server knows where it ends
  }

  #saslFailed(reason: string): void {
    this.saslFailed(reason);
    this.transport.loseConnection();
  }
}
