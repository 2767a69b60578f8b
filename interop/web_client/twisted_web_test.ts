/**
 * Our client against Twisted's web server, and Twisted's and Python's XML-RPC clients against our resource.
 */
import { assertEquals, assertRejects } from "@std/assert";
import { reactor } from "@ropewalk/reactor";
import { Site } from "@ropewalk/web";
import {
  Agent,
  ContentDecoderAgent,
  HTTPClient,
  HTTPConnectionPool,
  readBody,
  RedirectAgent,
} from "@ropewalk/web/client";
import { CookieAgent } from "@ropewalk/web/cookies";
import { addIntrospection, Fault, Proxy, XMLRPC } from "@ropewalk/web/xmlrpc";
import { PYTHON, Running, runToEnd } from "../_process.ts";

const PEER = new URL("./twisted_peer.py", import.meta.url).pathname;

async function twisted(): Promise<{ base: string; peer: Running }> {
  const peer = new Running(PYTHON, [PEER, "serve"]);
  const [, port] = await peer.line(/^port (\d+)/);
  return { base: `http://127.0.0.1:${port}`, peer };
}

Deno.test("Twisted web gets what the client sends, in every form", async () => {
  const { base, peer } = await twisted();
  await using _peer = peer;
  await using client = new HTTPClient({ reactor });
  const large = new Uint8Array(1_000_000).map((_, i) => i * 7);
  const forms: [string, Uint8Array | string | AsyncIterable<Uint8Array>, Uint8Array][] = [
    ["PUT", "text", new TextEncoder().encode("text")],
    ["POST", large, large],
    ["POST", ReadableStream.from([large.slice(0, 10), large.slice(10)]), large],
  ];
  for (const [method, body, expected] of forms) {
    const response = await client.request(method, `${base}/echo`, { body });
    assertEquals([response.code, response.headers.get("x-method")], [200, method]);
    assertEquals(await response.bytes(), expected);
  }
  const json = await client.post(`${base}/echo`, { json: { a: 1 } });
  assertEquals(await json.json(), { a: 1 });
});

Deno.test("Twisted web's chunks, redirects, cookies and compression are understood", async () => {
  const { base, peer } = await twisted();
  await using _peer = peer;
  await using pool = new HTTPConnectionPool(reactor);
  const plain = new Agent(reactor, { pool });
  const slow = await plain.request("GET", `${base}/slow`);
  assertEquals(new TextDecoder().decode(await readBody(slow)), "01234");
  const agent = new RedirectAgent(new CookieAgent(plain));
  assertEquals(await (await agent.request("GET", `${base}/redirect`)).text(), "yes");
  const zipped = await new ContentDecoderAgent(plain).request("GET", `${base}/gzip`);
  assertEquals((await zipped.text()).length, 12_000);
  assertEquals((await plain.request("HEAD", `${base}/gzip`)).code, 200);
  assertEquals(pool.stats.open, 1, "one connection has carried it all");
});

Deno.test("Twisted's XML-RPC server understands the proxy", async () => {
  const { base, peer } = await twisted();
  await using _peer = peer;
  const proxy = new Proxy(`${base}/RPC2`, { reactor, allowNull: true });
  const values = [
    1,
    -2.5,
    true,
    "ü<&>",
    null,
    [1, [2]],
    { a: { b: "c" } },
    new Date("2026-11-24T01:02:03Z"),
    new Uint8Array([0, 255]),
  ];
  assertEquals(await proxy.callRemote("echo", ...values), values);
  const fault = await assertRejects(() => proxy.callRemote("fault").toPromise(), Fault);
  assertEquals([fault.faultCode, fault.faultString], [12, "no"]);
  assertEquals((await proxy.callRemote("system.listMethods") as string[]).includes("echo"), true);
});

class Sums extends XMLRPC {
  xmlrpc_add(a: number, b: number): number {
    return a + b;
  }
  xmlrpc_echo(...args: unknown[]): unknown {
    return args;
  }
  xmlrpc_refuse(): never {
    throw new Fault(7, "refused");
  }
}

Deno.test("Twisted's and Python's XML-RPC clients understand the resource", async () => {
  const sums = new Sums({ allowNull: true });
  addIntrospection(sums);
  await using port = reactor.listenTCP(0, new Site(sums), { hostname: "127.0.0.1" });
  await port.ready;
  const url = `http://127.0.0.1:${(port.getHost() as { port: number }).port}/`;

  const peer = await runToEnd(PYTHON, [PEER, "call", url]);
  assertEquals(peer.output.split("\n"), [
    "sum 5",
    "fault 7 refused",
    "methods ['add', 'echo', 'refuse', 'system.listMethods', 'system.methodHelp', 'system.methodSignature']",
    "",
  ], peer.errors);

  const program = `
import sys, xmlrpc.client as x, datetime
s = x.ServerProxy(sys.argv[1], allow_none=True, use_builtin_types=True)
values = [1, -2.5, True, "ü<&>", None, [1, [2]], {"a": {"b": "c"}}, datetime.datetime(2026, 11, 24, 1, 2, 3), b"\\x00\\xff"]
assert s.echo(*values) == values, s.echo(*values)
m = x.MultiCall(s)
print(s.add(2, 3))
try:
    s.missing()
except x.Fault as f:
    print(f.faultCode)
`;
  const python = await runToEnd(PYTHON, ["-c", program, url]);
  assertEquals(python.output, "5\n8001\n", python.errors);
});
