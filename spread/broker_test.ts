/** Calls between two brokers that are joined in memory. */
import { Deferred, Failure } from "@ropewalk/deferred";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { assertNoResult, failureResultOf, flushLoggedErrors, successResultOf } from "@ropewalk/testing";
import {
  BananaError,
  DeadReferenceError,
  InsecureJelly,
  JellyError,
  NoSuchMethod,
  PBConnectionLost,
  PBError,
  RemoteError,
} from "./errors.ts";
import { join } from "./_support_test.ts";
import { Referenceable, Root } from "./referenceable.ts";
import type { RemoteReference } from "./remote_reference.ts";
import { Kwargs, kwargs } from "./values.ts";
import { setUnjellyableForClass } from "./security.ts";

class KeyError extends Error {
  static readonly wireName = "builtins.KeyError";
}
class Expected extends PBError {}

class Server extends Root {
  readonly slow = new Map<string, Deferred<string>>();
  readonly kept: unknown[] = [];
  secret(): string {
    return "not for you";
  }
  remote_echo(...args: unknown[]): unknown {
    return args.length === 1 ? args[0] : args;
  }
  remote_slow(name: string): Deferred<string> {
    const d = new Deferred<string>();
    this.slow.set(name, d);
    return d;
  }
  remote_promise(value: number): Promise<number> {
    return Promise.resolve(value * 2);
  }
  remote_key(): never {
    throw new KeyError("no such key");
  }
  remote_expected(): never {
    throw new Expected("as agreed");
  }
  remote_failure(): Failure {
    return new Failure(new Expected("in hand"));
  }
  remote_keep(thing: unknown): void {
    this.kept.push(thing);
  }
  remote_nothing(): undefined {
    return undefined;
  }
  remote_call(them: RemoteReference, value: unknown): unknown {
    return them.callRemote("callback", value);
  }
  remote_symbol(): unknown {
    return "x".repeat(700_000);
  }
}

class Caller extends Referenceable {
  remote_callback(value: unknown): string {
    return `got ${String(value)}`;
  }
}

Deno.test("a call gets its result, byte by byte as well", () => {
  for (const cut of ["whole", "bytes", { seed: 3 }] as const) {
    const { root, pump } = join(new Server(), { loopback: { cut } });
    const d = root.callRemote("echo", { a: [1, "two", null] });
    assertNoResult(d);
    pump.flush();
    assertEquals(successResultOf(d), { a: [1, "two", null] });
  }
});

Deno.test("answers come in any order", () => {
  const server = new Server();
  const { root, pump } = join(server);
  const a = root.callRemote("slow", "a");
  const b = root.callRemote("slow", "b");
  pump.flush();
  server.slow.get("b")!.callback("second");
  pump.flush();
  assertNoResult(a);
  assertEquals(successResultOf(b), "second");
  server.slow.get("a")!.callback("first");
  pump.flush();
  assertEquals(successResultOf(a), "first");
});

Deno.test("a promise is awaited, and undefined is sent as None", async () => {
  const { root, pump } = join(new Server());
  const d = root.callRemote("promise", 21);
  pump.flush();
  await Promise.resolve();
  await Promise.resolve();
  pump.flush();
  assertEquals(successResultOf(d), 42);
  const nothing = root.callRemote("nothing");
  pump.flush();
  assertEquals(successResultOf(nothing), null);
});

Deno.test("keyword arguments arrive as one last argument, only when there are any", () => {
  const { root, pump } = join(new Server());
  const d = root.callRemote("echo", 1, kwargs({ deflt: 2, ["__proto__"]: 3 }));
  const plain = root.callRemote("echo", 1);
  pump.flush();
  const [one, named] = successResultOf(d) as [number, Record<string, unknown>];
  assertEquals(one, 1);
  assertEquals(Object.keys(named), ["deflt", "__proto__"]);
  assertEquals(Object.getOwnPropertyDescriptor(named, "__proto__")?.value, 3);
  assertEquals(successResultOf(plain), 1);
});

Deno.test("keyword arguments that came are Kwargs at the method", () => {
  const server = new Server();
  const { root, pump } = join(server);
  root.callRemote("keep", kwargs({ x: 1 }));
  pump.flush();
  assert(Kwargs.is(server.kept[0]));
  assertEquals((server.kept[0] as Kwargs).x, 1);
});

