/**
 * What we hold of the peer's: references and caches, by number, without keeping them alive. Each receipt is one debt, to
 * be paid when the object is collected, or given up by hand.
 * @module
 */

/** Where the debts are paid: the broker. */
export interface Creditor {
  /** Pays for `receipts` receipts of an object. */
  pay(kind: "decref" | "decache", luid: number, receipts: number): void;
}

interface Debt {
  readonly table: WeakRef<RemoteTable<object>>;
  readonly luid: number;
  receipts: number;
}

interface Held<T extends object> {
  readonly object: WeakRef<T>;
  readonly debt: Debt;
}

const registry = new FinalizationRegistry<Debt>((debt) => debt.table.deref()?.collected(debt));

/** The table; all in O(1). */
export class RemoteTable<T extends object> {
  readonly #held = new Map<number, Held<T>>();
  readonly #kind: "decref" | "decache";
  readonly #creditor: Creditor;
  readonly #self: WeakRef<RemoteTable<object>> = new WeakRef(this as unknown as RemoteTable<object>);

  constructor(kind: "decref" | "decache", creditor: Creditor) {
    this.#kind = kind;
    this.#creditor = creditor;
  }

  /** The object of a number, if it is still there; one more receipt. */
  receive(luid: number): T | undefined {
    const held = this.#held.get(luid);
    const object = held?.object.deref();
    if (object !== undefined) held!.debt.receipts++;
    return object;
  }

  /** Holds an object that was received for the first time. */
  hold(luid: number, object: T): void {
    const debt = { table: this.#self, luid, receipts: 1 };
    this.#held.set(luid, { object: new WeakRef(object), debt });
    registry.register(object, debt, object);
  }

  /** The object of a number, without a receipt. */
  peek(luid: number): T | undefined {
    return this.#held.get(luid)?.object.deref();
  }

  /** Gives an object up by hand: pays all that is owed. */
  giveUp(luid: number, object: T): void {
    const held = this.#held.get(luid);
    if (held === undefined || held.object.deref() !== object) return;
    registry.unregister(object);
    this.#settle(held.debt);
  }

  /** For the registry. */
  collected(debt: Debt): void {
    this.#settle(debt);
  }

  #settle(debt: Debt): void {
    // The number may have been received anew in the meantime, with a debt of its own.
    if (this.#held.get(debt.luid)?.debt === debt) this.#held.delete(debt.luid);
    const receipts = debt.receipts;
    debt.receipts = 0;
    if (receipts > 0) this.#creditor.pay(this.#kind, debt.luid, receipts);
  }

  /** Forgets everything: the connection is gone, and with it the debts. */
  clear(): void {
    for (const { object } of this.#held.values()) {
      const alive = object.deref();
      if (alive !== undefined) registry.unregister(alive);
    }
    this.#held.clear();
  }
}
