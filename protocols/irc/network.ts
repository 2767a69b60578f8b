/**
 * `IRCNetwork`: what the connections of an IRC server share.
 * @module
 */
import type { IRC } from "./server.ts";

/** A channel of an {@linkcode IRCNetwork}. */
export interface Channel {
  readonly name: string;
  topic: string;
  readonly members: Map<IRC, { op: boolean }>;
}

/** Options of {@linkcode IRCNetwork}. */
export interface IRCNetworkOptions {
  /** The server's name. @default "irc.local" */
  name?: string;
  /** Lines of the message of the day. @default none */
  motd?: readonly string[];
  /** What PASS has to say; `null` for no password. @default null */
  password?: string | null;
  /** How many channels one user may be in. @default 20 */
  maxChannels?: number;
  /** How much may wait for a user who reads nothing, in bytes, before the connection is cut. @default 256 KiB */
  maxUnreadBytes?: number;
  /** How long a user may take to come in, in seconds. @default 60 */
  registrationSeconds?: number;
}

/**
 * The users and channels of one server; give it to every {@linkcode IRC} connection.
 *
 * @example
 * ```ts
 * import { Factory } from "@ropewalk/protocols";
 * import { IRC, IRCNetwork } from "@ropewalk/protocols/irc";
 *
 * const factory = Factory.forProtocol(IRC, new IRCNetwork({ name: "irc.example.org" }));
 * ```
 */
export class IRCNetwork {
  /** The server's name. */
  readonly name: string;
  /** Lines of the message of the day. */
  readonly motd: readonly string[];
  /** What PASS has to say, or `null`. */
  readonly password: string | null;
  /** How many channels one user may be in. */
  readonly maxChannels: number;
  /** How much may wait for a user who reads nothing, in bytes. */
  readonly maxUnreadBytes: number;
  /** How long a user may take to come in, in seconds. */
  readonly registrationSeconds: number;
  /** @ignore Users by nick. */
  readonly _users: Map<string, IRC> = new Map();
  /** @ignore Channels by name. */
  readonly _channels: Map<string, Channel> = new Map();

  /**
   * A network without users.
   *
   * @param options Names and limits.
   */
  constructor(options: IRCNetworkOptions = {}) {
    this.name = options.name ?? "irc.local";
    this.motd = options.motd ?? [];
    this.password = options.password ?? null;
    this.maxChannels = options.maxChannels ?? 20;
    this.maxUnreadBytes = options.maxUnreadBytes ?? 256 * 1024;
    this.registrationSeconds = options.registrationSeconds ?? 60;
  }
}

/** Names are the same if they differ in case only (RFC 1459 §2.2). */
export function fold(name: string): string {
  return name.toLowerCase().replaceAll("[", "{").replaceAll("]", "}").replaceAll("\\", "|").replaceAll(
    "~",
    "^",
  );
}
