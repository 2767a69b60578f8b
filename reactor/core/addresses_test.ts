import { assertEquals } from "@std/assert";
import { hostAndPort } from "./addresses.ts";
import { CannotListenError } from "./errors.ts";

Deno.test("an IPv6 address stands in brackets before a port", () => {
  assertEquals(hostAndPort("::1", 80), "[::1]:80");
  assertEquals(hostAndPort("127.0.0.1", 80), "127.0.0.1:80");
  assertEquals(
    new CannotListenError("::1", 80, new Error("in use")).message,
    "Cannot listen on [::1]:80: in use",
  );
});
