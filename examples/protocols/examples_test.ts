import { Failure } from "@ropewalk/deferred";
import {
  Clock,
  connectedServerAndClient,
  failureResultOf,
  StringTransport,
  successResultOf,
} from "@ropewalk/testing";
import { assert, assertEquals } from "@std/assert";
import type { JSONRPCLines } from "@ropewalk/protocols/jsonrpc";
import { ConnectionLost, IPv4Address } from "@ropewalk/reactor/core";
import { KeyValueStore } from "../keyvalue/store.ts";
import { StoreBotFactory } from "./irc_bot.ts";
import { Shout, ShoutClient } from "./shout_protobuf.ts";
import { doors, speakerMethods } from "./speaker.ts";

Deno.test("the speaker's table is the same behind every door", () => {
  const methods = speakerMethods();
  const all = doors(methods);
  assertEquals(Object.keys(all).length, 5);
  const lines = all["JSON-RPC over lines"]!.buildProtocol(
    new IPv4Address("TCP", "1.1.1.1", 1),
  ) as JSONRPCLines;
  const transport = new StringTransport();
  lines.makeConnection(transport);
  lines.dataReceived(new TextEncoder().encode('{"jsonrpc":"2.0","id":1,"method":"speak","params":["hi"]}\n'));
  assertEquals(transport.text(), '{"jsonrpc":"2.0","id":1,"result":"HI!"}\n');
  assertEquals(methods.call("spoken"), 1);
});

Deno.test("the bot serves the store to a channel and in private", () => {
  const clock = new Clock();
  const factory = new StoreBotFactory(new KeyValueStore(clock), "#c", clock);
  const bot = factory.buildProtocol();
  const transport = new StringTransport({ reactor: clock });
  bot.makeConnection(transport);
  const heard = (...lines: string[]) => {
    transport.clear();
    bot.dataReceived(new TextEncoder().encode(lines.map((line) => line + "\r\n").join("")));
    clock.advance(10);
    return transport.text().split("\r\n").slice(0, -1);
  };
  assertEquals(heard(":s 001 storebot :Welcome"), ["JOIN #c"]);
  assertEquals(heard(":ann!a@h PRIVMSG #c :!set k some value", ":ann!a@h PRIVMSG #c :!get k"), [
    "PRIVMSG #c :ann: stored",
    "PRIVMSG #c :ann: k is some value",
  ]);
  assertEquals(
    heard(
      ":bob!b@h PRIVMSG storebot :!delete k",
      ":bob!b@h PRIVMSG storebot :!get k",
      ":bob!b@h PRIVMSG #c :hi",
    ),
    [
      "PRIVMSG bob deleted",
      "PRIVMSG bob :no such key: k",
    ],
  );
  assert(factory.continueTrying);
  transport.loseConnection();
});

Deno.test("the protobuf example answers in capitals, in order", () => {
  const { client, pump } = connectedServerAndClient(Shout, ShoutClient);
  const [one, two] = [client.shout("hello"), client.shout("żółw")];
  pump.flush();
  assertEquals([successResultOf(one), successResultOf(two)], ["HELLO", "ŻÓŁW"]);
});

Deno.test("the protobuf client fails what is unanswered when the server hangs up", () => {
  const client = new ShoutClient();
  const transport = new StringTransport();
  client.makeConnection(transport);
  const answer = client.shout("hello");
  client.connectionLost(new Failure(new ConnectionLost()));
  failureResultOf(answer, ConnectionLost);
});

Deno.test("the protobuf server hangs up on a message that is too long, unread", () => {
  const transport = new StringTransport();
  const shout = new Shout();
  shout.makeConnection(transport);
  shout.dataReceived(new Uint8Array([0xff, 0xff, 0xff, 0xff]));
  assert(transport.disconnecting);
  assertEquals(transport.text(), "");
});

Deno.test("the speaker says what it does not know, and does nothing for half a call", () => {
  const methods = speakerMethods();
  const lines = doors(methods)["JSON-RPC over lines"]!.buildProtocol(
    new IPv4Address("TCP", "1.1.1.1", 1),
  ) as JSONRPCLines;
  const transport = new StringTransport();
  lines.makeConnection(transport);
  lines.dataReceived(new TextEncoder().encode('{"jsonrpc":"2.0","id":1,"method":"shut_up"}\n'));
  assertEquals(JSON.parse(transport.text()).error.code, -32601);
  transport.clear();
  lines.dataReceived(new TextEncoder().encode('{"jsonrpc":"2.0","id":2,"method":"speak","params":["hi"]}'));
  lines.connectionLost(new Failure(new ConnectionLost()));
  assertEquals([transport.text(), methods.call("spoken")], ["", 0]);
});

Deno.test("the bot comes back when the server hangs up", () => {
  const clock = new Clock();
  const factory = new StoreBotFactory(new KeyValueStore(clock), "#c", clock);
  let connects = 0;
  const connector = { connect: () => connects++ } as unknown as Parameters<
    typeof factory.clientConnectionLost
  >[0];
  factory.clientConnectionLost(connector, new Failure(new ConnectionLost()));
  assertEquals(connects, 0);
  clock.advance(60);
  assertEquals(connects, 1);
});
