import { assertEquals, assertThrows } from "@std/assert";
import {
  clientFromString,
  connectProtocol,
  NotSupportedError,
  serverFromString,
} from "@ropewalk/reactor/core";
import { MemoryReactorClock } from "@ropewalk/testing";
import { createReactor } from "../mod.ts";
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
  serverFromString(reactor, `ssl:445:${file}:${file}:interface=:extraCertChain=${file}`).listen(factory);
  assertEquals(reactor.tlsServers.map((port) => [`${port.address}`, port.tls]), [
    ["0.0.0.0:443", tls],
    ["0.0.0.0:444", tls],
    ["0.0.0.0:445", { ...tls, cert: "key and certificate\nkey and certificate" }],
  ]);
  await Deno.remove(file);
});

Deno.test("trustRoots= is a file, or a directory of .pem files", async () => {
  registerHostEndpoints();
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/a.pem`, "one");
    await Deno.writeTextFile(`${folder}/B.PEM`, "two");
    await Deno.writeTextFile(`${folder}/notes.txt`, "three");
    const reactor = new MemoryReactorClock();
    const protocol = { makeConnection() {}, dataReceived() {}, connectionLost() {} };
    for (const path of [`${folder}/a.pem`, folder]) {
      const endpoint = clientFromString(reactor, `ssl:example.org:443:trustRoots=${path}`);
      connectProtocol(endpoint, protocol).addErrback(() => {});
    }
    assertEquals(reactor.tlsClients.map(({ tls }) => tls?.ca), [["one"], ["two", "one"]]);
    await Deno.remove(`${folder}/a.pem`);
    await Deno.remove(`${folder}/B.PEM`);
    assertThrows(
      () => clientFromString(reactor, `tls:example.org:443:trustRoots=${folder}`),
      TypeError,
      "without a .pem file",
    );
    assertThrows(
      () => clientFromString(reactor, `tls:example.org:443:trustRoots=${folder}/none`),
      TypeError,
      '"trustRoots" is no file that can be read',
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a client under TLS takes a local address, and tls: goes over any other endpoint", () => {
  registerHostEndpoints();
  const reactor = new MemoryReactorClock();
  const protocol = { makeConnection() {}, dataReceived() {}, connectionLost() {} };
  const texts = [
    "ssl:host=example.org:443:bindAddress=127.0.0.1:timeout=5",
    "tls:example.org:443:5:127.0.0.1",
    "tls:example.org:443:bindAddress=127.0.0.1:timeout=5",
    "tls:example.org:443:endpoint=unix\\:/run/tunnel",
  ];
  for (const text of texts) {
    connectProtocol(clientFromString(reactor, text), protocol).addErrback(() => {});
  }
  const options = { timeoutSeconds: 5, bindAddress: { hostname: "127.0.0.1" } };
  assertEquals(reactor.tlsClients.map((client) => client.options), [options]);
  assertEquals(reactor.tcpClients.map((client) => client.options), [options, options]);
  assertEquals(reactor.unixClients.map(({ address }) => `${address}`), ["unix:/run/tunnel"]);
});

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

Deno.test("stdio: fails its Deferred when there is no protocol, and touches nothing", () => {
  registerHostEndpoints();
  const reactor = createReactor("deno");
  const errors: string[] = [];
  const faulty = (): never => {
    throw new RangeError("built wrongly");
  };
  for (const buildProtocol of [() => null, faulty]) {
    serverFromString(reactor, "stdio:").listen({ doStart() {}, doStop() {}, buildProtocol })
      .addErrback((failure) => void errors.push(failure.type));
  }
  serverFromString(new MemoryReactorClock(), "stdio:").listen({
    doStart() {},
    doStop() {},
    buildProtocol: faulty,
  })
    .addErrback((failure) => void errors.push(failure.type));
  assertEquals([errors, reactor.stats().connections], [["NoProtocol", "RangeError", "NotSupportedError"], 0]);
});

Deno.test("UNIX datagrams are refused in words, and nothing is opened", () => {
  for (const kind of ["deno", "node"] as const) {
    const reactor = createReactor(kind);
    const handler = { makeConnection() {}, doStop() {}, datagramReceived() {} };
    for (const method of ["listenUNIXDatagram", "connectUNIXDatagram"] as const) {
      assertThrows(
        () => reactor[method]("/run/x", handler),
        NotSupportedError,
        "unix:/run/x: neither Node nor Deno",
      );
    }
    assertEquals(reactor.stats().ports, []);
  }
});
