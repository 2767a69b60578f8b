/**
 * `Cacheable`: an object of which the peer keeps a copy that is told of changes. `RemoteCache`: that copy.
 * @module
 */
import type { Deferred } from "@ropewalk/deferred";
import type { Broker } from "./broker.ts";
import { assignState } from "./copyable.ts";
import type { Jellier, Jellyable } from "./jellier.ts";
import { callExposed } from "./referenceable.ts";
import { type AnyClass, wireNameOf } from "./security.ts";
import { REMOTE_CACHE } from "./unjellier.ts";
import type { Kwargs } from "./values.ts";
import { CACHED, LCACHE } from "./_vocabulary.ts";

/** Stands for one peer's copy of a {@linkcode Cacheable}. */
export class RemoteCacheObserver {
  readonly #broker: Broker;
  readonly #number: number;
  readonly #perspective: unknown;

  /** For the broker. */
  constructor(broker: Broker, number: number, perspective: unknown) {
    this.#broker = broker;
    this.#number = number;
    this.#perspective = perspective;
  }

  /**
   * Calls the method `observe_` + `name` of the copy.
   *
   * @throws {DeadReferenceError} If the connection is gone.
   */
  callRemote(name: string, ...args: unknown[]): Deferred<unknown> {
    return this.#broker.callCache(this.#number, name, args, this.#perspective);
  }
}

/**
 * An object that is copied to each peer once; after that its owner tells the copies of changes.
 *
 * @example
 * ```ts
 * import { Cacheable, type RemoteCacheObserver } from "@ropewalk/spread";
 *
 * class Thermometer extends Cacheable {
 *   degrees = 20;
 *   readonly observers = new Set<RemoteCacheObserver>();
 *   override getStateToCacheAndObserveFor(_perspective: unknown, observer: RemoteCacheObserver) {
 *     this.observers.add(observer);
 *     return { degrees: this.degrees };
 *   }
 *   override stoppedObserving(_perspective: unknown, observer: RemoteCacheObserver) {
 *     this.observers.delete(observer);
 *   }
 *   set(degrees: number) {
 *     this.degrees = degrees;
 *     for (const observer of this.observers) observer.callRemote("degrees", degrees);
 *   }
 * }
 * ```
 */
export class Cacheable implements Jellyable {
  /**
   * The state for a new copy. Keep the observer to tell the copy of changes.
   *
   * @param _perspective The avatar whose peer gets the copy, or `null`.
   * @param _observer Leads to the copy.
   */
  getStateToCacheAndObserveFor(_perspective: unknown, _observer: RemoteCacheObserver): unknown {
    return { ...this };
  }

  /** The copy is gone: the peer gave it up, or the connection was lost. */
  stoppedObserving(_perspective: unknown, _observer: RemoteCacheObserver): void {}

  /** The name of its type on the wire: by default the class's `static wireName`, else its name. */
  getTypeToCopy(): string {
    return wireNameOf(this.constructor as AnyClass);
  }

  /** As {@linkcode getTypeToCopy}, for one avatar. */
  getTypeToCopyFor(_perspective: unknown): string {
    return this.getTypeToCopy();
  }

  /** Sends type, number and state the first time; the number after that. */
  jellyFor(jellier: Jellier): void {
    const { perspective } = jellier;
    jellier.cache(
      this,
      this.getTypeToCopyFor(perspective),
      (observer) => this.getStateToCacheAndObserveFor(perspective, observer as RemoteCacheObserver),
      CACHED,
    );
  }
}

/**
 * A peer's {@linkcode Cacheable}, here. The same cacheable received twice is the same object. Its owner is told that it
 * is given up when it is collected, or at once by `Symbol.dispose`.
 */
export class RemoteCache implements Jellyable, Disposable {
  /** The connection it came over. */
  broker: Broker | null = null;
  /** Its number there. */
  luid = 0;

  /** Takes the state; by default each field of it becomes one of this object. */
  setCopyableState(state: unknown): void {
    assignState(this, state);
  }

  /** Calls the `observe_` method of that name. */
  observeMessageReceived(_broker: Broker, name: string, args: unknown[], named: Kwargs | null): unknown {
    return callExposed(this, "observe_", name, args, named);
  }

  /** Goes home as the peer's own object. */
  jellyFor(jellier: Jellier): void {
    const number = jellier.invoker?.ownCache(this) ?? null;
    if (number === null) jellier.unpersistable("A cache of another connection");
    else jellier.pair(LCACHE, number);
  }

  /** Gives the copy up: it hears of no more changes. */
  [Symbol.dispose](): void {
    this.broker?.giveUpCache(this);
  }
}
Object.defineProperty(RemoteCache.prototype, REMOTE_CACHE, { value: true });
