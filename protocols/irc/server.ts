/**
 * A small IRC server: nicks, channels, messages.
 * @module
 */
import type { Failure } from "@ropewalk/deferred";
import type { DelayedCall } from "@ropewalk/reactor/core";
import type { Factory } from "../factory.ts";
import { LineReceiver } from "../line_receiver.ts";
import { PeerIntake } from "../_peer_intake.ts";
import { cutText, formatMessage, MAX_LINE_BYTES, type Message, nickOf, parseMessage } from "./message.ts";
import { type Channel, fold, type IRCNetwork } from "./network.ts";

const NICK = /^[A-Za-z[\]\\`_^{|}][-A-Za-z0-9[\]\\`_^{|}]{0,29}$/;
const CHANNEL = /^#[^\s,:]{1,49}$/;

/** How long a user who is sent away may take to read why, in seconds. */
const LAST_LINE_SECONDS = 10;

/** One connection of a server. It knows NICK USER PASS PING JOIN PART PRIVMSG NOTICE TOPIC NAMES LIST WHO WHOIS MODE KICK AWAY QUIT. */
export class IRC<F = Factory> extends LineReceiver<F> {
  /** LF alone ends a line, too. */
  override acceptBareLF = true;
  /** The longest line accepted, in bytes. */
  override MAX_LENGTH = 510;
  /** The present nick; `""` before there is one. */
  nickname = "";
  /** The user's name. */
  username = "";
  /** Who the user really is. */
  realname = "";
  /** @ignore */
  readonly _channels: Set<Channel> = new Set();
  readonly #network: IRCNetwork;
  #password: string | null = null;
  #in = false;
  #timer: DelayedCall | null = null; // until this user is in
  #unread = 0; // bytes that were sent since the user stopped reading
  readonly #intake = new PeerIntake(() => {}, () => void (this.#unread = 0));

  /**
   * A connection to be.
   *
   * @param network Its users and channels.
   */
  constructor(network: IRCNetwork) {
    super();
    this.#network = network;
  }

  /** `nick!user@host` */
  get hostmask(): string {
    const peer = this.transport.getPeer();
    const host = "host" in peer ? peer.host.replace(/^::ffff:/, "") : "local";
    return `${this.nickname}!${this.username}@${host.startsWith(":") ? `0${host}` : host}`;
  }

  /** Whether this user has been let in; until then nobody can reach it. */
  get registered(): boolean {
    return this.#in;
  }

  /**
   * Sends a line: as much of it as a line may have. A user who reads nothing is cut off in the end; to one who was sent
   * away nothing more is said.
   */
  override sendLine(line: string): void {
    if (this.transport.disconnecting) return;
    const cut = cutText(line, MAX_LINE_BYTES - 2);
    this.#intake.begin(this.transport);
    super.sendLine(cut);
    this.#intake.end();
    if (!this.#intake.full) return;
    this.#unread += cut.length;
    if (this.#unread > this.#network.maxUnreadBytes) this.transport.abortConnection();
  }

  /** Sends a message to this user. */
  sendMessage(command: string, params: readonly string[], prefix: string = this.#network.name): void {
    const line = formatMessage(command, params, prefix);
    this.sendLine(line);
  }

  /** The time to come in begins. */
  override connectionMade(): void {
    this.#timer = this.reactor.callLater(this.#network.registrationSeconds, () => {
      this.#timer = null;
      this.transport.abortConnection();
    });
  }

