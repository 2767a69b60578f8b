/**
 * What the tests of IRC share: clients and users in memory.
 * @module
 */
import { IPv4Address } from "@ropewalk/reactor/core";
import { Clock, StringTransport } from "@ropewalk/testing";
import { encodeUtf8 } from "../bytes.ts";
import { IRCClient, type IRCClientOptions } from "./client.ts";
import type { IRCNetwork } from "./network.ts";
import { IRC } from "./server.ts";

const HEARD = [
  "signedOn",
  "yourHost",
  "myInfo",
  "joined",
  "left",
  "privmsg",
  "noticed",
  "action",
  "modeChanged",
  "userJoined",
  "userLeft",
  "userQuit",
  "userKicked",
  "kickedFrom",
  "userRenamed",
  "topicUpdated",
  "namesReceived",
  "receivedMOTD",
  "isupport",
  "saslFailed",
  "errorReceived",
  "dccChatOffered",
  "ctcpReply",
  "irc_unknown",
];

/** A client that keeps what it hears, and what feeds it. */
export function client(options: IRCClientOptions = { nickname: "me", lineRateSeconds: 0 }) {
  const clock = new Clock();
  const transport = new StringTransport({ reactor: clock });
  const irc = new IRCClient(options);
  const events: unknown[][] = [];
  for (const name of HEARD) {
    Object.assign(irc, { [name]: (...args: unknown[]) => void events.push([name, ...args]) });
  }
  irc.makeConnection(transport);
  const sent = () => {
    const lines = transport.text().split("\r\n").slice(0, -1);
    transport.clear();
    return lines;
  };
  const feed = (...lines: string[]) =>
    irc.dataReceived(encodeUtf8(lines.map((line) => line + "\r\n").join("")));
  return { irc, transport, clock, events, sent, feed };
}

/** Users of a network, who have been let in. */
export function users(network: IRCNetwork, ...nicks: string[]) {
  return nicks.map((nick) => {
    const transport = new StringTransport({ peer: new IPv4Address("TCP", "1.2.3.4", 9) });
    const irc = new IRC(network);
    irc.makeConnection(transport);
    const say = (...lines: string[]) => {
      transport.clear();
      irc.dataReceived(encodeUtf8(lines.map((line) => line + "\r\n").join("")));
      return heard();
    };
    const heard = () => {
      const lines = transport.text().split("\r\n").slice(0, -1);
      transport.clear();
      return lines;
    };
    const welcome = say(`NICK ${nick}`, `USER ${nick} 0 * :Real ${nick}`);
    return { irc, transport, say, heard, welcome };
  });
}
