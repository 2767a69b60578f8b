import { assertEquals, assertThrows } from "@std/assert";
import { serverFromString } from "../core/endpoints/from_string.ts";
import { NotSupportedError } from "../core/errors.ts";
import { createReactor } from "../mod.ts";

Deno.test("fd: and systemd: say what is wrong", () => {
  const factory = { doStart() {}, doStop() {}, buildProtocol: () => null };
  for (const kind of ["deno", "node"] as const) {
    const reactor = createReactor(kind);
    let error: unknown;
    serverFromString(reactor, "fd:3").listen(factory).addErrback((failure) => void (error = failure.value));
    assertEquals(
      error instanceof NotSupportedError && /Deno .*descriptor/.test(error.message),
      true,
      `${error}`,
    );
    assertThrows(() => serverFromString(reactor, "fd:three"), TypeError, "no number");
    assertThrows(() => serverFromString(reactor, "systemd:domain=INET:index=0"), TypeError, "0 sockets");
    assertThrows(() => serverFromString(reactor, "systemd:domain=INET"), TypeError, "index");
  }
});
