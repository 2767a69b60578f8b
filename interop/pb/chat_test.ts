/** The chat room with two clients, ours and Twisted's: who said what, groups, and leaving by hanging up. */
import { setErrorReporter } from "@ropewalk/deferred";
import { reactor } from "@ropewalk/reactor";
import { UsernamePassword } from "@ropewalk/cred";
import { PBClientFactory } from "@ropewalk/spread";
import type { IPv4Address } from "@ropewalk/reactor/core";
import { assertEquals } from "@std/assert";
import { Ears } from "../../examples/pb/chat_client.ts";
import { chatFactory, Room, type User } from "../../examples/pb/chat_server.ts";

const CLIENT = new URL("./chat_client.py", import.meta.url).pathname;

const moment = () => new Promise<void>((resolve) => reactor.callLater(0.01, resolve));

Deno.test("two clients of the chat room, one of them Twisted's, hear who said what", async () => {
  const previous = setErrorReporter(() => {}); // a wrong password is tried
  const room = new Room();
  const port = reactor.listenTCP(0, chatFactory(room, { alice: "wonderland", bob: "builder" }), {
    hostname: "127.0.0.1",
  });
  await port.ready;
  const number = (port.getHost() as IPv4Address).port;
  const heard: string[] = [];
  const factory = new PBClientFactory();
  reactor.connectTCP("127.0.0.1", number, factory);
  const alice = await factory.login<User>(
    new UsernamePassword("alice", "wonderland"),
    new Ears((line) => heard.push(line)),
  );
  const lobby = await alice.callRemote("join", "lobby");
  const running = new Deno.Command("/usr/bin/python3", { args: [CLIENT, `${number}`], stderr: "null" })
    .output();
  while (heard.length === 0) await moment();
  assertEquals(heard, ["[lobby] bob: hello from Twisted"]);
  assertEquals(await lobby.callRemote("who"), ["alice", "bob"]);
  assertEquals(await lobby.callRemote("say", "hello from Ropewalk"), 1);
  assertEquals(await lobby.callRemote("say", "bye"), 1);
  const { stdout } = await running;
  assertEquals(new TextDecoder().decode(stdout).trim().split("\n").sort(), [
    "groups attic lobby",
    "heard lobby alice bye",
    "heard lobby alice hello from Ropewalk",
    "refused chat.ChatError bob is not in attic",
    "refused twisted.cred.error.UnauthorizedLogin ''",
    "said 1",
    "who alice bob",
  ]);
  while (room.group("lobby").members.size > 1) await moment();
  assertEquals(await lobby.callRemote("who"), ["alice"]);
  factory.disconnect();
  await port.stopListening();
  while (reactor.stats().connections > 0) await moment();
  setErrorReporter(previous);
});
