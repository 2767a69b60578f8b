import { Failure } from "@ropewalk/deferred";
import { ConnectionLost } from "@ropewalk/reactor/core";
import { Clock, everySplit, StringTransport } from "@ropewalk/testing";
import { chunked } from "@ropewalk/testing/arbitraries";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { encodeUtf8 } from "../bytes.ts";
import { client } from "./_helpers_test.ts";
import { IRCClient } from "./client.ts";
import { IRCBadMessage } from "./message.ts";
import { IRCNetwork } from "./network.ts";
import { IRC } from "./server.ts";

Deno.test("IRCClient registers, and takes another nick if its own is taken", () => {
  const { sent, feed, events, irc } = client({
    nickname: "me",
    password: "pw",
    realname: "My Self",
    lineRateSeconds: 0,
  });
  assertEquals(sent(), ["PASS pw", "NICK me", "USER me 0 * :My Self"]);
  feed(":s 433 * me :in use", ":s 001 me_ :Welcome", ":s 001 me_ :Welcome");
  assertEquals(sent(), ["NICK me_"]);
  assertEquals(irc.nickname, "me_");
  feed(":s 433 me_ other :in use");
  assertEquals(events, [["signedOn"], ["errorReceived", "433", ["me_", "other", "in use"]]]);
});

Deno.test("IRCClient tells what happens, however the stream is cut", () => {
  const wire = [
    ":s 005 me PREFIX=(ov)@+ CHANMODES=b,k,l,imn :are supported",
    ":s 375 me :- s -",
    ":s 372 me :- line",
    ":s 376 me :End",
    ":me!u@host JOIN #c",
    ":s 332 me #c :the topic",
    ":s 353 me = #c :@op me ",
    ":a!b@c JOIN :#c",
    ":a!b@c PRIVMSG #c :hi żółw",
    ":a!b@c PRIVMSG me :\x01ACTION waves\x01",
    ":a!b@c NOTICE me :note",
    ":a!b@c NOTICE me :\x01VERSION x 1\x01",
    ":a!b@c MODE #c +ov-k+l me a key 5",
    ":me MODE me :+i",
    ":a!b@c TOPIC #c :new",
    ":a!b@c NICK z",
    ":z!b@c KICK #c other :out",
    ":z!b@c KICK #c me :you too",
    ":me!u@host PART #d",
    ":z!b@c PART #c",
    ":z!b@c QUIT :bye",
    ":me!u@host NICK you",
    ":s 401 you x :No such nick",
    ":s WEIRD a",
  ].join("\r\n") + "\n";
  for (const chunks of everySplit(wire)) {
    const { irc, events } = client();
    for (const chunk of chunks) irc.dataReceived(chunk);
    assertEquals(events, [
      ["isupport", ["PREFIX=(ov)@+", "CHANMODES=b,k,l,imn"]],
      ["receivedMOTD", ["line"]],
      ["joined", "#c"],
      ["topicUpdated", "s", "#c", "the topic"],
      ["namesReceived", "#c", ["@op", "me"]],
      ["userJoined", "a", "#c"],
      ["privmsg", "a!b@c", "#c", "hi żółw"],
      ["action", "a!b@c", "me", "waves"],
      ["noticed", "a!b@c", "me", "note"],
      ["ctcpReply", "a!b@c", "me", { tag: "VERSION", data: "x 1" }],
      ["modeChanged", "a!b@c", "#c", true, "ovl", ["me", "a", "5"]],
      ["modeChanged", "a!b@c", "#c", false, "k", ["key"]],
      ["modeChanged", "me", "me", true, "i", [null]],
      ["topicUpdated", "a", "#c", "new"],
      ["userRenamed", "a", "z"],
      ["userKicked", "other", "#c", "z", "out"],
      ["kickedFrom", "#c", "z", "you too"],
      ["left", "#d"],
      ["userLeft", "z", "#c"],
      ["userQuit", "z", "bye"],
      ["errorReceived", "401", ["you", "x", "No such nick"]],
      ["irc_unknown", "s", "WEIRD", ["a"]],
    ]);
    assertEquals([irc.nickname, irc.hostmask], ["you", "u@host"]);
  }
});

