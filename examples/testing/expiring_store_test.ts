import { Clock } from "@ropewalk/testing";
import { assertEquals } from "@std/assert";
import { ExpiringStore } from "./expiring_store.ts";

Deno.test("a key is there for 15 seconds, and not a moment longer", () => {
  const clock = new Clock();
  const store = new ExpiringStore(clock);
  store.set("color", "red");
  clock.advance(14.999);
  assertEquals(store.get("color"), "red");
  clock.advance(0.001);
  assertEquals([store.get("color"), store.size], [undefined, 0]);
});

Deno.test("set renews, and a key that was never set is not there", () => {
  const clock = new Clock();
  const store = new ExpiringStore(clock);
  store.set("color", "red");
  clock.advance(10);
  store.set("color", "blue");
  clock.advance(10);
  assertEquals([store.get("color"), store.get("shape")], ["blue", undefined]);
  clock.advance(5);
  assertEquals(clock.getDelayedCalls(), []);
});
