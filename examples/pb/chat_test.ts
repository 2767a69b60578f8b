import { Anonymous, UnauthorizedLogin, UsernamePassword } from "@ropewalk/cred";
import { PBClientFactory, RemoteError, type RemoteReference } from "@ropewalk/spread";
import { IPv4Address } from "@ropewalk/reactor/core";
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  connectedServerAndClient,
  failureResultOf,
  flushLoggedErrors,
  successResultOf,
} from "@ropewalk/testing";
import { chat, Ears, main as clientMain, readChatLine } from "./chat_client.ts";
import { chatFactory, type Group, main as serverMain, Room, type User } from "./chat_server.ts";

const address = new IPv4Address("TCP", "127.0.0.1", 1);

/** Somebody in the room, with everything they heard. */
function enter(room: Room, name: string | null) {
  const factory = new PBClientFactory();
  const server = chatFactory(room, { alice: "a", bob: "b" }).buildProtocol(address);
  const { pump, client } = connectedServerAndClient(server, factory.buildProtocol(address));
  const heard: string[] = [];
  const credentials = name === null ? new Anonymous() : new UsernamePassword(name, name[0]!);
  const login = factory.login<User>(credentials, new Ears((line) => heard.push(line)));
  pump.flush();
  return { pump, client, heard, avatar: successResultOf(login) };
}

function join(one: ReturnType<typeof enter>, name: string): RemoteReference<Group> {
  const d = one.avatar.callRemote("join", name);
  one.pump.flush();
  return successResultOf(d);
}

Deno.test("what one member says, the others of the group hear, and who said it", () => {
  const room = new Room();
  const [alice, bob, guest] = [enter(room, "alice"), enter(room, "bob"), enter(room, null)];
  const lobby = join(alice!, "lobby");
  join(bob!, "lobby");
  join(guest!, "garden");
  const said = lobby.callRemote("say", "hello");
  for (const one of [alice, bob, guest]) one!.pump.flush();
  assertEquals(successResultOf(said), 1);
  assertEquals([alice!.heard, bob!.heard, guest!.heard], [[], ["[lobby] alice: hello"], []]);
});

Deno.test("who disconnects has left every group", () => {
  const room = new Room();
  const [alice, bob] = [enter(room, "alice"), enter(room, "bob")];
  const lobby = join(alice!, "lobby");
  join(bob!, "lobby");
  bob!.client.transport.loseConnection();
  bob!.pump.flush();
  const who = lobby.callRemote("who");
  alice!.pump.flush();
  assertEquals(successResultOf(who), ["alice"]);
});

Deno.test("a group does not take words from who has left it", () => {
  const alice = enter(new Room(), "alice");
  const lobby = join(alice, "lobby");
  lobby.callRemote("leave");
  const said = lobby.callRemote("say", "still here?");
  alice.pump.flush();
  const failure = failureResultOf(said, RemoteError);
  assertEquals([failure.type, failure.getErrorMessage()], ["chat.ChatError", "alice is not in lobby"]);
});

Deno.test("a wrong password does not come in", () => {
  const factory = new PBClientFactory();
  const server = chatFactory(new Room(), { alice: "a" }).buildProtocol(address);
  const { pump } = connectedServerAndClient(server, factory.buildProtocol(address));
  const login = factory.login(new UsernamePassword("alice", "b"));
  pump.flush();
  failureResultOf(login, RemoteError);
  assertEquals(flushLoggedErrors(UnauthorizedLogin).length, 1);
});

Deno.test("the room tells its groups, and who joins one twice is in it once", () => {
  const alice = enter(new Room(), "alice");
  join(alice, "lobby");
  const lobby = join(alice, "lobby");
  join(alice, "attic");
  const [groups, who] = [alice.avatar.callRemote("groups"), lobby.callRemote("who")];
  alice.pump.flush();
  assertEquals([successResultOf(groups), successResultOf(who)], [["attic", "lobby"], ["alice"]]);
});

Deno.test("guests have names of their own, and are told from each other", () => {
  const room = new Room();
  const [one, two] = [enter(room, null), enter(room, null)];
  join(one, "lobby");
  const lobby = join(two, "lobby");
  lobby.callRemote("say", "who am I?");
  for (const guest of [two, one]) guest.pump.flush();
  assertEquals(one.heard, ["[lobby] guest 2: who am I?"]);
});

Deno.test("the client logs in, joins, and says line after line", async () => {
  const room = new Room();
  const alice = enter(room, "alice");
  join(alice, "lobby");
  const factory = new PBClientFactory();
  const server = chatFactory(room, { bob: "b" }).buildProtocol(address);
  const { pump } = connectedServerAndClient(server, factory.buildProtocol(address));
  const counts = chat(factory, { name: "bob", password: "b" }, ["hello", "anybody?"], () => {});
  let done = false;
  counts.finally(() => done = true);
  while (!done) {
    pump.flush();
    await Promise.resolve();
  }
  alice.pump.flush();
  assertEquals(await counts, [1, 1]);
  assertEquals(alice.heard, ["[lobby] bob: hello", "[lobby] bob: anybody?"]);
});

Deno.test("options come before lines, and what nobody knows is told", async () => {
  const given = readChatLine(["--user", "bob", "--port=1", "hello", "--there"]);
  assert(given !== "help");
  assertEquals([given.options.user, given.options.port, given.lines], ["bob", 1, ["hello", "--there"]]);
  assertThrows(() => readChatLine(["--nonsense", "1"]), RangeError, "nonsense");
  for (const main of [serverMain, clientMain]) {
    const said: string[] = [];
    assertEquals(await main(["--help"], (text) => said.push(text)), 0);
    assertEquals(await main(["--port", "x"], (text) => said.push(text)), 2);
    assertEquals(said.map((text) => text.includes("--help ")), [true, true]);
  }
});