Deno.test("IRCClient does what it is told", () => {
  const { irc, sent } = client();
  sent();
  irc.join("c");
  irc.join("&k", "key");
  irc.leave("#c");
  irc.leave("#c", "so long");
  irc.say("c", "hi");
  irc.notice("bob", "psst you");
  irc.describe("#c", "waves");
  irc.topic("#c");
  irc.topic("#c", "new one");
  irc.mode("#c", true, "o", "bob");
  irc.kick("#c", "bob");
  irc.setNick("x");
  irc.away();
  irc.away("tea");
  irc.quit("bye");
  irc.quit();
  assertEquals(sent(), [
    "JOIN #c",
    "JOIN &k key",
    "PART #c",
    "PART #c :so long",
    "PRIVMSG #c hi",
    "NOTICE bob :psst you",
    "PRIVMSG #c :\x01ACTION waves\x01",
    "TOPIC #c",
    "TOPIC #c :new one",
    "MODE #c +o bob",
    "KICK #c bob bob",
    "NICK x",
    "AWAY",
    "AWAY tea",
    "QUIT bye",
    "QUIT",
  ]);
  assertThrows(() => irc.join("#c\r\nQUIT"), IRCBadMessage);
});

Deno.test("IRCClient cuts what it says to the bytes of a line, with the prefix that others will see", () => {
  const { irc, sent, feed } = client();
  sent();
  feed(":me!user@a.host JOIN #c");
  irc.msg("#c", "ż".repeat(600) + "\nsecond");
  const lines = sent();
  assertEquals(lines.length, 4);
  for (const line of lines) assert(encodeUtf8(`:me!user@a.host ${line}\r\n`).length <= 512);
  assert(encodeUtf8(lines[0]!).length > 480);
});

Deno.test("IRCClient answers pings at once and holds back what would be a flood", () => {
  const { irc, sent, clock, feed } = client({
    nickname: "me",
    lineRateSeconds: 2,
    burst: 3,
    maxQueuedLines: 4,
  });
  sent();
  for (let i = 0; i < 6; i++) irc.msg("#c", `${i}`);
  feed("PING :token");
  assertEquals(sent(), ["PRIVMSG #c 0", "PRIVMSG #c 1", "PRIVMSG #c 2", "PONG token"]);
  clock.advance(1.9);
  assertEquals(sent(), []);
  clock.advance(0.1);
  assertEquals(sent(), ["PRIVMSG #c 3"]);
  irc.msg("#c", "x");
  irc.msg("#c", "y");
  assertThrows(() => irc.msg("#c", "z"), RangeError);
  clock.advance(2);
  clock.advance(2);
  assertEquals(sent(), ["PRIVMSG #c 4", "PRIVMSG #c 5"]);
  irc.connectionLost(new Failure(new ConnectionLost()));
  assertEquals(clock.getDelayedCalls(), []);
});

Deno.test("IRCClient answers CTCP, and hears of DCC only if it wants to", () => {
  const { feed, sent, events } = client({ nickname: "me", lineRateSeconds: 0, versionName: "rope 1" });
  sent();
  feed(
    ":a!b@c PRIVMSG me :\x01PING 12345\x01",
    ":a!b@c PRIVMSG me :\x01VERSION\x01",
    ":a!b@c PRIVMSG me :\x01CLIENTINFO\x01",
    `:a!b@c PRIVMSG me :\x01PING ${"x".repeat(450)}\x01`,
    ":a!b@c PRIVMSG me :\x01DCC CHAT chat 2130706433 5000\x01",
  );
  assertEquals(sent(), [
    "NOTICE a :\x01PING 12345\x01",
    "NOTICE a :\x01VERSION rope 1\x01",
    "NOTICE a :\x01CLIENTINFO ACTION CLIENTINFO PING VERSION\x01",
  ]);
  assertEquals(events, []);
  const chatty = client({ nickname: "me", dcc: true, lineRateSeconds: 0 });
  chatty.sent();
  chatty.feed(
    ":a!b@c PRIVMSG me :\x01DCC CHAT chat 2130706433 5000\x01",
    ":a!b@c PRIVMSG me :\x01DCC CHAT chat ::1 5000\x01",
    ":a!b@c PRIVMSG me :\x01DCC CHAT chat 9999999999 5000\x01",
    ":a!b@c PRIVMSG me :\x01DCC CHAT chat 1 70000\x01",
    ":a!b@c PRIVMSG me :\x01DCC SEND file 1 2 3\x01",
    ":a!b@c PRIVMSG me :\x01VERSION\x01",
  );
  assertEquals(chatty.events, [["dccChatOffered", "a!b@c", "127.0.0.1", 5000], [
    "dccChatOffered",
    "a!b@c",
    "::1",
    5000,
  ]]);
  assertEquals(chatty.sent(), []);
});

