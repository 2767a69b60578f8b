/**
 * `Ledger`: who holds what over one connection. Objects of ours that the peer holds or has copies of, objects of the
 * peer's that we hold or have copies of, and what each side owes the other for them.
 *
 * ```text
 *              ours, at the peer            the peer's, here
 *   calls      local   (count up on        remote        (weak; a debt for
 *   copies     caches   sending)           remoteCaches   each receipt)
 * ```
 * @module
 */
import { type Cacheable, type RemoteCache, RemoteCacheObserver } from "./cacheable.ts";
import type { Broker } from "./broker.ts";
import { JellyError, PBError } from "./errors.ts";
import type { JellyInvoker, UnjellyInvoker } from "./invokers.ts";
import { type Entry, LocalTable, Numbers } from "./_local_table.ts";
import { type CallTarget, STANDS_FOR } from "./referenceable.ts";
import { RemoteReference } from "./remote_reference.ts";
import { RemoteTable } from "./_remote_table.ts";

/** The peer named an object that is not here: it is told so, and nothing is reported. */
export class NoSuchObject extends PBError {
  static override readonly wireName: string = "builtins.Exception";
}

// An update for a copy that is gone already: the owner has not heard of it yet.
const NO_CACHE: CallTarget = { remoteMessageReceived: () => null };

/** The objects of one connection; every operation is O(1). */
export class Ledger implements JellyInvoker, UnjellyInvoker {
  /** Objects of ours that have a name: `root`. */
  readonly names: Map<string, CallTarget> = new Map();
  readonly #broker: Broker;
  readonly #local: LocalTable<CallTarget>;
  readonly #caches: LocalTable<Cacheable>;
  readonly #observers = new Map<Cacheable, RemoteCacheObserver>();
  readonly #remote: RemoteTable<RemoteReference>;
  readonly #remoteCaches: RemoteTable<RemoteCache>;
  // Caches that were given up by hand while the owner may still name them: kept until it has let go.
  readonly #disposedCaches = new Map<number, RemoteCache>();
  readonly #cleanups = new Map<CallTarget, (() => void)[]>();

  constructor(broker: Broker, mostReferences: number) {
    this.#broker = broker;
    const numbers = new Numbers();
    this.#local = new LocalTable(numbers, mostReferences);
    this.#caches = new LocalTable(numbers, mostReferences);
    this.#remote = new RemoteTable("decref", broker);
    this.#remoteCaches = new RemoteTable("decache", broker);
  }

