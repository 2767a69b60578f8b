import { Anonymous, UnauthorizedLogin, UsernamePassword } from "@ropewalk/cred";
import { PBClientFactory, PBConnectionLost, RemoteError } from "@ropewalk/spread";
import { IPv4Address } from "@ropewalk/reactor/core";
import {
  Clock,
  connectedServerAndClient,
  failureResultOf,
  flushLoggedErrors,
  successResultOf,
} from "@ropewalk/testing";
import { connectedRoot } from "@ropewalk/testing/spread";
import { assertEquals } from "@std/assert";
import { asMember, FORMS, lookUp, main as clientMain } from "./keyvalue_pb_client.ts";
import {
  KeyValue,
  main as serverMain,
  type Member,
  membersFactory,
  Shelf,
  Shelves,
} from "./keyvalue_pb_server.ts";

const address = new IPv4Address("TCP", "127.0.0.1", 1);

/** Somebody who connects to the door for users. */
function visit(shelves: Shelves, credentials: Anonymous | UsernamePassword) {
  const factory = new PBClientFactory();
  const { pump, client } = connectedServerAndClient(
    membersFactory(shelves, { alice: "a", bob: "b" }).buildProtocol(address),
    factory.buildProtocol(address),
  );
  const login = factory.login<Member>(credentials);
  pump.flush();
  return { login, pump, client };
}

const SAID: Record<keyof typeof FORMS, string[]> = {
  root: ["(no color)", "red", "(no color)"],
  copy: ["a copy stays as it was: color is red"],
  mirror: ['the mirror shows {"shape":"round"}'],
  watch: ["size is small now", "size is gone"],
};
for (const [form, said] of Object.entries(SAID)) {
  Deno.test(`the store in the form "${form}"`, () => {
    const shelf = new Shelf();
    const { reference, pump } = connectedRoot(new KeyValue(shelf));
    const heard: string[] = [];
    const done = FORMS[form as keyof typeof FORMS](reference, (text) => heard.push(text));
    pump.flush();
    successResultOf(done);
    assertEquals(heard, said);
    reference.broker.transport.loseConnection();
    pump.flush();
    assertEquals(shelf.listeners.size, 0); // who hung up watches no longer
  });
}

Deno.test("who logs in has a shelf of their own, until they leave", () => {
  const shelves = new Shelves(new Shelf());
  for (const [name, first] of [["alice", "(no color)"], ["bob", "(no color)"], ["alice", "green"]]) {
    const { login, pump, client } = visit(shelves, new UsernamePassword(name!, name![0]!));
    const heard: string[] = [];
    const done = asMember(successResultOf(login), (text) => heard.push(text));
    pump.flush();
    successResultOf(done);
    assertEquals([heard, shelves.present.size], [[first, "green"], 1]);
    client.transport.loseConnection();
    pump.flush();
    assertEquals(shelves.present.size, 0);
  }
});

Deno.test("a guest reads the common shelf and may not write; a wrong password does not come in", () => {
  const shelves = new Shelves(new Shelf());
  shelves.common.set("color", "red");
  const { login, pump } = visit(shelves, new Anonymous());
  const heard: string[] = [];
  const done = asMember(successResultOf(login), (text) => heard.push(text));
  pump.flush();
  assertEquals(failureResultOf(done, RemoteError).type, "builtins.PermissionError");
  assertEquals(heard, ["red"]);
  failureResultOf(visit(shelves, new UsernamePassword("alice", "x")).login, UnauthorizedLogin);
  assertEquals(flushLoggedErrors(UnauthorizedLogin).length, 1);
});

Deno.test("what fails otherwise than by a missing key is no missing key: a hang-up, a server that is silent", () => {
  const { reference, pump } = connectedRoot(new KeyValue(new Shelf()));
  const clock = new Clock();
  const late = lookUp(reference, "color").addTimeout(3, clock);
  clock.advance(3);
  failureResultOf(late, "TimeoutError");
  pump.flush();
  const lost = lookUp(reference, "color");
  reference.broker.transport.abortConnection();
  pump.flush();
  failureResultOf(lost, PBConnectionLost);
});

Deno.test("the programs tell their options", async () => {
  for (const main of [serverMain, clientMain]) {
    const said: string[] = [];
    assertEquals(await main(["--help"], (text) => said.push(text)), 0);
    assertEquals(await main(["--port", "x"], (text) => said.push(text)), 2);
    assertEquals(said.map((text) => text.includes("--help ")), [true, true]);
  }
  assertEquals(await clientMain(["--form", "cube"], () => {}), 2);
});