Deno.test("IRCClient logs in by SASL PLAIN, and goes if it may not", () => {
  const options = { nickname: "me", sasl: { username: "jilles", password: "sesame" }, lineRateSeconds: 0 };
  const { feed, sent, transport, events } = client(options);
  assertEquals(sent(), ["CAP REQ sasl", "NICK me", "USER me 0 * me"]);
  feed("CAP me ACK :sasl");
  assertEquals(sent(), ["AUTHENTICATE PLAIN"]);
  feed("AUTHENTICATE +");
  assertEquals(sent(), ["AUTHENTICATE amlsbGVzAGppbGxlcwBzZXNhbWU="]);
  feed(":s 903 me :ok");
  assertEquals(sent(), ["CAP END"]);
  assert(!transport.disconnecting);
  feed(":s 904 me :SASL authentication failed");
  assertEquals(events, [["saslFailed", "SASL authentication failed"]]);
  assert(transport.disconnecting);
  const long = client({ ...options, sasl: { username: "u".repeat(149), password: "p".repeat(0) } });
  long.sent();
  long.feed("AUTHENTICATE +");
  assertEquals(long.sent().map((line) => line.length), [413, 14]);
  const none = client(options);
  none.feed("CAP me NAK :sasl");
  assert(none.transport.disconnecting);
});

Deno.test("IRCClient talks to IRC", () => {
  const { irc, transport, events } = client();
  const server = new IRC(new IRCNetwork());
  const back = new StringTransport();
  server.makeConnection(back);
  for (let i = 0; i < 3; i++) {
    const [x, y] = [transport.value(), back.value()];
    transport.clear();
    back.clear();
    server.dataReceived(x);
    irc.dataReceived(y);
    if (i === 1) irc.join("#c");
  }
  irc.dataReceived(back.value());
  assertEquals(events.map(([name]) => name), [
    "signedOn",
    "yourHost",
    "myInfo",
    "isupport",
    "receivedMOTD",
    "joined",
    "namesReceived",
    "irc_unknown",
  ]);
});

Deno.test("IRCClient asks and hears what Twisted's does: whois, invite, pings, numbers by their names, a heartbeat", () => {
  class Named extends IRCClient {
    seen: unknown[] = [];
    irc_RPL_WHOISUSER(_prefix: string, params: string[]) {
      this.seen.push(params);
    }
    irc_ERR_NOSUCHNICK(_prefix: string, params: string[]) {
      this.seen.push(params);
    }
    override pong(user: string, seconds: number) {
      this.seen.push([user, seconds]);
    }
    override alterCollidedNick(nickname: string) {
      return nickname + "2";
    }
    override myInfo(...info: string[]) {
      this.seen.push(info);
    }
  }
  const clock = new Clock();
  const irc = new Named({ nickname: "me", lineRateSeconds: 0 });
  const transport = new StringTransport({ reactor: clock });
  irc.makeConnection(transport);
  const feed = (line: string) => irc.dataReceived(encodeUtf8(line + "\r\n"));
  const sent = () => {
    const lines = transport.text().split("\r\n").slice(0, -1);
    transport.clear();
    return lines;
  };
  sent();
  feed(":s 433 * me :in use");
  assertEquals(sent(), ["NICK me2"]);
  feed(":s 001 me2 :Welcome");
  feed(":s 004 me2 s v1 io mnt");
  irc.whois("ann");
  irc.whois("ann", "s");
  irc.invite("ann", "c");
  irc.back();
  irc.names("#c");
  irc.ping("ann");
  const lines = sent();
  assertEquals(lines.slice(0, 5), ["WHOIS ann", "WHOIS s ann", "INVITE ann #c", "AWAY", "NAMES #c"]);
  clock.advance(1.5);
  feed(`:ann!a@h NOTICE me2 :${lines[5]!.slice(lines[5]!.indexOf(":") + 1)}`);
  feed(":s 311 me2 ann a h * :Ann");
  feed(":s 401 me2 bob :No such nick");
  assertEquals(irc.seen, [
    ["s", "v1", "io", "mnt"],
    ["ann!a@h", 1.5],
    ["me2", "ann", "a", "h", "*", "Ann"],
    ["me2", "bob", "No such nick"],
  ]);
  clock.advance(118.5);
  assertEquals(sent(), ["PING me2"]);
  irc.connectionLost(new Failure(new ConnectionLost()));
  assertEquals(clock.getDelayedCalls(), []);
});

