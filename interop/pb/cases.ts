/**
 * What our client asks of a server, be it `server.ts` or `peer.py`: the counterpart of the cases in `peer.py`.
 */
import { Anonymous, type Credentials, UsernamePassword } from "@ropewalk/cred";
import { Deferred, type Failure } from "@ropewalk/deferred";
import type { Reactor } from "@ropewalk/reactor/core";
import {
  CalendarDate,
  DateTime,
  DeadReferenceError,
  Decimal,
  dictGet,
  Float,
  FrozenSet,
  getAllPages,
  InsecureJelly,
  Kwargs,
  kwargs,
  PBClientFactory,
  PBConnectionLost,
  RemoteError,
  type RemoteReference,
  TimeDelta,
  TimeOfDay,
  Tuple,
  tuple,
  Unpersistable,
  whenReady,
} from "@ropewalk/spread";
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  Counter,
  Pond,
  RemotePage,
  RemotePond,
  RemoteThermometer,
  Thermometer,
  Unregistered,
} from "./server.ts";

const bytes = (...all: number[]) => Uint8Array.from(all);

/** What is sent, and what comes back if that is something else. */
const VALUES: readonly [name: string, sent: unknown, back?: unknown][] = [
  ["None", null],
  ["undefined", undefined, null],
  ["true", true],
  ["false", false],
  ["zero", 0],
  ["small", 42],
  ["negative", -42],
  ["int 2^31-1", 2 ** 31 - 1],
  ["int 2^31", 2 ** 31],
  ["int -2^31", -(2 ** 31)],
  ["int -2^31-1", -(2 ** 31) - 1],
  ["int 2^53-1", Number.MAX_SAFE_INTEGER],
  ["int 2^53", 2n ** 53n],
  ["int -2^53", -(2n ** 53n)],
  ["small bigint", 5n, 5],
  ["int -2^100", -(2n ** 100n)],
  ["int 2^448-1", 2n ** 448n - 1n],
  ["float", 1.5],
  ["whole float", new Float(2), 2],
  ["negative zero", -0],
  ["NaN", NaN],
  ["infinity", Infinity],
  ["-infinity", -Infinity],
  ["float beyond the safe", 2 ** 60],
  ["bytes", bytes(0, 255, 128)],
  ["empty bytes", bytes()],
  ["vocabulary bytes", new TextEncoder().encode("list")],
  ["text", "héllo ☃ 😀"],
  ["empty text", ""],
  ["vocabulary text", "message"],
  ["long text", "x".repeat(100_000)],
  ["long text beyond ASCII", "ü".repeat(70)],
  ["largest text", "y".repeat(655_360)],
  ["NUL and BOM", "\ufeffa\0b"],
  ["list", [1, [2, [3]], []]],
  ["tuple", tuple(1, "a", tuple(bytes(98), null))],
  ["empty tuple", tuple()],
  ["dict", { a: 1, b: [2] }],
  ["empty dict", {}],
  ["dict of ints", new Map([[1, "a"], [-2, "b"]])],
  ["dict of text as a Map", new Map([["a", 1]]), { a: 1 }],
  ["dict __proto__", Object.fromEntries([["__proto__", 1], ["constructor", 2]])],
  ["set", new Set([1, 2, 3])],
  ["frozenset", new FrozenSet(["a", "b"])],
  ["datetime", new DateTime(2012, 7, 5, 1, 2, 3, 4)],
  ["platform date", new Date(0), new DateTime(1970, 1, 1)],
  ["date", new CalendarDate(1999, 12, 31)],
  ["time", new TimeOfDay(23, 59, 58, 7)],
  ["timedelta", new TimeDelta(-1, 2, 3)],
  ["decimal", Decimal.parse("-1.50")],
  ["decimal exponent", Decimal.parse("12E+5")],
  ["nested", {
    rows: Array.from({ length: 50 }, (_, id) => ({ id, tags: [`t${id}`, id + 0.25] })),
  }],
];

/** A server under test, and the means to reach it. */
export class World {
  constructor(
    readonly reactor: Reactor,
    readonly ports: readonly number[],
    readonly root: RemoteReference,
  ) {}

