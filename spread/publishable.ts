/**
 * `Publishable`: an object whose copy the peer may keep from one connection to the next, and that sends its state only
 * if the peer's is out of date.
 * @module
 */
import { Deferred, fail, type Failure, succeed } from "@ropewalk/deferred";
import type { Broker } from "./broker.ts";
import { Cacheable, RemoteCache, type RemoteCacheObserver } from "./cacheable.ts";
import { assignState } from "./copyable.ts";
import { callExposed } from "./referenceable.ts";
import type { RemoteReference } from "./remote_reference.ts";
import type { Kwargs } from "./values.ts";
import { viewPoint } from "./viewable.ts";

/** An object with a name and a time of its last change. */
export abstract class Publishable extends Cacheable {
  /** When it was last changed, in seconds since 1970. */
  timestamp: number;

  /**
   * Makes one.
   *
   * @param publishedID Its name, the same in every run of the program.
   * @param timestamp When it was last changed.
   */
  constructor(readonly publishedID: string, timestamp: number = Date.now() / 1000) {
    super();
    this.timestamp = timestamp;
  }

  /** Notes that it was changed. */
  republish(timestamp: number = Date.now() / 1000): void {
    this.timestamp = timestamp;
  }

  /** The whole state. */
  abstract getStateToPublish(): unknown;

  /** As {@linkcode getStateToPublish}, for one avatar. */
  getStateToPublishFor(_perspective: unknown): unknown {
    return this.getStateToPublish();
  }

  /** Called by peers whose copy is out of date. */
  view_getStateToPublish(perspective: unknown): unknown {
    return this.getStateToPublishFor(perspective);
  }

  /** Calls the `view_` method of that name. */
  viewMessageReceived(
    _broker: Broker,
    perspective: unknown,
    name: string,
    args: unknown[],
    named: Kwargs | null,
  ): unknown {
    return callExposed(this, "view_", name, [perspective, ...args], named);
  }

  /** Sends name, time of the last change, and a reference to get the state by. */
  override getStateToCacheAndObserveFor(perspective: unknown, _observer: RemoteCacheObserver): unknown {
    return {
      remote: viewPoint(perspective, this),
      publishedID: this.publishedID,
      perspective: "None",
      service: "None",
      timestamp: this.timestamp,
    };
  }
}

/** What a copy remembers between connections. */
export interface PublishedState {
  /** When it was last changed. */
  readonly timestamp: number;
  /** The state itself. */
  readonly state: unknown;
}

/** The copy of a {@linkcode Publishable}. */
export abstract class RemotePublished extends RemoteCache {
  /** When the state that is here was last changed. */
  timestamp = 0;
  /** True once the state is there. */
  isActivated = false;
  /** The object's name. */
  publishedID = "";
  #waiting: Deferred<this>[] = [];
  #failure: Failure | null = null;

  /** The state that was kept under this name, or `null`. The peer chose the name: it is no path to be used without a check. */
  protected abstract load(publishedID: string): PublishedState | null;

  /** Keeps a state for the next connection. */
  protected abstract save(publishedID: string, kept: PublishedState): void;

  /** Called when the state is there. */
  protected activated(): void {}

  /** Takes name and time, and asks for the state unless the one that was kept is as new. */
  override setCopyableState(state: unknown): void {
    const { publishedID, timestamp, remote } = state as {
      publishedID: string;
      timestamp: number;
      remote: RemoteReference;
    };
    if (typeof publishedID !== "string" || typeof timestamp !== "number") {
      throw new TypeError("Cannot receive a published object: it has no name or no time");
    }
    this.publishedID = publishedID;
    this.timestamp = timestamp;
    const kept = this.load(publishedID);
    if (kept !== null && kept.timestamp === timestamp) {
      this.#activate(kept.state);
      return;
    }
    remote.callRemote("getStateToPublish").addCallback((fresh) => {
      this.save(publishedID, { timestamp, state: fresh });
      this.#activate(fresh);
    }).addErrback((failure) => this.#fail(failure));
  }

  #activate(state: unknown): void {
    const { broker, luid } = this;
    assignState(this, state);
    Object.assign(this, { broker, luid }); // not for the state to say
    this.isActivated = true;
    this.activated();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const d of waiting) if (!d.called) d.callback(this);
  }

  // The state does not come. Who waits for it hears of that; if nobody does, it is nobody's failure but the program's.
  #fail(failure: Failure): Failure | undefined {
    this.#failure = failure;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const d of waiting) if (!d.called) d.errback(failure);
    return waiting.length > 0 ? undefined : failure;
  }

  /** @ignore Fires when the state is there; fails if it does not come. */
  _whenReady(): Deferred<this> {
    if (this.isActivated) return succeed(this);
    if (this.#failure !== null) return fail(this.#failure);
    const d = new Deferred<this>();
    this.#waiting.push(d);
    return d;
  }

  /**
   * Calls `f` with this object when the state is there; at once if it is. If the state does not come it is never called:
   * {@linkcode whenReady} tells of that too.
   */
  callWhenActivated(f: (self: this) => void): void {
    this._whenReady().addCallbacks(f, () => {});
  }
}

/**
 * Waits until a published object is not only received but complete.
 *
 * @param d The result of a call that gives a {@linkcode RemotePublished}.
 * @returns Fails as the call does, and when the state does not come: with `PBConnectionLost` if the connection is lost
 * before.
 */
export function whenReady<T extends RemotePublished>(d: Deferred<T>): Deferred<T> {
  return d.addCallback((published) => {
    if (typeof (published as Partial<T> | null | undefined)?._whenReady === "function") {
      return published._whenReady() as Deferred<T>;
    }
    throw new TypeError("Cannot wait for what was received: it is no RemotePublished");
  });
}
