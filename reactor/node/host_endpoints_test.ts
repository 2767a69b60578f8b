import { assertEquals } from "@std/assert";
import { serverFromString } from "@ropewalk/reactor/core";
import { MemoryReactorClock } from "@ropewalk/testing";
import { registerHostEndpoints } from "./host_endpoints.ts";

Deno.test("a server under TLS is described as ssl or tls", async () => {
  registerHostEndpoints();
  const file = await Deno.makeTempFile({ suffix: ".pem" });
  await Deno.writeTextFile(file, "key and certificate");
  const reactor = new MemoryReactorClock();
  const factory = { doStart() {}, doStop() {}, buildProtocol: () => null };
  serverFromString(reactor, `ssl:443:privateKey=${file}`).listen(factory);
  serverFromString(reactor, `tls:444:privateKey=${file}`).listen(factory);
  const tls = { cert: "key and certificate", key: "key and certificate" };
  assertEquals(reactor.tlsServers.map((port) => [`${port.address}`, port.tls]), [
    ["0.0.0.0:443", tls],
    ["0.0.0.0:444", tls],
  ]);
  await Deno.remove(file);
});
