import { Failure } from "@ropewalk/deferred";
import { ConnectionLost, type PushProducer } from "@ropewalk/reactor/core";
import { Clock, StringTransport } from "@ropewalk/testing";
import { chunked } from "@ropewalk/testing/arbitraries";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { encodeUtf8 } from "../bytes.ts";
import { users } from "./_helpers_test.ts";
import { IRCNetwork } from "./network.ts";
import { IRC } from "./server.ts";

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

Deno.test("IRC takes any bytes", () => {
  fc.assert(fc.property(chunked(), ({ chunks }) => {
    const server = new IRC(new IRCNetwork());
    server.makeConnection(new StringTransport());
    for (const chunk of chunks) server.dataReceived(chunk);
  }));
});

Deno.test("IRC takes any commands with any parameters, and passes on lines that are lines", () => {
  const command = fc.constantFrom(
    ...[
      "NICK",
      "USER",
      "PASS",
      "PING",
      "JOIN",
      "PART",
      "PRIVMSG",
      "NOTICE",
      "TOPIC",
      "NAMES",
      "LIST",
      "WHO",
      "WHOIS",
    ],
    ...["MODE", "KICK", "AWAY", "CAP", "NOPE", ":"],
  );
  const param = fc.constantFrom(
    "ann",
    "bob",
    "#c",
    "#C",
    "",
    ":",
    "::x",
    ": a b",
    ":#c d",
    "+o",
    ":-o x",
    "a,b",
    "\0",
    "\r",
    "ż",
  );
  const line = fc.tuple(command, fc.array(param, { maxLength: 4 })).map(([word, params]) =>
    [word, ...params].join(" ")
  );
  fc.assert(fc.property(fc.array(fc.tuple(fc.boolean(), line), { maxLength: 30 }), (lines) => {
    const [ann, bob] = users(new IRCNetwork(), "ann", "bob");
    for (const each of [ann!, bob!]) each.say("JOIN #c");
    for (const [first, text] of lines) {
      (first ? ann! : bob!).irc.dataReceived(encodeUtf8(text + "\r\n"));
    }
    for (const { transport } of [ann!, bob!]) {
      assert(!transport.disconnecting);
      assert(/^([^\r\n\0]+\r\n)*$/.test(transport.text()));
    }
  }));
});

Deno.test("IRC sends no line of more than 512 bytes, and cuts no character", () => {
  const [a, b] = users(new IRCNetwork(), "ann", "bob");
  a!.say(`PRIVMSG bob :${"x".repeat(15)}${"ż".repeat(240)}`);
  const [line] = b!.heard();
  assert(line!.startsWith(":ann!ann@1.2.3.4 PRIVMSG bob ") && line!.endsWith("ż"));
  assertEquals([510, 509].includes(encodeUtf8(line!).length), true);
});

Deno.test("IRC lets nobody hear who has not been let in", () => {
  const network = new IRCNetwork({ password: "pw" });
  const member = (nick: string, ...lines: string[]) => {
    const transport = new StringTransport();
    const irc = new IRC(network);
    irc.makeConnection(transport);
    const say = (...more: string[]) => {
      transport.clear();
      irc.dataReceived(encodeUtf8(more.map((each) => each + "\r\n").join("")));
      return transport.text();
    };
    say(...lines, `NICK ${nick}`);
    return { say, transport };
  };
  const ann = member("ann", "PASS pw", "USER ann 0 * ann");
  const eve = member("bob"); // no password
  assert(ann.say("PRIVMSG bob :a secret").includes(" 401 ann bob "));
  assert(ann.say("WHOIS bob").includes(" 401 "));
  assertEquals(eve.transport.text(), "");
});

Deno.test("IRC cuts off a user who reads nothing, and nobody else", () => {
  const [a, b] = users(new IRCNetwork({ maxUnreadBytes: 2000 }), "ann", "bob");
  const { transport } = b!;
  let unread = false;
  const register = transport.registerProducer.bind(transport);
  transport.registerProducer = (producer, streaming) => {
    register(producer, streaming);
    if (unread) (producer as PushProducer).pauseProducing();
  };
  const text = "x".repeat(400);
  for (let i = 0; i < 10; i++) a!.say(`PRIVMSG bob ${text}`);
  assertEquals([transport.producer, transport.aborting], [null, false]); // bob reads
  unread = true;
  for (let i = 0; i < 4; i++) a!.say(`PRIVMSG bob ${text}`);
  assert(!transport.aborting);
  unread = false;
  (transport.producer as PushProducer).resumeProducing(); // and has caught up
  assertEquals(transport.producer, null);
  unread = true;
  for (let i = 0; i < 5; i++) a!.say(`PRIVMSG bob ${text}`);
  assert(transport.aborting && !a!.transport.disconnecting);
});