Deno.test("IRCClient takes any bytes", () => {
  fc.assert(fc.property(chunked(), ({ chunks }) => {
    const { irc } = client();
    for (const chunk of chunks) irc.dataReceived(chunk);
  }));
});

Deno.test("IRCClient sends no line of more than 512 bytes, and cuts what it does as what it says", () => {
  const { irc, sent } = client();
  sent();
  for (
    const say of [
      () => irc.topic("#c", "t".repeat(502)),
      () => irc.leave("#c", "ż".repeat(252)),
      () => irc.sendCommand("X", "y".repeat(511)),
    ]
  ) assertThrows(say, IRCBadMessage);
  irc.topic("#c", "t".repeat(510 - "TOPIC #c ".length));
  assertEquals(sent().map((line) => line.length), [510]);
  irc.describe("#c", "ż".repeat(600));
  const lines = sent();
  assert(lines.length > 2);
  for (const line of lines) {
    assert(encodeUtf8(line).length <= 510);
    assert(line.startsWith("PRIVMSG #c :\x01ACTION ż") && line.endsWith("ż\x01"));
  }
});

Deno.test("IRCClient answers one CTCP request of a message, and none while much waits to be sent", () => {
  const { feed, sent, irc, clock } = client({
    nickname: "me",
    lineRateSeconds: 2,
    burst: 5,
    maxQueuedLines: 50,
  });
  sent();
  const flood = `:a!b@c PRIVMSG me :${"\x01PING 1\x01".repeat(50)}`;
  feed(flood);
  assertEquals(sent(), ["NOTICE a :\x01PING 1\x01"]);
  // It used to throw, which cost the bot its connection.
  feed(...Array.from({ length: 100 }, () => flood));
  assertEquals(sent().length, 4);
  for (let i = 0; i < 40; i++) irc.msg("#c", "there is room for what the program says itself");
  clock.advance(20);
  irc.connectionLost(new Failure(new ConnectionLost()));
  const { feed: other, sent: none } = client();
  none();
  other(
    "PRIVMSG me :\x01PING 1\x01",
    "::x PRIVMSG me :\x01PING 1\x01",
    ":a!b@c PRIVMSG me :\x01PING a\rb\0c\x01",
  );
  assertEquals(none(), ["NOTICE a :\x01PING abc\x01"]);
});

Deno.test("IRCClient says nothing, and keeps no timer, after the connection is lost", () => {
  const { irc, sent, clock } = client({ nickname: "me", lineRateSeconds: 2, burst: 1 });
  sent();
  irc.msg("#c", "one");
  irc.msg("#c", "two");
  irc.connectionLost(new Failure(new ConnectionLost()));
  for (let i = 0; i < 3; i++) irc.msg("#c", "a program's own timer does not know");
  assertEquals(clock.getDelayedCalls(), []);
  clock.advance(100);
  assertEquals(sent(), ["PRIVMSG #c one"]);
});

Deno.test("IRCClient that is to log in goes if it is let in without", () => {
  const sasl = { username: "u", password: "p" };
  const { feed, events, transport } = client({ nickname: "me", sasl, lineRateSeconds: 0 });
  feed(":s 421 me CAP :Unknown command", ":s 001 me :Welcome");
  assertEquals(events.at(-1), ["saslFailed", "The server let us in without a login"]);
  assert(transport.disconnecting && !events.some(([name]) => name === "signedOn"));
  const plain = client();
  plain.feed(":s CAP me NAK :x", ":s 904 me :no", "AUTHENTICATE +");
  assertEquals(plain.events.map(([name, , command]) => [name, command]), [
    ["irc_unknown", "CAP"],
    ["irc_unknown", "904"],
    ["irc_unknown", "AUTHENTICATE"],
  ]);
  assert(!plain.transport.disconnecting);
});