Deno.test("an error is reported where it was thrown, and known by its name where it was called", () => {
  const { root, pump } = join(new Server());
  const d = root.callRemote("key");
  pump.flush();
  assertEquals(flushLoggedErrors(KeyError).length, 1);
  const failure = failureResultOf(d, RemoteError);
  assertEquals((failure.value as RemoteError).remoteType, "builtins.KeyError");
  assertEquals(failure.getErrorMessage(), "no such key");
  assertEquals(failure.check("builtins.LookupError"), "builtins.LookupError");
});

Deno.test("a PBError travels without being reported, thrown or in a Failure", () => {
  const { root, pump } = join(new Server());
  const thrown = root.callRemote("expected");
  const returned = root.callRemote("failure");
  pump.flush();
  assertEquals(flushLoggedErrors(), []);
  assertEquals((failureResultOf(thrown, RemoteError).value as RemoteError).remoteType, "Expected");
  const failure = failureResultOf(returned, RemoteError);
  assertEquals(failure.getErrorMessage(), "in hand");
  assert(failure.check("twisted.spread.pb.Error"));
});

Deno.test("a failure whose type has a local class of errors arrives as one", () => {
  class LocalError extends Error {}
  setUnjellyableForClass("test.Registered", LocalError);
  class Failing extends Root {
    remote_go(): never {
      throw Object.assign(
        new (class extends PBError {
          static override readonly wireName = "test.Registered";
        })("mine"),
      );
    }
  }
  const { root, pump } = join(new Failing());
  const d = root.callRemote("go");
  pump.flush();
  assertEquals(failureResultOf(d, LocalError).getErrorMessage(), "mine");
});

Deno.test("what has no remote_ prefix cannot be called", () => {
  const { root, pump } = join(new Server());
  for (
    const name of ["secret", "constructor", "remote_echo", "__proto__", "toString", "", "kept", "slow.set"]
  ) {
    const d = root.callRemote(name);
    pump.flush();
    const failure = failureResultOf(d, RemoteError);
    assertEquals(failure.type, "twisted.spread.flavors.NoSuchMethod");
    assertEquals(failure.getErrorMessage(), `No such method: remote_${name}`);
    assert(failure.check("builtins.AttributeError"));
  }
  assertEquals(flushLoggedErrors(NoSuchMethod).length, 8);
});

Deno.test("a call to an object that is not there fails at the caller alone", () => {
  const { client, pump } = join(new Server());
  const d = client.remoteForName("nobody").callRemote("x");
  pump.flush();
  assertEquals((failureResultOf(d, RemoteError).value as RemoteError).remoteType, "builtins.Exception");
});

Deno.test("the peer can call an object that was sent to it, and give it back", () => {
  const { root, pump } = join(new Server());
  const caller = new Caller();
  const d = root.callRemote("call", caller, 7);
  const home = root.callRemote("echo", caller);
  pump.flush();
  assertEquals(successResultOf(d), "got 7");
  assertEquals(successResultOf(home), caller);
});

Deno.test("an object that is received twice is one reference, which owes two receipts", () => {
  const server = new Server();
  const { root, pump, client } = join(server);
  const caller = new Caller();
  root.callRemote("keep", caller);
  root.callRemote("keep", [caller, caller]);
  pump.flush();
  const [one, [two, three]] = server.kept as [RemoteReference, [RemoteReference, RemoteReference]];
  assert(one === two && two === three);
  assertEquals(client.references, 1);
  one[Symbol.dispose]();
  one[Symbol.dispose]();
  pump.flush();
  assertEquals(client.references, 0);
  assertThrows(() => one.callRemote("callback", 1), DeadReferenceError);
  root.callRemote("keep", caller);
  pump.flush();
  assertEquals(client.references, 1);
  assert(server.kept[2] !== one);
});

Deno.test("a surplus decref costs the connection", () => {
  const { client, server, pump } = join(new Server());
  client.pay("decref", 99, 1);
  pump.flush();
  assert(server.disconnected);
});

