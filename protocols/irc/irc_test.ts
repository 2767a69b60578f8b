import { Failure } from "@ropewalk/deferred";
import { ConnectionLost, IPv4Address } from "@ropewalk/reactor/core";
import { Clock, everySplit, StringTransport } from "@ropewalk/testing";
import { chunked } from "@ropewalk/testing/arbitraries";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { encodeUtf8 } from "../bytes.ts";
import { IRCClient, type IRCClientOptions } from "./client.ts";
import { extractCTCP, formatCTCP } from "./ctcp.ts";
import { formatMessage, IRCBadMessage, nickOf, parseMessage, splitText } from "./message.ts";
import { IRC, IRCNetwork } from "./server.ts";
import { parseModes, ServerSupportedFeatures } from "./supported.ts";

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

function client(options: IRCClientOptions = { nickname: "me", lineRateSeconds: 0 }) {
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

Deno.test("parseMessage and formatMessage are each other's reverse", () => {
  const cases: [string, string, string, string[]][] = [
    [":n!u@h PRIVMSG #c :hello there", "n!u@h", "PRIVMSG", ["#c", "hello there"]],
    ["PING :", "", "PING", [""]],
    ["JOIN #a", "", "JOIN", ["#a"]],
    [":s 001 me ::)", "s", "001", ["me", ":)"]],
  ];
  for (const [line, prefix, command, params] of cases) {
    assertEquals(parseMessage(line), { prefix, command, params });
    assertEquals(formatMessage(command, params, prefix), line);
  }
  assertEquals(parseMessage("@time=12;x=y :s  cmd  a   b :c  d"), {
    prefix: "s",
    command: "CMD",
    params: ["a", "b", "c  d"],
  });
  for (const line of ["", " ", ":only", "@tags"]) assertEquals(parseMessage(line), null);
  for (const params of [["a\r\nQUIT"], ["a b", "c"], ["", "c"], [":x", "c"]]) {
    assertThrows(() => formatMessage("X", params), IRCBadMessage);
  }
  assertEquals([nickOf("n!u@h"), nickOf("server"), nickOf("n@h")], ["n", "server", "n"]);
});

Deno.test("splitText cuts at lines, words and characters, by bytes", () => {
  assertEquals(splitText("a\r\nb\n\nc", 10), ["a", "b", "c"]);
  assertEquals(splitText("hello big world", 9), ["hello big", "world"]);
  assertEquals(splitText("żżżżż", 5), ["żż", "żż", "ż"]);
  assertEquals(splitText("🐌🐌", 6), ["🐌", "🐌"]);
  assertThrows(() => splitText("x", 3), RangeError);
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 4, max: 20 }), (text, max) => {
    const pieces = splitText(text, max);
    for (const piece of pieces) assert(encodeUtf8(piece).length <= max && piece !== "");
    const bare = (value: string) => value.toWellFormed().replace(/[\s\0]/g, "");
    assertEquals(bare(pieces.join("")), bare(text));
  }));
});

Deno.test("CTCP requests are taken out of a text", () => {
  assertEquals(extractCTCP("a\x01ACTION waves\x01b\x01version\x01\x01\x01"), {
    messages: [{ tag: "ACTION", data: "waves" }, { tag: "VERSION", data: null }],
    rest: "ab",
  });
  assertEquals(formatCTCP({ tag: "PING", data: "1\x012" }), "\x01PING 12\x01");
});

Deno.test("ServerSupportedFeatures knows what the server said", () => {
  const supported = new ServerSupportedFeatures();
  assertEquals(supported.getFeature("NICKLEN"), "9");
  supported.parse([
    "NICKLEN=30",
    "PREFIX=(ov)@+",
    "CHANMODES=beI,k,l,imn",
    "EXCEPTS",
    "-CHANNELLEN",
    "NAME=a\\x20b",
    "=",
  ]);
  assertEquals(supported.getFeature("NAME"), "a b");
  assert(supported.hasFeature("EXCEPTS") && !supported.hasFeature("CHANNELLEN"));
  assertEquals([...supported.prefixes], [["o", "@"], ["v", "+"]]);
  assertEquals(supported.channelModes, { addressModes: "beI", param: "k", setParam: "l", noParam: "imn" });
  assert(supported.isChannel("#a") && !supported.isChannel("a") && !supported.isChannel(""));
  assertEquals(
    parseModes("+o-v+l", ["bob", "eve", "5"], () => true).map(({ set, mode, param }) => [set, mode, param]),
    [
      [true, "o", "bob"],
      [false, "v", "eve"],
      [true, "l", "5"],
    ],
  );
});

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

Deno.test("IRCClient and IRC take any bytes", () => {
  fc.assert(fc.property(chunked(), ({ chunks }) => {
    const { irc } = client();
    const server = new IRC(new IRCNetwork());
    server.makeConnection(new StringTransport());
    for (const chunk of chunks) {
      irc.dataReceived(chunk);
      server.dataReceived(chunk);
    }
  }));
});

