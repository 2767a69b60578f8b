import { MemCacheProtocol } from "@ropewalk/protocols/memcache";
import { Clock, failureResultOf, StringTransportWithDisconnection, successResultOf } from "@ropewalk/testing";
import { assertEquals } from "@std/assert";
import { getAll } from "./memget.ts";

function start() {
  const clock = new Clock();
  const cache = new MemCacheProtocol({ timeoutSeconds: 5 });
  const transport = new StringTransportWithDisconnection({ reactor: clock });
  transport.protocol = cache;
  cache.makeConnection(transport);
  const receive = (text: string) => cache.dataReceived(new TextEncoder().encode(text));
  return { cache, clock, transport, receive };
}

Deno.test("both questions are sent at once, and each has its answer", () => {
  const { cache, transport, receive } = start();
  const lines = getAll(cache, ["color", "shape"]);
  assertEquals(transport.text(), "get color\r\nget shape\r\n");
  receive("VALUE color 0 3\r\nred\r\nEND\r\nEND\r\n");
  assertEquals(successResultOf(lines), ["color: red", "shape: (not there)"]);
});

Deno.test("a key that cannot be one is an error", () => {
  failureResultOf(getAll(start().cache, ["two words"]), "FirstError");
});

Deno.test("a server that hangs up, or is silent, fails all that wait", () => {
  const lost = start();
  const one = getAll(lost.cache, ["color", "shape"]);
  lost.transport.loseConnection();
  failureResultOf(one, "FirstError");
  const silent = start();
  const other = getAll(silent.cache, ["color"]);
  silent.clock.advance(5);
  silent.clock.advance(0);
  failureResultOf(other, "FirstError");
});