Deno.test("IRC gives a nick back that its user has lost while taking another", () => {
  const network = new IRCNetwork({ maxUnreadBytes: 100 });
  const [a, b] = users(network, "ann", "bob");
  for (const each of [a!, b!]) each.say("JOIN #c");
  const { irc, transport } = a!;
  transport.registerProducer = (producer) => (producer as PushProducer).pauseProducing();
  transport.abortConnection = () => irc.connectionLost(new Failure(new ConnectionLost())); // at once
  a!.say(`PING ${"x".repeat(60)}`, "NICK other");
  assertEquals([...network._users.keys()], ["bob"]);
  assertEquals([...network._channels.get("#c")!.members.keys()].map(({ nickname }) => nickname), ["bob"]);
});

Deno.test("IRC waits only so long for a user to come in", () => {
  const network = new IRCNetwork({ registrationSeconds: 60 });
  const clock = new Clock();
  const connect = () => {
    const transport = new StringTransport({ reactor: clock });
    const irc = new IRC(network);
    irc.makeConnection(transport);
    return { irc, transport, say: (line: string) => irc.dataReceived(encodeUtf8(`${line}\r\n`)) };
  };
  const [silent, squatter, user, gone] = [connect(), connect(), connect(), connect()];
  squatter.say("NICK ann");
  user.say("NICK bob");
  user.say("USER bob 0 * bob");
  gone.irc.connectionLost(new Failure(new ConnectionLost()));
  clock.advance(59);
  assert(!silent.transport.disconnecting && !squatter.transport.disconnecting);
  clock.advance(1);
  assertEquals([silent, squatter, user].map(({ transport }) => transport.aborting), [true, true, false]);
  assertEquals(clock.getDelayedCalls(), []);
});

Deno.test("IRC forgets a user whom it sends away, and cuts off one that does not read that", () => {
  for (const [line, words] of [["QUIT :bye", "bye"], [`PRIVMSG bob :${"x".repeat(600)}`, "Line too long"]]) {
    const network = new IRCNetwork();
    const clock = new Clock();
    const transport = new StringTransport({ reactor: clock }); // which has something to send, and never ends
    const ann = new IRC(network);
    ann.makeConnection(transport);
    const say = (text: string) => ann.dataReceived(encodeUtf8(`${text}\r\n`));
    for (const text of ["NICK ann", "USER ann 0 * ann", "JOIN #c"]) say(text);
    const [bob] = users(network, "bob");
    bob!.say("JOIN #c");
    transport.clear();
    say(line!);
    assertEquals(transport.text(), `ERROR :Closing Link: ${words}\r\n`);
    assertEquals(bob!.heard().at(-1)?.split(" ").slice(1).join(" ").replace(":", ""), `QUIT ${words}`);
    assertEquals([...network._users.keys()], ["bob"]);
    transport.clear();
    bob!.say("PRIVMSG #c :is anybody here?", "PRIVMSG ann :you?");
    ann.sendLine("anything");
    assertEquals([transport.text(), transport.late.length], ["", 0]);
    clock.advance(9);
    assert(transport.disconnecting && !transport.aborting);
    clock.advance(1);
    assert(transport.aborting);
    ann.connectionLost(new Failure(new ConnectionLost()));
    assertEquals(clock.getDelayedCalls(), []);
  }
});

Deno.test("IRC cuts a long list short rather than the user who asked for it", () => {
  const network = new IRCNetwork({ maxUnreadBytes: 2400, maxChannels: 200 });
  const nicks = Array.from({ length: 60 }, (_, i) => `somebody${i}`);
  const [ann, ...others] = users(network, "ann", ...nicks);
  others[0]!.say(`JOIN ${Array.from({ length: 20 }, (_, i) => `#channel${i}`).join(",")}`);
  others[0]!.say(`JOIN ${Array.from({ length: 20 }, (_, i) => `#more${i}`).join(",")}`);
  for (const each of others) each.say("JOIN #crowd");
  const { transport } = ann!;
  const register = transport.registerProducer.bind(transport);
  transport.registerProducer = (producer, streaming) => {
    register(producer, streaming);
    (producer as PushProducer).pauseProducing(); // all of it is written at once
  };
  for (const [command, end] of [["LIST", "323"], ["WHO #crowd", "315"]]) {
    const lines = ann!.say(command!);
    assertEquals(lines.at(-2)?.split(" ").slice(1, 4), ["416", "ann", command!.split(" ")[0]!]);
    assertEquals(lines.at(-1)?.split(" ")[1], end);
    assert(lines.length > 10 && !transport.aborting);
    (transport.producer as PushProducer).resumeProducing(); // and read at once
  }
  ann!.say("PING x", "PING y");
  assert(!transport.aborting);
});
