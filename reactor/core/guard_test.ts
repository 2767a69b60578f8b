import { assertEquals } from "@std/assert";
import { guard } from "./guard.ts";

Deno.test("what is thrown, at once or later, is told once", async () => {
  const told: unknown[] = [];
  const failed = (error: unknown): void => void told.push(error);
  guard(() => {
    throw "at once";
  }, failed);
  guard(() => Promise.reject("later"), failed);
  guard(() => Promise.resolve("well"), failed);
  guard(() => "well", failed);
  assertEquals(told, ["at once"]);
  await Promise.resolve();
  assertEquals(told, ["at once", "later"]);
});
