import { Deferred, Failure } from "@ropewalk/deferred";
import { ConnectionLost } from "@ropewalk/reactor/core";
import { failureResultOf, StringTransport, successResultOf } from "@ropewalk/testing";
import { assertEquals, assertThrows } from "@std/assert";
import { AMP, Integer, methodCommand, tableLocator } from "./amp/mod.ts";
import { BadArgumentsError, MethodTable, NoSuchMethodError } from "./method_table.ts";

const types = { arguments: { a: new Integer(), b: new Integer() }, result: new Integer() };

const table = () => new MethodTable().add("subtract", (a: number, b: number) => a - b, { types });

Deno.test("MethodTable calls in order and by name, and nothing that was not added", () => {
  class Speaker {
    word = "hi";
    rpc_say(name: string) {
      return `${this.word} ${name}`;
    }
    rpc_() {}
    secret() {}
  }
  class Louder extends Speaker {
    override rpc_say(name: string) {
      return super.rpc_say(name).toUpperCase();
    }
    rpc_shout = 5;
  }
  const methods = new MethodTable().addMethods(new Louder(), "rpc_");
  assertEquals([...methods].map(({ name }) => name), ["say"]);
  assertEquals(methods.call("say", ["bob"]), "HI BOB");
  assertThrows(() => methods.call("secret"), NoSuchMethodError);
  assertThrows(() => methods.call("toString"), NoSuchMethodError);
  assertThrows(() => methods.call("say", { name: "x" }), BadArgumentsError);
  const root = table().exposeOn({}, "remote_") as { remote_subtract(a: number, b: number): number };
  assertEquals(root.remote_subtract(3, 1), 2);
});

Deno.test("MethodTable is served by AMP, where its methods have types", async () => {
  const amp = new AMP({
    locator: tableLocator(
      table().add("double", (n: number) => Promise.resolve(n * 2), {
        types: { arguments: { n: new Integer() }, result: new Integer() },
      }).add("slow", () => new Deferred<number>(), { types: { arguments: {}, result: new Integer() } }),
    ),
  });
  const [a, b] = [new StringTransport(), new StringTransport()];
  const client = new AMP();
  amp.makeConnection(a);
  client.makeConnection(b);
  const sum = client.callRemote(methodCommand("subtract", types), { a: 5, b: 3 });
  const double = client.callRemote(
    methodCommand("double", { arguments: { n: new Integer() }, result: new Integer() }),
    { n: 4 },
  );
  const slow = client.callRemote(methodCommand("slow", { arguments: {}, result: new Integer() }));
  amp.dataReceived(b.value());
  await Promise.resolve();
  await Promise.resolve();
  await Promise.resolve();
  client.dataReceived(a.value());
  assertEquals(successResultOf(sum).result, 2);
  assertEquals(successResultOf(double).result, 8);
  client.connectionLost(new Failure(new ConnectionLost()));
  failureResultOf(slow, ConnectionLost);
});
