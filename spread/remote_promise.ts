/**
 * `RemotePromise`: an object of the peer's that is not there yet, and can be called all the same.
 * @module
 */
import { Deferred, Failure } from "@ropewalk/deferred";
import type { Broker } from "./broker.ts";
import { JellyError } from "./errors.ts";
import { RemoteReference } from "./remote_reference.ts";
import type { Arguments, MethodName, Result, Untyped } from "./types.ts";

/** The class of the object behind a reference. */
export type Referent<V> = V extends RemoteReference<infer T> ? T : Untyped;

/**
 * The result of `RemoteReference.pipeline`. Between two Ropewalk peers, calls on it leave at once and take no round trip of
 * their own; with any other peer they wait for the result.
 *
 * @typeParam V The result: a reference.
 */
export class RemotePromise<V = RemoteReference> {
  /** The result itself. */
  readonly result: Deferred<V>;
  readonly #broker: Broker;
  // The number of the call whose result this is, while the peer keeps it for us; else 0.
  #id: number;
  #value: V | null = null;
  #failure: Failure | null = null;
  #waiting: ((reference: RemoteReference | null, failure: Failure | null) => void)[] = [];

  /** For the broker. */
  constructor(broker: Broker, id: number, answer: Deferred<unknown>) {
    this.#broker = broker;
    this.#id = id;
    this.result = new Deferred<V>(() => answer.cancel());
    answer.addCallbacks((value) => {
      this.#release();
      this.#value = value as V;
      this.#tell();
      if (!this.result.called) this.result.callback(value as V);
    }, (failure: Failure) => {
      this.#release();
      this.#failure = failure;
      this.#tell();
      if (!this.result.called) this.result.errback(failure);
    });
  }

  /** Calls a method of the result. */
  callRemote<N extends MethodName<Referent<V>>>(
    name: N,
    ...args: Arguments<Referent<V>, N>
  ): Deferred<Result<Referent<V>, N>> {
    if (this.#id !== 0) {
      return this.#broker.callResult(this.#id, name, args as unknown[]) as Deferred<Result<Referent<V>, N>>;
    }
    return this.#later((reference) =>
      reference.callRemote(name as string, ...(args as unknown[]))
    ) as Deferred<
      Result<Referent<V>, N>
    >;
  }

  /** Calls a method of the result that gives another object, which can be called in its turn. */
  pipeline<N extends MethodName<Referent<V>>>(
    name: N,
    ...args: Arguments<Referent<V>, N>
  ): RemotePromise<Result<Referent<V>, N>> {
    if (this.#id !== 0) return this.#broker.pipelineResult(this.#id, name, args as unknown[]);
    return new RemotePromise(
      this.#broker,
      0,
      this.#later((reference) => reference.callRemote(name as string, ...(args as unknown[]))),
    );
  }

  #release(): void {
    if (this.#id !== 0) this.#broker.releaseResult(this.#id);
    this.#id = 0;
  }

  #later(f: (reference: RemoteReference) => Deferred<unknown>): Deferred<unknown> {
    const d = new Deferred<unknown>();
    const go = (reference: RemoteReference | null, failure: Failure | null) => {
      if (failure !== null) d.errback(failure);
      else if (reference === null) d.errback(new JellyError("Cannot call the result: it is no reference"));
      else {
        try {
          f(reference).chainDeferred(d);
        } catch (error) {
          d.errback(new Failure(error));
        }
      }
    };
    if (this.#value === null && this.#failure === null) this.#waiting.push(go);
    else go(this.#reference(), this.#failure);
    return d;
  }

  #reference(): RemoteReference | null {
    return this.#value instanceof RemoteReference ? this.#value as RemoteReference : null;
  }

  #tell(): void {
    for (const go of this.#waiting.splice(0)) go(this.#reference(), this.#failure);
  }
}