  /** The connection is lost: those who wait for the end of something of theirs are told. */
  release(): void {
    for (const entry of this.#caches.clear()) this.#stopObserving(entry);
    const cleanups = [...this.#cleanups.values()].flat();
    this.#cleanups.clear();
    for (const cleanup of cleanups) this.#broker.guard(cleanup);
  }

  /** Forgets everything. */
  clear(): void {
    this.#local.clear();
    this.names.clear();
    this.#remote.clear();
    this.#remoteCaches.clear();
    this.#disposedCaches.clear();
  }

  // ---- who takes a call

  /** The object that a call is for. */
  target(luid: number | string): CallTarget {
    const target = typeof luid === "number" ? this.#local.get(luid)?.object : this.names.get(luid);
    if (target === undefined) throw new NoSuchObject(`There is no object ${luid} here`);
    return target;
  }

  /** The cache that an update is for. */
  cacheTarget(luid: number | string): CallTarget {
    if (typeof luid !== "number") return NO_CACHE;
    const cache = this.#remoteCaches.peek(luid) ?? this.#disposedCaches.get(luid);
    if (cache === undefined) return NO_CACHE;
    return {
      remoteMessageReceived: (broker, name, args, named) =>
        cache.observeMessageReceived(broker, name, args, named),
    };
  }

  // ---- objects of ours

  /** Calls `f` once: when the peer has given up its last reference to `target`, or the connection is lost. */
  onRelease(target: CallTarget, f: () => void): void {
    const others = this.#cleanups.get(target);
    if (others === undefined) this.#cleanups.set(target, [f]);
    else others.push(f);
  }

  /** How many objects of ours the peer holds. */
  get references(): number {
    return this.#local.size;
  }

  /** Whether the peer holds a reference to an object of ours. */
  holds(target: CallTarget): boolean {
    return this.#local.of(target) !== undefined;
  }

  #released(target: CallTarget): void {
    const cleanups = this.#cleanups.get(target);
    if (cleanups === undefined) return;
    this.#cleanups.delete(target);
    for (const cleanup of cleanups) this.#broker.guard(cleanup);
  }

  /** For the jellier. */
  registerReference(target: object): number {
    try {
      return this.#local.add(target as CallTarget, null).luid;
    } catch (error) {
      // A program that goes on sending references to a peer that gives none back.
      if (this.#local.violations > 3) this.#broker.transport.loseConnection();
      throw error;
    }
  }

  /** For the jellier. */
  unregisterReference(target: object): void {
    const entry = this.#local.of(target as CallTarget);
    if (entry !== undefined && this.#local.remove(entry.luid) !== null) this.#released(entry.object);
  }

  /** For the jellier. */
  ownReference(reference: object): number | string | null {
    const { broker, luid } = reference as RemoteReference;
    return broker === this.#broker ? luid : null;
  }

  /** For the jellier. */
  ownCache(cache: object): number | null {
    const { broker, luid } = cache as RemoteCache;
    return broker === this.#broker ? luid : null;
  }

  /** For the jellier. */
  cachedAs(cacheable: object): number {
    const entry = this.#caches.of(cacheable as Cacheable);
    if (entry === undefined) return 0;
    entry.receipts++;
    return entry.luid;
  }

  /** For the jellier. */
  cacheRemotely(cacheable: object, perspective: unknown): number {
    return this.#caches.add(cacheable as Cacheable, perspective).luid;
  }

  /** For the jellier. */
  uncacheRemotely(cacheable: object): void {
    const entry = this.#caches.of(cacheable as Cacheable);
    if (entry !== undefined && this.#caches.remove(entry.luid) !== null) this.#stopObserving(entry);
  }

  /** For the jellier. */
  observerOf(cacheable: object): object {
    const entry = this.#caches.of(cacheable as Cacheable)!;
    let observer = this.#observers.get(entry.object);
    if (observer === undefined) {
      observer = new RemoteCacheObserver(this.#broker, entry.luid, entry.perspective);
      this.#observers.set(entry.object, observer);
    }
    return observer;
  }

  /** The peer gives one receipt of a reference back. */
  decref(luid: number): void {
    const entry = this.#local.remove(luid);
    if (entry !== null) this.#released(entry.object);
  }

  /** The peer gives one receipt of a cache back; true if that was the last. */
  decache(luid: number): boolean {
    const entry = this.#caches.remove(luid);
    if (entry === null) return false;
    this.#stopObserving(entry);
    return true;
  }

  /** The peer will not name a cache of its own any more. */
  uncache(luid: number): void {
    this.#disposedCaches.delete(luid);
  }

  #stopObserving({ object, luid, perspective }: Entry<Cacheable>): void {
    const observer = this.#observers.get(object) ?? new RemoteCacheObserver(this.#broker, luid, perspective);
    this.#observers.delete(object);
    this.#broker.guard(() => object.stoppedObserving(perspective, observer));
  }

  // ---- objects of the peer

  /** For the unjellier. */
  remote(luid: number | string, perspective: unknown): unknown {
    if (typeof luid === "string") return this.#broker.remoteForName(luid);
    let reference = this.#remote.receive(luid);
    if (reference === undefined) {
      reference = new RemoteReference(this.#broker, luid, perspective);
      this.#remote.hold(luid, reference);
    }
    return reference;
  }

  /** For the unjellier. */
  local(luid: number | string): unknown {
    const target = typeof luid === "number" ? this.#local.home(luid) : this.names.get(luid);
    if (target === undefined) throw new JellyError(`There is no object ${luid} here`);
    return target[STANDS_FOR] ?? target;
  }

  /** For the unjellier. */
  localCache(luid: number): unknown {
    const cacheable = this.#caches.home(luid);
    if (cacheable === undefined) throw new JellyError(`There is no cacheable ${luid} here`);
    return cacheable;
  }

  /** For the unjellier. */
  cached(luid: number): unknown {
    const cache = this.#remoteCaches.receive(luid);
    if (cache !== undefined) return cache;
    const kept = this.#disposedCaches.get(luid);
    if (kept === undefined) throw new JellyError(`There is no cache ${luid} here: it was given up`);
    this.#disposedCaches.delete(luid);
    this.#remoteCaches.hold(luid, kept);
    return kept;
  }

  /** For the unjellier. */
  newCache(luid: number, cache: object): void {
    const made = cache as RemoteCache;
    made.broker = this.#broker;
    made.luid = luid;
    this.#remoteCaches.hold(luid, made);
  }

  /** Gives a reference up by hand. */
  giveUp(reference: RemoteReference): void {
    if (typeof reference.luid === "number") this.#remote.giveUp(reference.luid, reference);
  }

  /** Gives a cache up by hand. */
  giveUpCache(cache: RemoteCache): void {
    if (this.#remoteCaches.peek(cache.luid) !== cache) return;
    this.#disposedCaches.set(cache.luid, cache);
    this.#remoteCaches.giveUp(cache.luid, cache);
  }
}
