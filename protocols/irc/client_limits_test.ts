import type { PushProducer } from "@ropewalk/reactor/core";
import { flushLoggedErrors, StringTransport } from "@ropewalk/testing";
import { assert, assertEquals } from "@std/assert";
import { encodeUtf8 } from "../bytes.ts";
import { IRCClient } from "./client.ts";

import { client } from "./_helpers_test.ts";

Deno.test("IRCClient asks for only so many other nicks", () => {
  const { feed, sent, events, transport } = client();
  sent();
  const lines: string[] = [];
  for (let i = 0; i < 100; i++) {
    feed(`:s 433 * ${"x".repeat(9)} :in use`); // the server cuts them all to the same one
    lines.push(...sent());
  }
  assertEquals(lines.length, 20);
  assertEquals(lines.at(-1), `NICK me${"_".repeat(20)}`);
  assertEquals(events.length, 80);
  assertEquals(events[0]![0], "errorReceived");
  assert(!transport.disconnecting);
});

Deno.test("IRCClient says its password once, however often the server asks", () => {
  const { feed, sent } = client({ nickname: "me", sasl: { username: "u", password: "p" } });
  sent();
  for (let i = 0; i < 3; i++) feed(":s CAP * ACK :sasl");
  assertEquals(sent(), ["AUTHENTICATE PLAIN"]);
  for (let i = 0; i < 3; i++) feed("AUTHENTICATE +");
  assertEquals(sent().length, 1);
  for (let i = 0; i < 3; i++) feed(":s 903 me :in");
  assertEquals(sent(), ["CAP END"]);
  feed("AUTHENTICATE +", ":s CAP * ACK :sasl");
  assertEquals(sent(), []);
});

Deno.test("IRCClient survives strangers, however few lines may wait", () => {
  const { feed, transport } = client({ nickname: "me", maxQueuedLines: 3 });
  for (let i = 0; i < 20; i++) feed(":a!b@c PRIVMSG me :\x01PING 1\x01");
  assert(!transport.disconnecting);
});

Deno.test("IRCClient reports what the program's methods throw, and goes on, as Twisted's does", () => {
  class Parrot extends IRCClient {
    override privmsg(user: string, channel: string, message: string) {
      if (message === "wrong") throw new TypeError(`${user} in ${channel} said something wrong`);
      this.msg(channel, message);
    }
  }
  const parrot = new Parrot({ maxQueuedLines: 5 });
  const transport = new StringTransport();
  parrot.makeConnection(transport);
  const feed = (line: string) => parrot.dataReceived(encodeUtf8(`${line}\r\n`));
  for (let i = 0; i < 11; i++) feed(":a!b@c PRIVMSG #c :hello"); // 5 go out, 5 wait
  feed(":a!b@c PRIVMSG #c wrong");
  assertEquals(flushLoggedErrors(RangeError).length, 1);
  assertEquals(flushLoggedErrors(TypeError).length, 1);
  transport.clear();
  feed("PING x");
  assertEquals(transport.text(), "PONG x\r\n");
  parrot.connectionLost(null!);
});

Deno.test("IRCClient cuts off a server that pings and reads no answers", () => {
  const { transport, feed, sent } = client();
  sent();
  let reads = true;
  const register = transport.registerProducer.bind(transport);
  transport.registerProducer = (producer, streaming) => {
    register(producer, streaming);
    if (!reads) (producer as PushProducer).pauseProducing();
  };
  const ping = `PING :${"x".repeat(8000)}`;
  for (let i = 0; i < 100; i++) feed(ping);
  assertEquals([transport.producer, transport.aborting], [null, false]);
  reads = false;
  for (let i = 0; i < 30; i++) feed(ping);
  assert(!transport.aborting);
  (transport.producer as PushProducer).resumeProducing(); // it has caught up
  for (let i = 0; i < 30; i++) feed(ping);
  assert(!transport.aborting);
  for (let i = 0; i < 10; i++) feed(ping);
  assert(transport.aborting);
});

Deno.test("IRCClient goes if it may not log in, whatever the program's method does about that", () => {
  const { irc, feed, transport } = client({ nickname: "me", sasl: { username: "u", password: "p" } });
  irc.saslFailed = () => {
    throw new TypeError("no such window");
  };
  feed(":s 904 me :no");
  assert(transport.disconnecting);
  assertEquals(flushLoggedErrors(TypeError).length, 1);
});
