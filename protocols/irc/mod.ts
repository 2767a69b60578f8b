/**
 * IRC: a client for users and bots, and a small server.
 *
 * @example
 * ```ts
 * import { IRCClient } from "@ropewalk/protocols/irc";
 *
 * class Greeter extends IRCClient {
 *   override signedOn() {
 *     this.join("#ropewalk");
 *   }
 *   override userJoined(user: string, channel: string) {
 *     this.say(channel, `Welcome, ${user}!`);
 *   }
 * }
 *
 * const bot = new Greeter({ nickname: "greeter" });
 * ```
 *
 * @module
 */
export { IRCClient, type IRCClientOptions } from "./client.ts";
export { IRCCommands } from "./commands.ts";
export { type CTCP, extractCTCP, formatCTCP } from "./ctcp.ts";
export { DCCChat } from "./dcc.ts";
export { IRCEvents } from "./events.ts";
export {
  formatMessage,
  IRCBadMessage,
  MAX_LINE_BYTES,
  type Message,
  nickOf,
  parseMessage,
  splitText,
} from "./message.ts";
export { IRCNetwork, type IRCNetworkOptions } from "./network.ts";
export { REPLY_NAMES } from "./numerics.ts";
export { type SASLCredentials } from "./sasl.ts";
export { IRC } from "./server.ts";
export { type ChannelModes, type ModeChange, parseModes, ServerSupportedFeatures } from "./supported.ts";