  /** A line came. */
  override lineReceived(line: string): void {
    const message = parseMessage(line.replace(/[\r\0]/g, "")); // they could not be passed on
    if (message === null) return;
    const early = ["NICK", "USER", "PASS", "PING", "QUIT", "CAP"].includes(message.command);
    if (!this.#in && !early) return this.#numeric("451", "You have not registered");
    this.#command(message);
  }

  /** The user is sent away. */
  override lineLengthExceeded(_line: string): void {
    this.#sendAway("Line too long");
  }

  /** The connection is gone. */
  override connectionLost(reason: Failure): void {
    this.#stopTimer();
    this.#leaveAll(reason.getErrorMessage());
  }

  // What a user said may stand in the middle, where there is no room for spaces.
  #numeric(code: string, ...params: string[]): void {
    const text = params.pop()!;
    const words = params.map((param) => param.replace(/^:+/, "").split(" ")[0] || "*");
    this.sendMessage(code, [this.nickname || "*", ...words, text]);
  }

  #user(nick: string): IRC | undefined {
    const user = this.#network._users.get(fold(nick));
    return user?.registered ? user : undefined;
  }

  #command({ command, params }: Message): void {
    const [first = "", second = ""] = params;
    const network = this.#network;
    switch (command) {
      case "CAP":
        if (first.toUpperCase() === "LS") this.sendMessage("CAP", [this.nickname || "*", "LS", ""]);
        else if (first.toUpperCase() === "REQ") {
          this.sendMessage("CAP", [this.nickname || "*", "NAK", second]);
        }
        return;
      case "PASS":
        this.#password = first;
        return;
      case "NICK":
        return this.#nick(first);
      case "USER":
        if (this.#in) return this.#numeric("462", "You may not reregister");
        if (params.length < 4) return this.#needMore(command);
        this.username = first.replace(/[^A-Za-z0-9._-]/g, "").slice(0, 10) || "user";
        this.realname = params[3]!;
        return this.#welcome();
      case "PING":
        return this.sendMessage("PONG", [network.name, first]);
      case "PONG":
        return;
      case "QUIT":
        return this.#sendAway(first || "Client Quit");
      case "JOIN":
        if (first === "") return this.#needMore(command);
        for (const name of first.split(",")) this.#join(name);
        return;
      case "PART":
        for (const name of first.split(",")) this.#part(name, second);
        return;
      case "PRIVMSG":
      case "NOTICE":
        return this.#say(command, first, second);
      case "TOPIC":
        return this.#topic(first, params[1]);
      case "NAMES":
        return this.#onChannel(first, (channel) => this.#names(channel));
      case "LIST":
        for (const { name, members, topic } of network._channels.values()) {
          if (this.#isTooMuch(command)) break;
          this.#numeric("322", name, String(members.size), topic);
        }
        return this.#numeric("323", "End of LIST");
      case "WHO": {
        for (const user of network._channels.get(fold(first))?.members.keys() ?? []) {
          if (this.#isTooMuch(command)) break;
          const host = user.hostmask.split("@")[1]!;
          const who = [first, user.username, host, network.name, user.nickname];
          this.#numeric("352", ...who, "H", `0 ${user.realname}`);
        }
        return this.#numeric("315", first, "End of WHO list");
      }
      case "WHOIS": {
        const user = this.#user(first);
        if (user === undefined) return this.#numeric("401", first, "No such nick/channel");
        const host = user.hostmask.split("@")[1]!;
        this.#numeric("311", user.nickname, user.username, host, "*", user.realname);
        this.#numeric("312", user.nickname, network.name, "ropewalk");
        return this.#numeric("318", user.nickname, "End of WHOIS list");
      }
      case "MODE":
        return this.#mode(first, second, params[2]);
      case "KICK":
        return this.#kick(first, second, params[2] ?? this.nickname);
      case "AWAY":
        return first === ""
          ? this.#numeric("305", "You are no longer marked as being away")
          : this.#numeric("306", "You have been marked as being away");
      default:
        this.#numeric("421", command.slice(0, 50), "Unknown command");
    }
  }

  // The user is gone for all others at once, and the connection in a while, whether its last line is read or not.
  #sendAway(reason: string): void {
    this.#leaveAll(reason);
    this.sendLine(formatMessage("ERROR", [`Closing Link: ${reason}`]));
    this.#stopTimer();
    this.#timer = this.reactor.callLater(LAST_LINE_SECONDS, () => {
      this.#timer = null;
      this.transport.abortConnection();
    });
    this.transport.loseConnection();
  }

  #stopTimer(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  // A list is written at once, and must not look like lines that nobody reads.
  #isTooMuch(command: string): boolean {
    if (this.#unread * 2 < this.#network.maxUnreadBytes) return false;
    this.#numeric("416", command, "Too many lines in the output");
    return true;
  }

  #needMore(command: string): void {
    this.#numeric("461", command, "Not enough parameters");
  }

  #nick(nick: string): void {
    if (nick === "") return this.#numeric("431", "No nickname given");
    if (!NICK.test(nick)) return this.#numeric("432", nick, "Erroneous nickname");
    const users = this.#network._users;
    const holder = users.get(fold(nick));
    if (holder !== undefined && holder !== this) {
      return this.#numeric("433", nick, "Nickname is already in use");
    }
    const before = this.hostmask;
    users.delete(fold(this.nickname));
    users.set(fold(nick), this as IRC);
    this.nickname = nick; // before anybody is told: whoever is lost meanwhile is lost by this name
    if (this.#in) this.#tell(this.#neighbours(), formatMessage("NICK", [nick], before));
    this.#welcome();
  }

  #welcome(): void {
    if (this.#in || this.nickname === "" || this.username === "") return;
    const { name, motd, password } = this.#network;
    if (password !== null && password !== this.#password) {
      this.#numeric("464", "Password incorrect");
      return this.#sendAway("Bad Password");
    }
    this.#in = true;
    this.#stopTimer();
    this.#numeric("001", `Welcome to the network ${this.hostmask}`);
    this.#numeric("002", `Your host is ${name}, running ropewalk`);
    this.#numeric("004", name, "ropewalk", "o", "o");
    this.#numeric("005", "CHANTYPES=#", "PREFIX=(o)@", "NICKLEN=30", "CASEMAPPING=rfc1459", "are supported");
    if (motd.length === 0) return this.#numeric("422", "MOTD File is missing");
    this.#numeric("375", `- ${name} Message of the day -`);
    for (const line of motd) this.#numeric("372", `- ${line}`);
    this.#numeric("376", "End of MOTD command");
  }

  #neighbours(): Set<IRC> {
    const all = new Set<IRC>([this as IRC]);
    for (const { members } of this._channels) for (const user of members.keys()) all.add(user);
    return all;
  }

  #tell(users: Iterable<IRC>, line: string, except?: IRC): void {
    for (const user of users) if (user !== except) user.sendLine(line);
  }

  #onChannel(name: string, then: (channel: Channel) => void): void {
    const channel = this.#network._channels.get(fold(name));
    if (channel === undefined) this.#numeric("403", name, "No such channel");
    else if (!channel.members.has(this as IRC)) {
      this.#numeric("442", channel.name, "You're not on that channel");
    } else then(channel);
  }

  #join(name: string): void {
    if (!CHANNEL.test(name)) return this.#numeric("403", name, "No such channel");
    const channels = this.#network._channels;
    let channel = channels.get(fold(name));
    if (channel?.members.has(this as IRC)) return;
    if (this._channels.size >= this.#network.maxChannels) {
      return this.#numeric("405", name, "You have joined too many channels");
    }
    if (channel === undefined) channels.set(fold(name), channel = { name, topic: "", members: new Map() });
    channel.members.set(this as IRC, { op: channel.members.size === 0 });
    this._channels.add(channel);
    this.#tell(channel.members.keys(), formatMessage("JOIN", [channel.name], this.hostmask));
    if (channel.topic !== "") this.#numeric("332", channel.name, channel.topic);
    this.#names(channel);
  }

  #names(channel: Channel): void {
    const names = [...channel.members].map(([user, { op }]) => (op ? "@" : "") + user.nickname);
    for (let at = 0; at < names.length; at += 12) {
      this.#numeric("353", "=", channel.name, names.slice(at, at + 12).join(" "));
    }
    this.#numeric("366", channel.name, "End of NAMES list");
  }

  #part(name: string, reason: string): void {
    this.#onChannel(name, (channel) => {
      const params = reason === "" ? [channel.name] : [channel.name, reason];
      this.#tell(channel.members.keys(), formatMessage("PART", params, this.hostmask));
      this.#remove(channel);
    });
  }

  #remove(channel: Channel): void {
    channel.members.delete(this as IRC);
    this._channels.delete(channel);
    if (channel.members.size === 0) this.#network._channels.delete(fold(channel.name));
  }

  #leaveAll(reason: string): void {
    if (this.nickname === "" || this.#network._users.get(fold(this.nickname)) !== this as IRC) return;
    this.#network._users.delete(fold(this.nickname));
    this.#tell(
      this.#neighbours(),
      formatMessage("QUIT", [reason.replace(/[\r\n\0]/g, " ")], this.hostmask),
      this as IRC,
    );
    for (const channel of [...this._channels]) this.#remove(channel);
  }

  #say(command: string, target: string, text: string): void {
    if (target === "" || text === "") {
      return command === "NOTICE" ? undefined : this.#numeric("412", "No text to send");
    }
    const channel = this.#network._channels.get(fold(target));
    const line = () => formatMessage(command, [channel?.name ?? target, text], this.hostmask);
    if (channel?.members.has(this as IRC)) return this.#tell(channel.members.keys(), line(), this as IRC);
    const user = this.#user(target);
    if (channel !== undefined) return this.#numeric("404", channel.name, "Cannot send to channel");
    if (user !== undefined) user.sendLine(line());
    else if (command !== "NOTICE") this.#numeric("401", nickOf(target), "No such nick/channel");
  }

  #topic(name: string, topic: string | undefined): void {
    this.#onChannel(name, (channel) => {
      if (topic === undefined) {
        if (channel.topic === "") this.#numeric("331", channel.name, "No topic is set");
        else this.#numeric("332", channel.name, channel.topic);
      } else {
        channel.topic = topic;
        this.#tell(channel.members.keys(), formatMessage("TOPIC", [channel.name, topic], this.hostmask));
      }
    });
  }

  #mode(target: string, modes: string, nick = ""): void {
    if (fold(target) === fold(this.nickname)) return this.#numeric("221", "+");
    this.#onChannel(target, (channel) => {
      if (modes === "") return this.#numeric("324", channel.name, "+");
      if (!channel.members.get(this as IRC)!.op) {
        return this.#numeric("482", channel.name, "You're not channel operator");
      }
      const user = this.#network._users.get(fold(nick));
      const member = user === undefined ? undefined : channel.members.get(user);
      if (!/^[+-]o$/.test(modes)) {
        return this.#numeric("472", modes.slice(0, 2), "is unknown mode char to me");
      }
      if (member === undefined) {
        return this.#numeric("441", nick, channel.name, "They aren't on that channel");
      }
      member.op = modes === "+o";
      this.#tell(
        channel.members.keys(),
        formatMessage("MODE", [channel.name, modes, user!.nickname], this.hostmask),
      );
    });
  }

  #kick(name: string, nick: string, reason: string): void {
    this.#onChannel(name, (channel) => {
      if (!channel.members.get(this as IRC)!.op) {
        return this.#numeric("482", channel.name, "You're not channel operator");
      }
      const user = this.#network._users.get(fold(nick));
      if (user === undefined || !channel.members.has(user)) {
        return this.#numeric("441", nick, channel.name, "They aren't on that channel");
      }
      const line = formatMessage("KICK", [channel.name, user.nickname, reason], this.hostmask);
      this.#tell(channel.members.keys(), line);
      user.#remove(channel);
    });
  }
}