Deno.test("what cannot be sent fails at the caller, and the connection stays", () => {
  const { root, pump, client } = join(new Server());
  const cases: [unknown, typeof BananaError | typeof JellyError][] = [
    ["x".repeat(655_361), BananaError],
    [new Uint8Array(655_361), BananaError],
    [new Array(655_361).fill(0), BananaError],
    [2n ** 448n, BananaError],
  ];
  let deep: unknown = [];
  for (let i = 0; i < 5000; i++) deep = [deep];
  cases.push([deep, JellyError]);
  for (const [value, error] of cases) {
    failureResultOf(root.callRemote("echo", new Caller(), value), error);
    assertEquals(client.references, 0);
  }
  const result = root.callRemote("symbol");
  pump.flush();
  assertEquals(failureResultOf(result, RemoteError).type, "twisted.spread.banana.BananaError");
  flushLoggedErrors(BananaError);
  const d = root.callRemote("echo", "still here");
  pump.flush();
  assertEquals(successResultOf(d), "still here");
});

Deno.test("pending calls fail when the connection is lost, and later ones throw", () => {
  const { root, pump, client, server } = join(new Server());
  const seen: unknown[] = [];
  root.notifyOnDisconnect((reference) => seen.push(reference));
  const unwanted = () => seen.push("unwanted");
  root.notifyOnDisconnect(unwanted);
  root.dontNotifyOnDisconnect(unwanted);
  root.dontNotifyOnDisconnect(() => {});
  const d = root.callRemote("slow", "x");
  pump.flush();
  server.transport.loseConnection();
  pump.flush();
  failureResultOf(d, PBConnectionLost);
  assertEquals(seen, [root]);
  assertThrows(() => root.callRemote("echo", 1), DeadReferenceError);
  assert(client.disconnected && server.disconnected);
});

Deno.test("answers written before the connection is closed by a method still go out", () => {
  class Closing extends Root {
    remote_one(): number {
      return 1;
    }
    remote_close(): void {
      server.transport.loseConnection();
    }
  }
  const { root, pump, server } = join(new Closing());
  const one = root.callRemote("one");
  const close = root.callRemote("close");
  pump.flush();
  assertEquals(successResultOf(one), 1);
  failureResultOf(close, PBConnectionLost);
});

Deno.test("a type that nobody registered is refused, in arguments and in results; the connection stays", () => {
  class Odd extends Referenceable {
    override jellyFor(jellier: { copy(o: object, t: string, s: () => unknown): void }): void {
      jellier.copy(this, "some.module.Odd", () => ({ a: 1 }));
    }
  }
  class Giving extends Server {
    remote_odd(): Odd {
      return new Odd();
    }
  }
  const { root, pump } = join(new Giving());
  const sent = root.callRemote("echo", new Odd());
  const received = root.callRemote("odd");
  pump.flush();
  const message = "Module some.module not allowed (in type some.module.Odd).";
  assertEquals(failureResultOf(sent, RemoteError).getErrorMessage(), message);
  assertEquals(failureResultOf(received, InsecureJelly).getErrorMessage(), message);
  assertEquals(flushLoggedErrors(InsecureJelly).length, 1);
  const d = root.callRemote("echo", 1);
  pump.flush();
  assertEquals(successResultOf(d), 1);
});

Deno.test("a thousand calls in flight are answered", () => {
  const { root, pump } = join(new Server());
  const calls = Array.from({ length: 1000 }, (_, i) => root.callRemote("echo", i));
  pump.flush();
  assertEquals(calls.map((d) => successResultOf(d)), calls.map((_, i) => i));
});

Deno.test("a peer may hold 1,024 references; one more fails at the sender", () => {
  const { root, pump, client } = join(new Server());
  const kept = Array.from({ length: 1024 }, () => new Caller());
  root.callRemote("keep", kept);
  pump.flush();
  assertEquals(client.references, 1024);
  failureResultOf(root.callRemote("keep", new Caller()), JellyError);
  root.callRemote("keep", kept[0]);
  pump.flush();
  assert(!client.disconnected);
});

Deno.test("a cancelled call fails at once, and its answer is ignored when it comes", () => {
  const server = new Server();
  const { root, pump } = join(server);
  const d = root.callRemote("slow", "x");
  pump.flush();
  d.cancel();
  failureResultOf(d);
  server.slow.get("x")!.callback("too late");
  const after = root.callRemote("echo", 1);
  pump.flush();
  assertEquals(successResultOf(after), 1);
});

Deno.test("the proxy form calls the same methods", () => {
  const { factory, pump } = join(new Server());
  const root = successResultOf(factory.getRootObject<Server>());
  const d = root.proxy.promise(1);
  const echo = root.proxy.echo("x");
  pump.flush();
  assertEquals(successResultOf(echo), "x");
  d.cancel();
  failureResultOf(d);
});
