import { assertEquals } from "@std/assert";
import { asciiHost } from "./ascii_host.ts";

Deno.test("asciiHost writes international names as the network does, and leaves everything else alone", () => {
  assertEquals(asciiHost("bücher.example"), "xn--bcher-kva.example");
  assertEquals(asciiHost("BÜCHER.example"), "xn--bcher-kva.example");
  for (
    const host of ["Example.org", "127.1", "::1", "fe80::1%eth0", "", "not a name", "ü b", "ü:1", "ü\u0000"]
  ) {
    assertEquals(asciiHost(host), host);
  }
});
