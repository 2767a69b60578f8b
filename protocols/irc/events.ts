/**
 * What an IRC client hears.
 * @module
 */
import type { Factory } from "../factory.ts";
import { LineReceiver } from "../line_receiver.ts";
import type { CTCP } from "./ctcp.ts";

/** The methods that tell what happens: those of `IRCClient` to override. By themselves they do nothing. */
export abstract class IRCEvents<F = Factory> extends LineReceiver<F> {
  /** The present nick. */
  nickname = "";

  /** The server has let us in. */
  signedOn(): void {}
  /** We joined a channel. */
  joined(_channel: string): void {}
  /** We left a channel. */
  left(_channel: string): void {}
  /** A message came. @param _user `nick!user@host`. @param _channel A channel, or our nick. */
  privmsg(_user: string, _channel: string, _message: string): void {}
  /** A notice came; nothing may be answered to one by itself. */
  noticed(_user: string, _channel: string, _message: string): void {}
  /** Somebody does something: `/me waves`. */
  action(_user: string, _channel: string, _text: string): void {}
  /**
   * Modes of a channel, or of us, were changed. One message that sets some and takes away others is heard as two
   * calls: what was set comes first.
   *
   * @param _user Who did it: `nick!user@host`.
   * @param _channel A channel, or our nick.
   * @param _set Whether they were set, or taken away.
   * @param _modes One letter each: `"ov"`.
   * @param _args The parameter of each of them, `null` for one without.
   */
  modeChanged(
    _user: string,
    _channel: string,
    _set: boolean,
    _modes: string,
    _args: (string | null)[],
  ): void {}
  /** Somebody joined a channel. */
  userJoined(_user: string, _channel: string): void {}
  /** Somebody left a channel. */
  userLeft(_user: string, _channel: string): void {}
  /** Somebody left the network. */
  userQuit(_user: string, _message: string): void {}
  /** Somebody was put out of a channel. */
  userKicked(_kickee: string, _channel: string, _kicker: string, _message: string): void {}
  /** We were put out of a channel. */
  kickedFrom(_channel: string, _kicker: string, _message: string): void {}
  /** Somebody has another nick. */
  userRenamed(_oldName: string, _newName: string): void {}
  /** We have another nick. */
  nickChanged(nick: string): void {
    this.nickname = nick;
  }
  /** A channel's topic is known, or was changed. */
  topicUpdated(_user: string, _channel: string, _topic: string): void {}
  /** Who is in a channel; some at a time. */
  namesReceived(_channel: string, _names: string[]): void {}
  /** The message of the day. */
  receivedMOTD(_lines: string[]): void {}
  /** The server said what it can do: {@linkcode supported}. */
  isupport(_options: readonly string[]): void {}
  /** The login by SASL failed; the connection is lost after this. */
  saslFailed(_reason: string): void {}
  /** The server reports an error by number (400 to 599). */
  errorReceived(_code: string, _params: readonly string[]): void {}
  /** Somebody offers a DCC chat. Called only if the option `dcc` is set; connect a {@linkcode DCCChat} to accept. */
  dccChatOffered(_user: string, _host: string, _port: number): void {}
  /** We pinged somebody, who has answered. @param _seconds How long it took. */
  pong(_user: string, _seconds: number): void {}
  /** What the server says of itself (002). */
  yourHost(_info: string): void {}
  /** When the server was started, in its own words (003). */
  created(_when: string): void {}
  /** The server's name, its version, and the modes that it knows (004). */
  myInfo(_servername: string, _version: string, _userModes: string, _channelModes: string): void {}
  /** The server wants us to go to another one (010). */
  bounce(_info: string): void {}
  /**
   * Another nick, when ours is taken while we register.
   *
   * @returns The nick with `_` behind it, unless overridden.
   */
  alterCollidedNick(nickname: string): string {
    return `${nickname}_`;
  }
  /** A CTCP reply came. */
  ctcpReply(_user: string, _channel: string, _reply: CTCP): void {}
  /** A message came that nothing else is there for. */
  irc_unknown(_prefix: string, _command: string, _params: readonly string[]): void {}
}
