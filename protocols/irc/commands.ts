/**
 * What an IRC client can ask of its server.
 * @module
 */
import { encodeUtf8 } from "../bytes.ts";
import type { Factory } from "../factory.ts";
import { type CTCP, formatCTCP } from "./ctcp.ts";
import { IRCEvents } from "./events.ts";
import { formatMessage, IRCBadMessage, MAX_LINE_BYTES, splitText } from "./message.ts";
import { ServerSupportedFeatures } from "./supported.ts";

/** The methods that do something: those of `IRCClient` to call. */
export abstract class IRCCommands<F = Factory> extends IRCEvents<F> {
  /** What the server can do. */
  readonly supported: ServerSupportedFeatures = new ServerSupportedFeatures();
  /** Our own `user@host`, as others see it, once it is known; `""` before. */
  hostmask = "";
  readonly #pings = new Map<string, number>();

  /**
   * Sends a message as it is.
   *
   * @throws {IRCBadMessage} If it would be more than one line, or longer than the 512 bytes that a server reads.
   * @throws {RangeError} If too many lines wait.
   */
  sendCommand(command: string, ...params: string[]): void {
    const line = formatMessage(command, params);
    if (line.length > 170 && encodeUtf8(line).length > MAX_LINE_BYTES - 2) {
      throw new IRCBadMessage(`Cannot send a message: it has more than ${MAX_LINE_BYTES} bytes`);
    }
    this.sendLine(line);
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

  /** Does something: `/me waves`. As many messages as it takes, as {@linkcode msg}. */
  describe(target: string, text: string): void {
    const room = this.#room("PRIVMSG", target) - formatCTCP({ tag: "ACTION", data: "" }).length;
    for (const data of splitText(text, Math.max(4, room))) this.ctcpQuery(target, { tag: "ACTION", data });
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

  /** How long ago we pinged somebody, in seconds; `null` if we did not, or have heard of it. */
  protected pingAnswered(nick: string, text: string): number | null {
    const key = `${nick.toLowerCase()} ${text}`;
    const sent = this.#pings.get(key);
    if (sent === undefined) return null;
    this.#pings.delete(key);
    return this.reactor.seconds() - sent;
  }

  #channel(name: string): string {
    return this.supported.isChannel(name) ? name : `#${name}`;
  }

  #sayIn(command: string, target: string, message: string): void {
    for (const piece of splitText(message, Math.max(4, this.#room(command, target)))) {
      this.sendCommand(command, target, piece);
    }
  }

  // How many bytes of text there is room for.
  #room(command: string, target: string): number {
    // The server puts our own prefix in front; until it is known the longest one is assumed.
    const mask = this.hostmask === "" ? 10 + 1 + 63 : encodeUtf8(this.hostmask).length;
    return MAX_LINE_BYTES - mask - encodeUtf8(`:${this.nickname}! ${command} ${target} :\r\n`).length;
  }
}
