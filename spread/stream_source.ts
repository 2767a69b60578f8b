/**
 * Async iterables as results: they stay where they are, and are asked for one item after the other.
 * @module
 */
import type { RemoteReference } from "./remote_reference.ts";
import { Referenceable } from "./referenceable.ts";
import { type Tuple, tuple } from "./values.ts";

// How many items may be asked for and not yet used: enough to hide a round trip, little enough to be back-pressure.
const AHEAD = 8;

/** Stands for an async iterable at its owner; the peer iterates over the reference. */
export class StreamSource extends Referenceable {
  readonly #items: AsyncIterator<unknown>;

  /** For the broker. */
  constructor(iterable: AsyncIterable<unknown>) {
    super();
    this.#items = iterable[Symbol.asyncIterator]();
  }

  /** The next item: `(true, item)`, or `(false, None)` at the end. */
  async remote_next(): Promise<Tuple> {
    const { done, value } = await this.#items.next();
    return (done ? tuple(false, null) : tuple(true, value)) as Tuple;
  }

  /** No more are wanted. */
  async remote_return(): Promise<void> {
    await this.#items.return?.();
  }
}

/** Iterates over a stream of the peer's; leaving the loop early tells the peer. */
export async function* iterate(reference: RemoteReference): AsyncGenerator<unknown, void> {
  const asked: Promise<[boolean, unknown]>[] = [];
  let ended = false;
  try {
    for (;;) {
      while (asked.length < AHEAD) {
        const item = reference.callRemote("next").toPromise() as Promise<[boolean, unknown]>;
        item.catch(() => {}); // it is awaited below, if the loop gets there
        asked.push(item);
      }
      const [more, value] = await asked.shift()!;
      if (!more) {
        ended = true;
        return;
      }
      yield value;
    }
  } finally {
    if (!reference.broker.disconnected) {
      if (!ended) reference.callRemoteOnly("return");
      reference[Symbol.dispose]();
    }
  }
}
