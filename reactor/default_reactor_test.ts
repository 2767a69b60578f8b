import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { NotSupportedError } from "./core/errors.ts";
import { createReactor, reactor } from "./default_reactor.ts";
import { DenoReactor } from "./deno/mod.ts";
import { NodeReactor } from "./node/mod.ts";

Deno.test("createReactor makes reactors by the name of their host, and tells what this one has not", () => {
  assertInstanceOf(reactor, DenoReactor);
  assertInstanceOf(createReactor("deno"), DenoReactor);
  assertInstanceOf(createReactor("node"), NodeReactor);
  assertThrows(() => createReactor("bun" as "node"), RangeError, "bun");
  const isHere = Object.getOwnPropertyDescriptor(DenoReactor, "isHere")!;
  Object.defineProperty(DenoReactor, "isHere", { ...isHere, value: false });
  try {
    assertThrows(() => createReactor("deno"), NotSupportedError, "node");
  } finally {
    Object.defineProperty(DenoReactor, "isHere", isHere);
  }
  assertEquals(DenoReactor.isHere, true);
});
