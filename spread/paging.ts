/**
 * Long data in pages: Twisted's `spread.util` pagers. A message is limited to what its reader will hold in memory; a file or
 * a long string goes as a series of calls, `gotPage` for each page and `endedPaging` at last, never more than a few of
 * them unanswered.
 * @module
 */
import { Deferred, type Failure, maybeDeferred } from "@ropewalk/deferred";
import { DeadReferenceError } from "./errors.ts";
import { Referenceable } from "./referenceable.ts";
import type { RemoteReference } from "./remote_reference.ts";

/** How many bytes a page has. */
export const PAGE_BYTES = 8192;

// How many pages may be under way: enough to fill the line, little enough to forget.
const WINDOW = 4;

/** What a pager sends its pages to: a `CallbackPageCollector` at the peer. */
export type RemoteCollector = RemoteReference;

/** Sends pages to a collector until there are no more. */
export abstract class Pager {
  readonly #collector: RemoteCollector;
  readonly #done: Deferred<void> = new Deferred();
  #underWay = 0;
  #asking = false;
  #ended = false;

  /**
   * Begins in the next turn of the caller's own, that is: when {@linkcode start} is called.
   *
   * @param collector The peer's collector.
   */
  constructor(collector: RemoteCollector) {
    this.#collector = collector;
  }

  /** The next page, or `null` if there are no more; now or later. */
  protected abstract nextPage(): unknown;

  /**
   * Begins.
   *
   * @returns Fires when the last page was received, fails if the peer refuses one or is gone.
   */
  start(): Deferred<void> {
    this.#more();
    return this.#done;
  }

  /** Ends after the page in hand, as if there were no more. */
  stopPaging(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (!this.#asking) this.#end();
  }

  #more(): void {
    while (!this.#ended && !this.#asking && this.#underWay < WINDOW) {
      this.#asking = true;
      // A page that is there at once is sent at once, in a loop; any other calls back.
      let now = true;
      maybeDeferred(() => this.nextPage()).addCallbacks((page) => {
        this.#asking = false;
        if (this.#ended) this.#end();
        else if (page === null || page === undefined) {
          this.#ended = true;
          this.#end();
        } else this.#send(page);
        if (!now) this.#more();
      }, (failure) => this.#fail(failure));
      now = false;
    }
  }

  #send(page: unknown): void {
    this.#underWay++;
    this.#call("gotPage", page).addCallbacks(() => {
      this.#underWay--;
      this.#more();
    }, (failure) => this.#fail(failure));
  }

  #end(): void {
    this.#call("endedPaging").addCallbacks(() => {
      if (!this.#done.called) this.#done.callback();
    }, (failure) => this.#fail(failure));
  }

  #call(name: string, ...args: unknown[]): Deferred<unknown> {
    return maybeDeferred(() => this.#collector.callRemote(name, ...args));
  }

  #fail(failure: Failure): void {
    this.#ended = true;
    if (this.#done.called) return;
    this.#done.errback(failure);
    // A peer that went away in the middle is no news to anybody who did not ask for the outcome.
    this.#done.addErrback((lost) => lost.check(DeadReferenceError) ? undefined : lost);
  }
}

/** Sends a long byte string. */
export class StringPager extends Pager {
  readonly #bytes: Uint8Array;
  readonly #size: number;
  #at = 0;

  /**
   * Makes one.
   *
   * @param collector The peer's collector.
   * @param data The bytes; text is sent as UTF-8.
   * @param pageBytes How many bytes a page has.
   */
  constructor(collector: RemoteCollector, data: Uint8Array | string, pageBytes: number = PAGE_BYTES) {
    super(collector);
    this.#bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
    this.#size = pageBytes;
  }

  /** A slice. */
  protected override nextPage(): Uint8Array | null {
    if (this.#at >= this.#bytes.length) return null;
    const page = this.#bytes.subarray(this.#at, this.#at + this.#size);
    this.#at += this.#size;
    return page;
  }
}

/** Sends a file, or anything else that comes in chunks; each is read when its turn comes, and not kept. */
export class FilePager extends Pager {
  readonly #chunks: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  readonly #size: number;
  #rest: Uint8Array = new Uint8Array(0);

  /**
   * Makes one.
   *
   * @param collector The peer's collector.
   * @param file The chunks: a file's `readable`, for example.
   * @param pageBytes The most bytes that a page has.
   */
  constructor(
    collector: RemoteCollector,
    file: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    pageBytes: number = PAGE_BYTES,
  ) {
    super(collector);
    this.#chunks = Symbol.asyncIterator in file ? file[Symbol.asyncIterator]() : file[Symbol.iterator]();
    this.#size = pageBytes;
  }

  /** What is left of the chunk in hand, or of the next. */
  protected override nextPage(): unknown {
    return this.#rest.length > 0 ? this.#cut() : this.#read();
  }

  async #read(): Promise<Uint8Array | null> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#chunks.next();
      if (done) return null;
      this.#rest = value;
    }
    return this.#cut();
  }

  #cut(): Uint8Array {
    const page = this.#rest.subarray(0, this.#size);
    this.#rest = this.#rest.subarray(page.length);
    return page;
  }
}

/** Gathers pages, and hands them over when the last is there. */
export class CallbackPageCollector extends Referenceable {
  readonly #pages: unknown[] = [];
  readonly #callback: (pages: unknown[]) => void;

  /**
   * Makes one.
   *
   * @param callback Called once, with all pages.
   */
  constructor(callback: (pages: unknown[]) => void) {
    super();
    this.#callback = callback;
  }

  /** One more page. */
  remote_gotPage(page: unknown): void {
    this.#pages.push(page);
  }

  /** That was the last. */
  remote_endedPaging(): void {
    this.#callback(this.#pages);
  }
}

/**
 * Calls a method that pages its result: it gets a collector as its first argument.
 *
 * @param reference The object.
 * @param name Its method.
 * @param args Further arguments.
 * @returns The pages; fails if the call does, or the connection is lost before the last page.
 */
export function getAllPages(
  reference: RemoteReference,
  name: string,
  ...args: unknown[]
): Deferred<unknown[]> {
  const { broker } = reference;
  const d = new Deferred<unknown[]>();
  const lost = () => {
    if (!d.called) d.errback(new DeadReferenceError("The connection was lost before the last page came"));
  };
  const collector = new CallbackPageCollector((pages) => {
    broker.dontNotifyOnDisconnect(lost);
    if (!d.called) d.callback(pages);
  });
  reference.callRemote(name, collector, ...args).addErrback((failure) => {
    broker.dontNotifyOnDisconnect(lost);
    if (!d.called) d.errback(failure);
  });
  broker.notifyOnDisconnect(lost);
  return d;
}
