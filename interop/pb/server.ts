/**
 * Our end of the interop tests, as a server: the same methods as `peer.py`.
 */
import {
  AllowAnonymousAccess,
  type AvatarId,
  InMemoryUsernamePasswordDatabase,
  Portal,
} from "@ropewalk/cred";
import { Deferred } from "@ropewalk/deferred";
import type { DelayedCall, ListeningPort, Reactor } from "@ropewalk/reactor/core";
import {
  Avatar,
  type Broker,
  Cacheable,
  CalendarDate,
  Copyable,
  DateTime,
  Decimal,
  FrozenSet,
  Kwargs,
  PBError,
  PBServerFactory,
  Publishable,
  type PublishedState,
  Referenceable,
  RemoteCache,
  type RemoteCacheObserver,
  RemoteCopy,
  RemotePublished,
  type RemoteReference,
  Root,
  setUnjellyableForClass,
  StringPager,
  TimeDelta,
  TimeOfDay,
  Tuple,
  Viewable,
} from "@ropewalk/spread";

export class KeyError extends Error {
  static readonly wireName = "builtins.KeyError";
}
class ValueError extends Error {
  static readonly wireName = "builtins.ValueError";
}
export class Expected extends PBError {}

export class Pond extends Copyable {
  static readonly wireName = "interop.Pond";
  constructor(readonly frogs: number, readonly names: string[]) {
    super();
  }
}
export class RemotePond extends RemoteCopy {
  frogs = 0;
  names: string[] = [];
}

export class Thermometer extends Cacheable {
  static readonly wireName = "interop.Thermometer";
  degrees = 20;
  readonly observers = new Set<RemoteCacheObserver>();
  override getStateToCacheAndObserveFor(_perspective: unknown, observer: RemoteCacheObserver): unknown {
    this.observers.add(observer);
    return { degrees: this.degrees };
  }
  override stoppedObserving(_perspective: unknown, observer: RemoteCacheObserver): void {
    this.observers.delete(observer);
  }
  async set(degrees: number): Promise<null> {
    this.degrees = degrees;
    await Promise.all([...this.observers].map((observer) => observer.callRemote("degrees", degrees)));
    return null;
  }
}
export class RemoteThermometer extends RemoteCache {
  degrees = 0;
  observe_degrees(degrees: number): void {
    this.degrees = degrees;
  }
}

/** Its type is known to nobody. */
export class Unregistered extends Copyable {
  static readonly wireName = "some.module.Unregistered";
}
class Unsendable {}

class Page extends Publishable {
  text = "one";
  fetched = 0;
  override getTypeToCopy(): string {
    return "interop.Page";
  }
  override getStateToPublish(): unknown {
    this.fetched++;
    return { text: this.text };
  }
}
export class RemotePage extends RemotePublished {
  /** What was received, by name: kept from one connection to the next. */
  static readonly kept = new Map<string, PublishedState>();
  text = "";
  protected override load(name: string): PublishedState | null {
    return RemotePage.kept.get(name) ?? null;
  }
  protected override save(name: string, state: PublishedState): void {
    RemotePage.kept.set(name, state);
  }
}

setUnjellyableForClass("interop.Page", RemotePage);
setUnjellyableForClass("interop.Pond", RemotePond);
setUnjellyableForClass("interop.Thermometer", RemoteThermometer);

export class Counter extends Referenceable {
  count = 0;
  remote_add(n = 1): number {
    return this.count += n;
  }
  remote_fail(): never {
    throw new Expected("the counter fails");
  }
}

/** The name of a value's type in Python, with the types of what is in it. */
export function describe(value: unknown): string {
  const all = (values: Iterable<unknown>) => [...values].map(describe);
  const pairs = (entries: Iterable<[unknown, unknown]>) =>
    `dict(${[...entries].map(([k, v]) => `${describe(k)}:${describe(v)}`).join(" ")})`;
  if (value === null) return "NoneType";
  switch (typeof value) {
    case "string":
      return "str";
    case "boolean":
      return "bool";
    case "bigint":
      return "int";
    case "number":
      return Number.isInteger(value) ? "int" : "float";
  }
  if (Tuple.is(value)) return `tuple(${all(value).join(" ")})`;
  if (Array.isArray(value)) return `list(${all(value).join(" ")})`;
  if (value instanceof Uint8Array) return "bytes";
  if (FrozenSet.is(value)) return `frozenset(${all(value).sort().join(" ")})`;
  if (value instanceof Set) return `set(${all(value).sort().join(" ")})`;
  if (value instanceof Map) return pairs(value);
  const names = new Map<unknown, string>([
    [CalendarDate, "date"],
    [DateTime, "datetime"],
    [TimeOfDay, "time"],
    [TimeDelta, "timedelta"],
    [Decimal, "Decimal"],
  ]);
  return names.get(value?.constructor) ?? pairs(Object.entries(value as object));
}

export class PeerRoot extends Root {
  readonly brokers = new Set<Broker>();
  readonly counter = new Counter();
  readonly thermometer = new Thermometer();
  readonly page = new Page("front", 1000);
  #kept: unknown[] = [];
  #noted = 0;
  readonly #delayed: DelayedCall[] = [];

  constructor(readonly reactor: Pick<Reactor, "callLater">) {
    super();
  }

