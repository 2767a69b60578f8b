/** What a transport and a port are told reaches the system's sockets, as strace sees it. */
import { assertEquals } from "@std/assert";
import { Running } from "../_process.ts";

const SERVER = new URL("socket_options_server.ts", import.meta.url).pathname;

/** In this order, each among others. */
const ASKED = [
  /listen\(\d+, 77\)/,
  /bind\(\d+, .*"127\.0\.0\.2"/,
  /TCP_NODELAY, \[1\]/,
  /TCP_NODELAY, \[0\]/,
  /SO_KEEPALIVE, \[1\]/,
  /SO_KEEPALIVE, \[0\]/,
  /TCP_NODELAY, \[1\]/, // under TLS, at both ends
  /TCP_NODELAY, \[1\]/,
  /TCP_NODELAY, \[0\]/,
  /SO_KEEPALIVE, \[1\]/,
  /SO_BROADCAST, \[1\]/,
  /IP_MULTICAST_TTL, \[7\]/,
  /IP_MULTICAST_LOOP, \[0\]/,
  /IP_MULTICAST_IF, /,
  /IP_ADD_MEMBERSHIP, .*239\.1\.2\.3.*127\.0\.0\.1/,
  /IP_DROP_MEMBERSHIP, .*239\.1\.2\.3/,
];

for (const kind of ["deno", "node"]) {
  Deno.test(`backlog, local address, no-delay, keep-alive and multicast reach the system: the reactor on ${kind}`, async () => {
    await using server = new Running("strace", [
      ..."-f --seccomp-bpf -e trace=setsockopt,bind,listen -e signal=none".split(" "),
      Deno.execPath(),
      ..."run -q --no-prompt --allow-net --allow-env --allow-read --allow-sys".split(" "),
      SERVER,
      kind,
    ]);
    assertEquals((await server.status()).code, 0, server.lines.join("\n"));
    let at = 0;
    for (const line of server.lines) {
      if (at < ASKED.length && ASKED[at]!.test(line)) at++;
    }
    assertEquals(ASKED.slice(at), [], server.lines.join("\n"));
    // Nagle's algorithm was off on all three ends before anybody asked.
    const before = server.lines.slice(0, server.lines.findIndex((line) => line.includes("TCP_NODELAY, [0]")));
    assertEquals(before.filter((line) => line.includes("TCP_NODELAY, [1]")).length >= 3, true);
  });
}
