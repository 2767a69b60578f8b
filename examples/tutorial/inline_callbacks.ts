/**
 * One piece of work written three times: with callbacks, as a generator, and with `await`.
 *
 *     deno run --allow-net examples/tutorial/inline_callbacks.ts --item=rope
 *
 * What is new since errback_twice.ts: in `inlineCallbacks` each `yield*` waits for a Deferred, and an ordinary `try` does
 * what errbacks do. `await` works on Deferreds too; the difference is that a generator's Deferred can be cancelled.
 */
import { type Deferred, ensureDeferred, inlineCallbacks } from "@ropewalk/deferred";
import { deferLater, reactor } from "@ropewalk/reactor";
import { work } from "./_command.ts";

export class NotSold extends Error {}

/** Where prices and stock are looked up; each takes its time. */
export interface Shop {
  price(item: string): Deferred<number>;
  stock(item: string): Deferred<number>;
}

/** What all of an item is worth; 0 for one that is not sold. */
export function worthWithCallbacks(shop: Shop, item: string): Deferred<number> {
  return shop.price(item)
    .addCallback((price) => shop.stock(item).addCallback((stock) => price * stock))
    .addErrback((failure) => {
      failure.trap(NotSold);
      return 0;
    });
}

/** The same. */
export const worthAsGenerator = inlineCallbacks(function* (shop: Shop, item: string) {
  try {
    const price = yield* shop.price(item);
    return price * (yield* shop.stock(item));
  } catch (error) {
    if (error instanceof NotSold) return 0;
    throw error;
  }
});

/** The same. */
export async function worthWithAwait(shop: Shop, item: string): Promise<number> {
  try {
    const price = await shop.price(item);
    return price * await shop.stock(item);
  } catch (error) {
    if (error instanceof NotSold) return 0;
    throw error;
  }
}

/** A shop that thinks for a moment. */
function slowShop(): Shop {
  const goods = new Map([["rope", { price: 12, stock: 5 }], ["nail", { price: 1, stock: 900 }]]);
  const look = (item: string) => {
    const found = goods.get(item);
    if (found === undefined) throw new NotSold(item);
    return found;
  };
  return {
    price: (item) => deferLater(reactor, 0.1, () => look(item).price),
    stock: (item) => deferLater(reactor, 0.1, () => look(item).stock),
  };
}

const HELP = `Tells what all of an item is worth, worked out in three ways.

  --item NAME        rope, nail, or what is not sold (rope)`;

if (import.meta.main) {
  Deno.exit(
    await work(
      HELP,
      { item: "rope" },
      inlineCallbacks(function* ({ item }: { item: string }) {
        const shop = slowShop();
        console.log("callbacks:", yield* worthWithCallbacks(shop, item));
        console.log("generator:", yield* worthAsGenerator(shop, item));
        console.log("await:    ", yield* ensureDeferred(worthWithAwait(shop, item)));
      }),
    ),
  );
}
