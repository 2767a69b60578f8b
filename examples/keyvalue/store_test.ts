import { Clock } from "@ropewalk/testing";
import { assertEquals, assertThrows } from "@std/assert";
import { KeyError, KeyValueStore, MAX_ENTRIES, ValueError } from "./store.ts";

Deno.test("a key lives for exactly 15 seconds", () => {
  const clock = new Clock();
  const store = new KeyValueStore(clock);
  store.set("color", "red");
  clock.advance(14.999);
  assertEquals(store.get("color"), "red");
  clock.advance(0.001);
  assertThrows(() => store.get("color"), KeyError, "no such key: color");
  assertEquals(clock.getDelayedCalls(), []);
});

Deno.test("every set renews the time of its key", () => {
  const clock = new Clock();
  const store = new KeyValueStore(clock, 10);
  store.set("color", "red");
  store.set("shape", "round");
  clock.advance(9);
  store.set("color", "blue");
  clock.advance(9);
  assertEquals(store.entries(), [{ key: "color", value: "blue", secondsLeft: 1 }]);
});

Deno.test("a deleted key leaves no timer behind, and cannot be deleted again", () => {
  const clock = new Clock();
  const store = new KeyValueStore(clock);
  store.set("color", "red");
  store.delete("color");
  assertEquals(clock.getDelayedCalls(), []);
  assertThrows(() => store.delete("color"), KeyError);
});

Deno.test("what one of the services could not show is refused", () => {
  const store = new KeyValueStore(new Clock());
  for (const key of ["", "two words", "a\nb", "\x00", "k".repeat(251)]) {
    assertThrows(() => store.set(key, "v"), ValueError, "a key is");
  }
  for (const value of ["a\r\nVALUE other forged", "v".repeat(65_537)]) {
    assertThrows(() => store.set("k", value), ValueError, "a value is");
  }
});

Deno.test("a full store takes no new keys, but renews the old ones", () => {
  const store = new KeyValueStore(new Clock());
  for (let i = 0; i < MAX_ENTRIES; i++) store.set(`k${i}`, "v");
  assertThrows(() => store.set("one-more", "v"), ValueError, "full");
  store.set("k7", "new");
  assertEquals(store.get("k7"), "new");
  store.clear();
  assertEquals(store.entries(), []);
});
