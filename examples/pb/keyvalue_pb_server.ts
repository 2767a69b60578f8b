/**
 * A key/value store over Perspective Broker, in all its forms: a root that anybody calls, and users who log in and have a
 * shelf of their own; entries that are copied, a mirror that keeps itself current, and a watcher that is called back.
 *
 *     deno run --allow-net examples/pb/keyvalue_pb_server.ts --help
 *
 * @module
 */
import {
  AllowAnonymousAccess,
  type AvatarId,
  InMemoryUsernamePasswordDatabase,
  Portal,
} from "@ropewalk/cred";
import {
  Avatar,
  Cacheable,
  Copyable,
  PBError,
  PBServerFactory,
  type RemoteCacheObserver,
  type RemoteReference,
  Root,
} from "@ropewalk/spread";
import { optionsOrSay, type Say, serve } from "./_program.ts";

/** There is no such key: a `KeyError` for a Python caller. */
export class KeyMissing extends PBError {
  static override readonly wireName: string = "builtins.KeyError";
}

/** The caller may not do this. */
export class Refused extends PBError {
  static override readonly wireName: string = "builtins.PermissionError";
}

/** What a watcher offers to the store: `remote_changed(key, value)`, with `null` for a key that is gone. */
export interface Watcher {
  remote_changed(key: string, value: string | null): void;
}

/** An entry; the client gets a copy. */
export class Entry extends Copyable {
  static readonly wireName: string = "keyvalue.Entry";

  constructor(readonly key: string, readonly value: string) {
    super();
  }
}

/** Keys and values, and who wants to know of changes. */
export class Shelf {
  readonly values = new Map<string, string>();
  readonly listeners = new Set<(key: string, value: string | null) => void>();

  get(key: string): string {
    const value = this.values.get(key);
    if (value === undefined) throw new KeyMissing(key);
    return value;
  }

  set(key: string, value: string): void {
    this.values.set(key, value);
    for (const listener of this.listeners) listener(key, value);
  }

  delete(key: string): void {
    if (!this.values.delete(key)) throw new KeyMissing(key);
    for (const listener of this.listeners) listener(key, null);
  }
}

/** A shelf as a client sees it: it gets all that is there, and after that the changes. */
export class Mirror extends Cacheable {
  static readonly wireName: string = "keyvalue.Mirror";
  readonly #tellers = new Map<RemoteCacheObserver, (key: string, value: string | null) => void>();

  constructor(readonly shelf: Shelf) {
    super();
  }

  override getStateToCacheAndObserveFor(_perspective: unknown, observer: RemoteCacheObserver): unknown {
    const tell = (key: string, value: string | null) => {
      observer.callRemote("changed", key, value).addErrback(() => {}); // it hung up: it sees nothing more
    };
    this.#tellers.set(observer, tell);
    this.shelf.listeners.add(tell);
    return { values: Object.fromEntries(this.shelf.values) };
  }

  override stoppedObserving(_perspective: unknown, observer: RemoteCacheObserver): void {
    this.shelf.listeners.delete(this.#tellers.get(observer)!);
    this.#tellers.delete(observer);
  }
}

/** The first form: whoever connects calls the root. */
export class KeyValue extends Root {
  readonly #mirror: Mirror;

  constructor(readonly shelf: Shelf) {
    super();
    this.#mirror = new Mirror(shelf);
  }

  remote_get(key: string): string {
    return this.shelf.get(key);
  }

  remote_set(key: string, value: string): void {
    this.shelf.set(key, value);
  }

  remote_delete(key: string): void {
    this.shelf.delete(key);
  }

  remote_entry(key: string): Entry {
    return new Entry(key, this.shelf.get(key));
  }

  remote_mirror(): Mirror {
    return this.#mirror;
  }

  remote_watch(watcher: RemoteReference<Watcher>): void {
    const tell = (key: string, value: string | null) => watcher.callRemoteOnly("changed", key, value);
    this.shelf.listeners.add(tell);
    watcher.notifyOnDisconnect(() => this.shelf.listeners.delete(tell));
  }
}

/** The second form: a user who logged in. */
export class Member extends Avatar {
  constructor(readonly name: string, readonly shelf: Shelf, readonly mayWrite: boolean) {
    super();
  }

  perspective_get(key: string): string {
    return this.shelf.get(key);
  }

  perspective_set(key: string, value: string): void {
    if (!this.mayWrite) throw new Refused(`${this.name} may only read`);
    this.shelf.set(key, value);
  }
}

/** Each user has a shelf; guests read the common one. */
export class Shelves {
  readonly own = new Map<string, Shelf>();
  /** Who is here now. */
  readonly present = new Set<Member>();

  constructor(readonly common: Shelf) {}

  requestAvatar(id: AvatarId): { avatar: Member; logout: () => void } {
    const member = typeof id === "string"
      ? new Member(id, this.#shelf(id), true)
      : new Member("a guest", this.common, false);
    this.present.add(member);
    return { avatar: member, logout: () => this.present.delete(member) };
  }

  #shelf(name: string): Shelf {
    let shelf = this.own.get(name);
    if (shelf === undefined) this.own.set(name, shelf = new Shelf());
    return shelf;
  }
}

/** A factory that lets users in. */
export function membersFactory(shelves: Shelves, users: Record<string, string>): PBServerFactory {
  const checkers = [new InMemoryUsernamePasswordDatabase(users), new AllowAnonymousAccess()];
  return new PBServerFactory(new Portal(shelves, checkers));
}

const HELP = `A key/value store over Perspective Broker.

  --host HOST          the address to listen on (127.0.0.1)
  --port PORT          of the root that anybody calls (8791)
  --members-port PORT  for alice (wonderland), bob (builder) and guests (8792)
  --help               this text`;

const DEFAULTS = { host: "127.0.0.1", port: 8791, "members-port": 8792 };

/**
 * Serves until Ctrl-C.
 *
 * @param args The command line.
 * @param say Takes what is told to who started it.
 * @returns The exit code.
 */
export async function main(args: readonly string[], say: Say): Promise<number> {
  const options = optionsOrSay(args, DEFAULTS, HELP, say);
  if (typeof options === "number") return options;
  const shelf = new Shelf();
  return await serve(options.host, [{
    port: options.port,
    option: "port",
    factory: new PBServerFactory(new KeyValue(shelf)),
    told: (where) => `root    ${where}`,
  }, {
    port: options["members-port"],
    option: "members-port",
    factory: membersFactory(new Shelves(shelf), { alice: "wonderland", bob: "builder" }),
    told: (where) => `members ${where}\nCtrl-C stops.`,
  }], say);
}

if (import.meta.main) Deno.exit(await main(Deno.args, console.log));