  override rootObject(broker: Broker): this {
    this.brokers.add(broker);
    broker.notifyOnDisconnect(() => {
      this.brokers.delete(broker);
      if (this.brokers.size > 0) return;
      for (const call of this.#delayed) if (call.active()) call.cancel();
    });
    return this;
  }
  remote_echo(value: unknown): unknown {
    return value;
  }
  remote_describe(value: unknown): string {
    return describe(value);
  }
  remote_named(...args: unknown[]): [unknown[], unknown] {
    const last = args.at(-1);
    return Kwargs.is(last) ? [args.slice(0, -1), { ...last }] : [args, {}];
  }
  remote_note(): void {
    this.#noted++;
  }
  remote_noted(): number {
    return this.#noted;
  }
  remote_keyError(): never {
    throw new KeyError("'k'");
  }
  remote_expected(): never {
    throw new Expected("as agreed");
  }
  remote_lateError(): Deferred<never> {
    const d = new Deferred<never>();
    this.reactor.callLater(0.01, () => d.errback(new ValueError("late")));
    return d;
  }
  remote_later(seconds: number, value: unknown): Deferred<unknown> {
    const d = new Deferred<unknown>();
    this.#delayed.push(this.reactor.callLater(seconds, () => d.callback(value)));
    return d;
  }
  remote_call(reference: RemoteReference, method: string, ...args: unknown[]): unknown {
    return reference.callRemote(method, ...args);
  }
  remote_keep(thing: unknown): void {
    this.#kept.push(thing);
  }
  remote_kept(): unknown {
    return this.#kept.at(-1);
  }
  remote_drop(): void {
    for (const thing of this.#kept.flat() as Partial<Disposable>[]) thing[Symbol.dispose]?.();
    this.#kept = [];
  }
  remote_counter(): Counter {
    return this.counter;
  }
  remote_isCounter(thing: unknown): boolean {
    return thing === this.counter;
  }
  remote_twice(): Counter[] {
    return [this.counter, this.counter];
  }
  remote_held(): number {
    let held = 0;
    for (const broker of this.brokers) if (broker.holds(this.counter)) held++;
    return held;
  }
  remote_shared(): number[][] {
    const inner = [1];
    return [inner, inner];
  }
  remote_cyclic(): unknown[] {
    const ring: unknown[] = [1];
    ring.push(ring);
    return ring;
  }
  remote_isShared(pair: unknown[]): boolean {
    return pair[0] === pair[1];
  }
  remote_isCyclic(ring: unknown[]): boolean {
    return ring[1] === ring;
  }
  remote_pond(): Pond {
    return new Pond(3, ["kermit"]);
  }
  remote_drain(pond: RemotePond): unknown[] {
    return [pond.constructor.name, pond.frogs, pond.names];
  }
  remote_unregistered(): Unregistered {
    return new Unregistered();
  }
  remote_thermometer(): Thermometer {
    return this.thermometer;
  }
  remote_set(degrees: number): Promise<null> {
    return this.thermometer.set(degrees);
  }
  remote_isThermometer(thing: unknown): boolean {
    return thing === this.thermometer;
  }
  remote_observers(): number {
    return this.thermometer.observers.size;
  }
  remote_pages(collector: RemoteReference, data: Uint8Array, size: number): void {
    new StringPager(collector, data, size).start();
  }
  remote_page(): Page {
    return this.page;
  }
  remote_fetched(): number {
    return this.page.fetched;
  }
  remote_change(text: string, timestamp: number): void {
    this.page.text = text;
    this.page.republish(timestamp);
  }
  remote_disconnect(): void {
    for (const broker of this.brokers) broker.transport.loseConnection();
  }
  remote_unsendable(): unknown {
    return new Unsendable();
  }
}

class Board extends Viewable {
  view_who(perspective: User, word: string): string {
    return `${perspective.name} says ${word}`;
  }
}

const board = new Board();
const logouts: string[] = [];

export class User extends Avatar {
  constructor(readonly name: string, readonly mind: RemoteReference) {
    super();
  }
  perspective_name(): string {
    return this.name;
  }
  perspective_board(): Board {
    return board;
  }
  perspective_isBoard(thing: unknown): boolean {
    return thing === board;
  }
  perspective_mind(method: string, ...args: unknown[]): unknown {
    return this.mind.callRemote(method, ...args);
  }
  perspective_logouts(): string[] {
    return logouts;
  }
}

const realm = {
  requestAvatar(avatarId: AvatarId, mind: unknown) {
    const name = typeof avatarId === "string" ? avatarId : "guest";
    return { avatar: new User(name, mind as RemoteReference), logout: () => logouts.push(name) };
  },
};

/** The four ports of `peer.py server`. */
export function serve(reactor: Reactor): ListeningPort[] {
  const users = new InMemoryUsernamePasswordDatabase({ alice: "secret", bob: "hunter2" });
  return [
    new PBServerFactory(new PeerRoot(reactor)),
    new PBServerFactory(new Portal(realm, [users, new AllowAnonymousAccess()])),
    new PBServerFactory(new Portal(realm, [users])),
    new PBServerFactory(new PeerRoot(reactor), { unsafeTracebacks: true }),
  ].map((factory) => reactor.listenTCP(0, factory, { hostname: "127.0.0.1" }));
}
