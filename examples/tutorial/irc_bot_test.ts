import { MemoryReactor } from "@ropewalk/testing";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { KeyValueStore } from "../keyvalue/store.ts";
import { TellingFactory } from "./irc_bot.ts";

function start() {
  const reactor = new MemoryReactor();
  const factory = new TellingFactory(new KeyValueStore(reactor, 900), "#rope", reactor);
  const said: string[] = [];
  factory.say = (text) => said.push(text);
  factory.jitter = 0;
  reactor.connectTCP("irc.example", 6667, factory);
  return { reactor, factory, said, connector: reactor.tcpClients[0]! };
}

Deno.test("signed on, it joins its channel and serves the store there", () => {
  const { reactor, factory, connector } = start();
  const connection = connector.succeed()!;
  connection.receive(":irc.example 001 storebot :welcome\r\n");
  reactor.advance(10);
  assertStringIncludes(connection.text(), "JOIN #rope\r\n");
  for (const command of ["!set color red", "!get color", "!get shape"]) {
    connection.receive(`:ann!a@host PRIVMSG #rope :${command}\r\n`);
    reactor.advance(10);
  }
  assertMatch(connection.text(), /ann: stored[^]*ann: color is red[^]*ann: no such key: shape/);
  factory.stopTrying();
});

Deno.test("while the server is away it waits longer and longer; once it is back, from the beginning", () => {
  const { reactor, factory, said, connector } = start();
  connector.fail();
  reactor.advance(2.7);
  assertEquals(connector.attempts, 1);
  reactor.advance(0.1);
  assertEquals(connector.attempts, 2);
  connector.fail();
  assertMatch(said.at(-1)!, /again in 7\.4 s$/);
  reactor.advance(7.4);
  const connection = connector.succeed()!;
  connection.receive(":irc.example 001 storebot :welcome\r\n");
  connection.peerCloses();
  assertMatch(said.at(-1)!, /again in 2\.7 s$/);
  factory.stopTrying();
  reactor.advance(100);
  assertEquals([connector.attempts, factory.continueTrying], [3, false]);
});