function users(network: IRCNetwork, ...nicks: string[]) {
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

Deno.test("IRC lets users in, and tells them apart", () => {
  const network = new IRCNetwork({ motd: ["be nice"] });
  const [a] = users(network, "ann");
  assertEquals(a!.welcome.map((line) => line.split(" ")[1]), [
    "001",
    "002",
    "004",
    "005",
    "375",
    "372",
    "376",
  ]);
  const [b] = users(network, "ANN");
  assertEquals(b!.welcome, [":irc.local 433 * ANN :Nickname is already in use"]);
  assertEquals(b!.say("JOIN #a"), [":irc.local 451 * :You have not registered"]);
  assertEquals(b!.say("NICK 1bad", "NICK"), [
    ":irc.local 432 * 1bad :Erroneous nickname",
    ":irc.local 431 * :No nickname given",
  ]);
  assert(b!.say("NICK bob")[0]!.includes("001"));
  assertEquals(b!.say("PING x", "NOPE", "USER a b c d"), [
    ":irc.local PONG irc.local x",
    ":irc.local 421 bob NOPE :Unknown command",
    ":irc.local 462 bob :You may not reregister",
  ]);
  const locked = new IRCNetwork({ password: "pw" });
  const [c] = users(locked, "eve");
  assert(c!.transport.disconnecting);
});

Deno.test("IRC carries what is said in channels and between users", () => {
  const network = new IRCNetwork();
  const [a, b, c] = users(network, "ann", "bob", "eve");
  assertEquals(a!.say("JOIN #c"), [
    ":ann!ann@1.2.3.4 JOIN #c",
    ":irc.local 353 ann = #c @ann",
    ":irc.local 366 ann #c :End of NAMES list",
  ]);
  a!.say("TOPIC #c :all things");
  assertEquals(b!.say("JOIN #C,bad").slice(0, 3), [
    ":bob!bob@1.2.3.4 JOIN #c",
    ":irc.local 332 bob #c :all things",
    ":irc.local 353 bob = #c :@ann bob",
  ]);
  assertEquals(a!.heard().at(-1), ":bob!bob@1.2.3.4 JOIN #c");
  b!.say("PRIVMSG #c :hello all", "NOTICE ann :psst", "PRIVMSG ann :\x01ACTION waves\x01");
  assertEquals(a!.heard(), [
    ":bob!bob@1.2.3.4 PRIVMSG #c :hello all",
    ":bob!bob@1.2.3.4 NOTICE ann psst",
    ":bob!bob@1.2.3.4 PRIVMSG ann :\x01ACTION waves\x01",
  ]);
  assertEquals(c!.say("PRIVMSG #c :let me in", "PRIVMSG nobody hi", "PRIVMSG #c", "TOPIC #c"), [
    ":irc.local 404 eve #c :Cannot send to channel",
    ":irc.local 401 eve nobody :No such nick/channel",
    ":irc.local 412 eve :No text to send",
    ":irc.local 442 eve #c :You're not on that channel",
  ]);
  assertEquals(b!.say("MODE #c +o bob", "KICK #c ann"), [
    ":irc.local 482 bob #c :You're not channel operator",
    ":irc.local 482 bob #c :You're not channel operator",
  ]);
  a!.say("MODE #c +o bob", "NICK anna");
  assertEquals(b!.heard(), [":ann!ann@1.2.3.4 MODE #c +o bob", ":ann!ann@1.2.3.4 NICK anna"]);
  assertEquals(b!.say("WHOIS anna")[0], ":irc.local 311 bob anna ann 1.2.3.4 * :Real ann");
  assertEquals(b!.say("LIST")[0], ":irc.local 322 bob #c 2 :all things");
  assertEquals(b!.say("WHO #c")[0], ":irc.local 352 bob #c ann 1.2.3.4 irc.local anna H :0 Real ann");
  b!.say("KICK #c anna :out");
  assertEquals(a!.heard(), [":bob!bob@1.2.3.4 KICK #c anna out"]);
  a!.say("JOIN #c");
  b!.say("PART #c :so long");
  assertEquals(a!.heard(), [":bob!bob@1.2.3.4 PART #c :so long"]);
  b!.say("JOIN #c");
  a!.irc.connectionLost(new Failure(new ConnectionLost("reset")));
  assertEquals(b!.heard().at(-1), ":anna!ann@1.2.3.4 QUIT reset");
  assertEquals(b!.say("QUIT :bye"), ["ERROR :Closing Link: bye"]);
  assert(b!.transport.disconnecting);
  b!.irc.connectionLost(new Failure(new ConnectionLost()));
});

Deno.test("IRC bounds lines and channels", () => {
  const network = new IRCNetwork({ maxChannels: 2 });
  const [a] = users(network, "ann");
  a!.say("JOIN #a,#b");
  assertEquals(a!.say("JOIN #c"), [":irc.local 405 ann #c :You have joined too many channels"]);
  a!.say(`PRIVMSG #a :${"x".repeat(600)}`);
  assert(a!.transport.disconnecting);
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
