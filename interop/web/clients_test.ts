/** curl, Python's http.client and nc against a site on a port, with compression, digest logins and proxies. */
import { InMemoryUsernamePasswordDatabase, Portal } from "@ropewalk/cred";
import { reactor } from "@ropewalk/reactor";
import {
  CompressionResource,
  Data,
  DigestCredentialFactory,
  HTTPAuthSessionWrapper,
  ProxyFactory,
  type Request,
  Resource,
  ReverseProxyResource,
  Site,
} from "@ropewalk/web";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { PYTHON, runToEnd } from "../_process.ts";

class Hello extends Resource {
  override isLeaf = true;
  render_GET(request: Request): string {
    return `hello ${request.args.get("name")}`;
  }
}

class Length extends Resource {
  override isLeaf = true;
  render_POST(request: Request): string {
    return String(request.content.length);
  }
}

const portOf = (port: { getHost(): unknown }): number => (port.getHost() as { port: number }).port;

/** Runs a site with all that is tested here, and ends it. */
async function withSite(test: (port: number, base: string) => Promise<void>): Promise<void> {
  const root = new Resource();
  const site = new Site(root, { accessLog: "none" });
  await using port = reactor.listenTCP(0, site, { hostname: "127.0.0.1" });
  await port.ready;
  const gone = reactor.listenTCP(0, site, { hostname: "127.0.0.1" });
  await gone.ready;
  const refusing = portOf(gone);
  await gone.stopListening();
  site.startFactory();
  root.putChild("hello", new Hello());
  root.putChild("length", new Length());
  const texts = new Resource();
  texts.putChild("long", new Data("many words, ".repeat(1000), "text/plain"));
  root.putChild("compressed", new CompressionResource(texts));
  root.putChild("proxied", new ReverseProxyResource("127.0.0.1", portOf(port), "", reactor));
  root.putChild("refused", new ReverseProxyResource("127.0.0.1", refusing, "", reactor));
  const users = new InMemoryUsernamePasswordDatabase({ ada: "secret" });
  const realm = { requestAvatar: () => ({ avatar: root }) };
  const digest = new DigestCredentialFactory("md5", "a site");
  root.putChild("private", new HTTPAuthSessionWrapper(new Portal<Resource>(realm, [users]), [digest]));
  try {
    await test(portOf(port), `http://127.0.0.1:${portOf(port)}`);
  } finally {
    await site.drain(5);
  }
}

async function curl(...args: string[]): Promise<string> {
  const { code, output, errors } = await runToEnd("curl", ["-sS", "--max-time", "10", ...args]);
  assertEquals([code, errors], [0, ""]);
  return output;
}

Deno.test("curl understands the server, its compression, its logins and its proxies", () =>
  withSite(async (_port, base) => {
    assertEquals(await curl(`${base}/hello?name=c`), "hello c");
    assertEquals(await curl("-d", "x".repeat(50_000), `${base}/length`), "50000");
    assertEquals(await curl("--compressed", `${base}/compressed/long`), "many words, ".repeat(1000));
    assertStringIncludes(
      await curl("-I", "--compressed", `${base}/compressed/long`),
      "Content-Encoding: br",
    );
    const status = ["-o", "/dev/null", "-w", "%{http_code}"];
    assertEquals(await curl("--digest", "-u", "ada:secret", `${base}/private/hello?name=d`), "hello d");
    assertEquals(await curl(...status, "--digest", "-u", "ada:wrong", `${base}/private/hello`), "401");
    assertEquals(await curl(`${base}/proxied/hello?name=p`), "hello p");
    assertEquals(await curl(...status, `${base}/refused/`), "502");
  }));

Deno.test("curl reaches a site by our forward proxy, by address and by tunnel", () =>
  withSite(async (_port, base) => {
    const factory = new ProxyFactory(reactor, { accessLog: "none", allow: () => true });
    await using port = reactor.listenTCP(0, factory, { hostname: "127.0.0.1" });
    await port.ready;
    const proxy = `http://127.0.0.1:${portOf(port)}`;
    assertEquals(await curl("--noproxy", "", "-x", proxy, `${base}/hello?name=f`), "hello f");
    assertEquals(await curl("--noproxy", "", "-p", "-x", proxy, `${base}/hello?name=t`), "hello t");
    await factory.drain(5);
  }));

Deno.test("Python's http.client and its digest logins understand the server", () =>
  withSite(async (port) => {
    const program = new URL("./http_client.py", import.meta.url).pathname;
    const { code, output, errors } = await runToEnd(PYTHON, [program, String(port)]);
    assertEquals([code, output, errors], [0, "all ok\n", ""]);
  }));

Deno.test("nc is answered what it asks by hand, in order, and nonsense is 400", () =>
  withSite(async (port) => {
    const nc = async (stdin: string): Promise<string> =>
      (await runToEnd("nc", ["-w", "5", "127.0.0.1", String(port)], { stdin })).output;
    const two = await nc(
      "GET /hello?name=1 HTTP/1.1\r\nHost: a\r\n\r\nGET /hello?name=2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    );
    assertMatch(two, /^HTTP\/1\.1 200 OK\r\n[^]*hello 1HTTP\/1\.1 200 OK\r\n[^]*hello 2$/);
    assertMatch(await nc("GET /hello?name=0 HTTP/1.0\r\n\r\n"), /\r\nConnection: close\r\n[^]*hello 0$/);
    assertMatch(await nc("nonsense\n\n"), /^HTTP\/1\.1 400 Bad Request\r\n/);
  }));