  /** Connects to another of the ports. */
  connect(port: number): PBClientFactory {
    const factory = new PBClientFactory();
    this.reactor.connectTCP("127.0.0.1", this.ports[port]!, factory);
    return factory;
  }

  /** Waits for what the peer sends of its own accord: a round trip, and a moment. */
  async settle(): Promise<void> {
    await this.root.callRemote("later", new Float(0.05), null);
  }
}

async function failed(d: Deferred<unknown>): Promise<Failure> {
  const failure = await new Promise<Failure | null>((resolve) => {
    d.addCallbacks(() => resolve(null), (failure: Failure) => resolve(failure));
  });
  assert(failure !== null, "it did not fail");
  return failure;
}

async function logIn(world: World, port: number, credentials: Credentials, mind: unknown = null) {
  const factory = world.connect(port);
  try {
    return { factory, avatar: await factory.login(credentials, mind) };
  } catch (error) {
    factory.disconnect();
    throw error;
  }
}

/** The cases, by name: the same names as in `peer.py`. */
export const CASES: Readonly<Record<string, (world: World) => Promise<void>>> = {
  async values({ root }) {
    for (const [name, sent, back] of VALUES) {
      assertEquals(await root.callRemote("echo", sent), back === undefined ? sent ?? null : back, name);
    }
    const mixed = new Map<unknown, number>([["a", 1], [bytes(98), 2], [tuple(1, 2), 3], [null, 4]]);
    const echoed = await root.callRemote("echo", mixed) as Map<unknown, number>;
    assertEquals([...mixed.keys()].map((key) => dictGet(echoed, key)), [1, 2, 3, 4]);
  },
  async kinds({ root }) {
    const kinds: [unknown, string][] = [
      [1.5, "float"],
      [1, "int"],
      [2n ** 80n, "int"],
      [bytes(), "bytes"],
      ["", "str"],
      [tuple(1, ["a"]), "tuple(int list(str))"],
      [new Set([1]), "set(int)"],
      [new FrozenSet([bytes()]), "frozenset(bytes)"],
      [{ a: null }, "dict(str:NoneType)"],
      [new Date(0), "datetime"],
      [new CalendarDate(2000, 1, 1), "date"],
      [new Decimal(1n, 0), "Decimal"],
      [true, "bool"],
    ];
    for (const [value, kind] of kinds) assertEquals(await root.callRemote("describe", value), kind);
    assert(Tuple.is(await root.callRemote("echo", tuple(1))));
    assert(FrozenSet.is(await root.callRemote("echo", new FrozenSet())));
  },
  async keywords({ root }) {
    assertEquals(await root.callRemote("named", 1, kwargs({ a: 2 })), [[1], { a: 2 }]);
    assertEquals(await root.callRemote("named", kwargs({})), [[], {}]);
    assertEquals(await root.callRemote("named"), [[], {}]);
    assert(!Kwargs.is(await root.callRemote("echo", {})));
  },
  async no_answer({ root }) {
    const before = await root.callRemote("noted") as number;
    root.callRemoteOnly("note");
    await root.callRemote("note", kwargs({ pbanswer: false }));
    assertEquals(await root.callRemote("noted"), before + 2);
  },
  async errors({ root }) {
    const cases: [string, string[], string][] = [
      ["keyError", ["builtins.KeyError", "builtins.LookupError", "builtins.Exception"], "'k'"],
      ["expected", ["twisted.spread.pb.Error"], "as agreed"],
      ["lateError", ["builtins.ValueError"], "late"],
      [
        "nosuch",
        ["twisted.spread.flavors.NoSuchMethod", "builtins.AttributeError"],
        "No such method: remote_nosuch",
      ],
      ["__init__", ["twisted.spread.flavors.NoSuchMethod"], "No such method: remote___init__"],
    ];
    for (const [method, kinds, message] of cases) {
      const failure = await failed(root.callRemote(method));
      assert(failure.value instanceof RemoteError);
      assertEquals(failure.value.remoteType, failure.value.parents[0]);
      for (const kind of kinds) assertEquals(failure.check(kind), kind);
      assertEquals(failure.getErrorMessage(), message);
      assertEquals(failure.value.remoteTraceback, "");
    }
  },
  async tracebacks(world) {
    const factory = world.connect(3);
    const root = await factory.getRootObject();
    const failure = await failed(root.callRemote("keyError"));
    assert((failure.value as RemoteError).remoteTraceback.includes("keyError"));
    factory.disconnect();
  },
  async order({ root }) {
    const seen: unknown[] = [];
    await Promise.all([
      root.callRemote("later", new Float(0.05), "slow").addCallback((s) => seen.push(s)),
      root.callRemote("later", 0, "fast").addCallback((s) => seen.push(s)),
    ]);
    assertEquals(seen, ["fast", "slow"]);
  },
  async thousand({ root }) {
    const numbers = Array.from({ length: 1000 }, (_, i) => i);
    assertEquals(await Promise.all(numbers.map((i) => root.callRemote("echo", i))), numbers);
  },
  async references(world) {
    const { root } = world;
    const counter = new Counter();
    assertEquals(await root.callRemote("call", counter, "add", 5), 5);
    assertEquals(counter.count, 5);
    assert(await root.callRemote("echo", counter) === counter);
    assertEquals(
      (await failed(root.callRemote("call", counter, "fail"))).getErrorMessage(),
      "the counter fails",
    );
    await root.callRemote("keep", [counter, counter]);
    assert(root.broker.holds(counter));
    await root.callRemote("drop");
    await world.settle();
    if (root.broker.holds(counter)) {
      // What a garbage collector keeps is given back when it pleases: ours is asked to.
      (globalThis as { gc?: () => void }).gc?.();
      await world.settle();
    }
    assert(!root.broker.holds(counter));
  },
  async remote_objects(world) {
    const { root } = world;
    const counter = await root.callRemote("counter") as RemoteReference;
    const first = await counter.callRemote("add", 2) as number;
    assertEquals(await counter.callRemote("add"), first + 1);
    assertEquals(await root.callRemote("isCounter", counter), true);
    const [one, two] = await root.callRemote("twice") as RemoteReference[];
    assert(one === two && one === counter);
    assertEquals(await root.callRemote("held"), 1);
    counter[Symbol.dispose]();
    assertEquals(await root.callRemote("held"), 0);
    assertThrows(() => counter.callRemote("add"), DeadReferenceError);
  },
  async sharing({ root }) {
    const [a, b] = await root.callRemote("shared") as unknown[];
    assert(a === b);
    const ring = await root.callRemote("cyclic") as unknown[];
    assert(ring[1] === ring);
    assertEquals(await root.callRemote("isShared", [a, a]), true);
    assertEquals(await root.callRemote("isShared", [[1], [1]]), false);
    assertEquals(await root.callRemote("isCyclic", ring), true);
    const dict: Record<string, unknown> = {};
    dict.self = dict;
    const echoed = await root.callRemote("echo", dict) as Record<string, unknown>;
    assert(echoed.self === echoed);
    const loop = tuple<unknown[][]>([]);
    loop[0]!.push(loop);
    const back = await root.callRemote("echo", loop) as unknown as unknown[][];
    assert(back[0]![0] === back);
  },
  async copies({ root }) {
    const pond = await root.callRemote("pond");
    assert(pond instanceof RemotePond);
    assertEquals([pond.frogs, pond.names], [3, ["kermit"]]);
    assertEquals(await root.callRemote("drain", new Pond(2, [])), ["RemotePond", 2, []]);
    const sent = await failed(root.callRemote("echo", new Unregistered()));
    assert(sent.check("twisted.spread.jelly.InsecureJelly"));
    const received = await failed(root.callRemote("unregistered"));
    assert(received.check(InsecureJelly));
    assertEquals(await root.callRemote("echo", "alive"), "alive");
    assert(await root.callRemote("unsendable") instanceof Unpersistable);
  },
  async caches(world) {
    const { root } = world;
    const cache = await root.callRemote("thermometer");
    assert(cache instanceof RemoteThermometer);
    await root.callRemote("set", 25);
    assertEquals(cache.degrees, 25);
    assert(await root.callRemote("thermometer") === cache);
    await root.callRemote("set", 26);
    assertEquals(cache.degrees, 26);
    assertEquals(await root.callRemote("isThermometer", cache), true);
    assertEquals(await root.callRemote("observers"), 1);
    cache[Symbol.dispose]();
    assertEquals(await root.callRemote("observers"), 0);
    const own = new Thermometer();
    await root.callRemote("keep", own);
    assertEquals(own.observers.size, 1);
    await own.set(7);
    assert(await root.callRemote("kept") === own);
    await root.callRemote("drop");
    await world.settle();
    assertEquals(own.observers.size, 0);
  },
  async paging({ root }) {
    for (const length of [0, 100_000]) {
      const pages = await getAllPages(root, "pages", new Uint8Array(length).fill(122), 8192) as Uint8Array[];
      assertEquals(pages.reduce((sum, page) => sum + page.length, 0), length);
      assert(pages.every((page) => page.length <= 8192 && page.every((byte) => byte === 122)));
    }
  },
  async login(world) {
    const { factory, avatar } = await logIn(world, 1, new UsernamePassword("alice", "secret"), new Counter());
    assertEquals(await avatar.callRemote("name"), "alice");
    assertEquals(await avatar.callRemote("mind", "add", 3), 3);
    const board = await avatar.callRemote("board") as RemoteReference;
    assertEquals(await board.callRemote("who", "hello"), "alice says hello");
    assertEquals(await avatar.callRemote("isBoard", board), true);
    const other = await factory.login(new UsernamePassword("bob", "hunter2"));
    assertEquals(await other.callRemote("name"), "bob");
    const count = async () =>
      (await avatar.callRemote("logouts") as string[]).filter((n) => n === "bob").length;
    const before = await count();
    other[Symbol.dispose]();
    assertEquals(await count(), before + 1);
    factory.disconnect();
  },
  async logout_on_disconnect(world) {
    const count = async (avatar: RemoteReference) =>
      (await avatar.callRemote("logouts") as string[]).filter((name) => name === "alice").length;
    const one = await logIn(world, 1, new UsernamePassword("alice", "secret"));
    const before = await count(one.avatar);
    const gone = new Deferred<void>();
    one.avatar.notifyOnDisconnect(() => gone.callback());
    one.factory.disconnect();
    await gone;
    const two = await logIn(world, 1, new UsernamePassword("bob", "hunter2"));
    assertEquals(await count(two.avatar), before + 1);
    two.factory.disconnect();
  },
  async anonymous(world) {
    const { factory, avatar } = await logIn(world, 1, new Anonymous());
    assertEquals(await avatar.callRemote("name"), "guest");
    factory.disconnect();
  },
  async login_refused(world) {
    const messages = new Set<string>();
    const attempts: [number, Credentials, string][] = [
      [1, new UsernamePassword("alice", "wrong"), "UnauthorizedLogin"],
      [1, new UsernamePassword("nobody", "secret"), "UnauthorizedLogin"],
      [2, new Anonymous(), "UnhandledCredentials"],
    ];
    for (const [port, credentials, kind] of attempts) {
      const error = await logIn(world, port, credentials).then(() => null, (error) => error);
      assert(error instanceof RemoteError);
      assertEquals(error.remoteType, `twisted.cred.error.${kind}`);
      if (kind === "UnauthorizedLogin") messages.add(error.message);
    }
    assertEquals([...messages], [""]);
  },
  async published(world) {
    RemotePage.kept.clear();
    const seen: unknown[] = [];
    for (const change of [false, true, false]) {
      const factory = world.connect(0);
      const root = await factory.getRootObject();
      const page = await whenReady(root.callRemote("page") as Deferred<RemotePage>);
      seen.push(page.text, await root.callRemote("fetched"));
      if (change) await root.callRemote("change", "two", 2000);
      factory.disconnect();
    }
    assertEquals(seen, ["one", 1, "one", 1, "two", 2]);
  },
  async disconnect(world) {
    const factory = world.connect(3);
    const root = await factory.getRootObject();
    const gone = new Deferred<void>();
    root.notifyOnDisconnect(() => gone.callback());
    const pending = failed(root.callRemote("later", 30, null));
    root.callRemote("disconnect").addErrback(() => null);
    await gone;
    assert((await pending).check(PBConnectionLost));
    assertThrows(() => root.callRemote("echo", 1), DeadReferenceError);
  },
};
