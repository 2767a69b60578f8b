/**
 * Our client against nginx (plain, TLS, UNIX sockets), Python's http.server and tinyproxy.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { CancelledError } from "@ropewalk/deferred";
import { reactor } from "@ropewalk/reactor";
import {
  Agent,
  BrowserLikeRedirectAgent,
  ContentDecoderAgent,
  HTTPConnectionPool,
  PartialDownloadError,
  ProxyAgent,
  readBody,
} from "@ropewalk/web/client";
import { quietPort, untilListening } from "../_ports.ts";
import { PYTHON, Running, runToEnd } from "../_process.ts";

/** nginx with a configuration of its own; it is there when it says so. */
class Nginx implements AsyncDisposable {
  readonly http = quietPort();
  readonly https = quietPort();
  readonly closing = quietPort();
  readonly folder = Deno.makeTempDirSync();
  readonly socket = `${this.folder}/nginx.sock`;
  cert = "";
  #running: Running | null = null;

  async start(): Promise<this> {
    const { folder } = this;
    Deno.chmodSync(folder, 0o755);
    await runToEnd("openssl", [
      ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
        .split(" "),
      ..."-addext subjectAltName=DNS:localhost,IP:127.0.0.1".split(" "),
      ...["-keyout", `${folder}/key.pem`, "-out", `${folder}/cert.pem`],
    ]);
    this.cert = Deno.readTextFileSync(`${folder}/cert.pem`);
    Deno.mkdirSync(`${folder}/www`);
    Deno.writeTextFileSync(`${folder}/www/hello.txt`, "hello\n");
    Deno.writeTextFileSync(`${folder}/www/large.txt`, "0123456789abcdef".repeat(1 << 20)); // 16 MiB
    Deno.writeTextFileSync(
      `${folder}/nginx.conf`,
      `daemon off; master_process off; pid ${folder}/pid; error_log stderr notice;
      events { worker_connections 256; }
      http {
        access_log off; types { text/plain txt; } gzip on; gzip_min_length 1; gzip_types text/plain;
        client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/f;
        uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s; client_max_body_size 1m; keepalive_requests 100000;
        server {
          listen 127.0.0.1:${this.http}; listen unix:${this.socket};
          listen 127.0.0.1:${this.https} ssl; ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem;
          root ${folder}/www;
          location /redirect { return 302 /hello.txt; }
          location /ok { return 200 "ok"; }
          location /empty { return 204; }
        }
        server { listen 127.0.0.1:${this.closing}; keepalive_timeout 0; root ${folder}/www; }
      }`,
    );
    this.#running = new Running("nginx", ["-c", `${folder}/nginx.conf`]);
    await untilListening(this.#running, this.http);
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running?.stop("SIGTERM");
    await Deno.remove(this.folder, { recursive: true });
  }
}

Deno.test("nginx: one connection carries requests of all kinds", async () => {
  await using nginx = await new Nginx().start();
  await using pool = new HTTPConnectionPool(reactor);
  const agent = new Agent(reactor, { pool });
  const base = `http://127.0.0.1:${nginx.http}`;
  for (let i = 0; i < 50; i++) {
    assertEquals(await (await agent.request("GET", `${base}/hello.txt`)).text(), "hello\n");
  }
  assertEquals((await (await agent.request("HEAD", `${base}/hello.txt`)).bytes()).length, 0);
  assertEquals((await agent.request("GET", `${base}/empty`)).code, 204);
  const range = await agent.request("GET", `${base}/hello.txt`, { Range: "bytes=1-2" });
  assertEquals([range.code, await range.text()], [206, "el"]);
  const { headers } = await agent.request("HEAD", `${base}/hello.txt`);
  const unchanged = await agent.request("GET", `${base}/hello.txt`, {
    "If-None-Match": headers.get("etag")!,
  });
  assertEquals([unchanged.code, (await unchanged.bytes()).length], [304, 0]);
  const followed = await new BrowserLikeRedirectAgent(agent).request("GET", `${base}/redirect`);
  assertEquals([await followed.text(), followed.history().length], ["hello\n", 1]);
  const zipped = await new ContentDecoderAgent(agent).request("GET", `${base}/hello.txt`);
  assertEquals([await zipped.text(), zipped.headers.has("content-encoding")], ["hello\n", false]);
  assertEquals(pool.stats.open, 1);
});

Deno.test("nginx: a large body comes at the reader's pace, and can be given up", async () => {
  await using nginx = await new Nginx().start();
  await using pool = new HTTPConnectionPool(reactor);
  const agent = new Agent(reactor, { pool });
  const url = `http://127.0.0.1:${nginx.http}/large.txt`;
  let length = 0;
  for await (const chunk of (await agent.request("GET", url)).body) length += chunk.length;
  assertEquals(length, 16 << 20);
  assertEquals((await readBody(await agent.request("GET", url))).length, 16 << 20);
  const reader = (await agent.request("GET", url)).body.getReader();
  await reader.read();
  await reader.cancel();
  const body = readBody(await agent.request("GET", url));
  body.cancel();
  await assertRejects(() => body.toPromise(), CancelledError);
});

Deno.test("nginx: many requests at once, each gets its own answer", async () => {
  await using nginx = await new Nginx().start();
  await using pool = new HTTPConnectionPool(reactor, { maxPersistentPerHost: 16, maxConnectionsPerHost: 16 });
  const agent = new Agent(reactor, { pool });
  const all = Array.from({ length: 400 }, async (_, i) => {
    const from = i % 1000;
    const response = await agent.request("GET", `http://127.0.0.1:${nginx.http}/large.txt`, {
      Range: `bytes=${from}-${from + i}`,
    });
    const text = await response.text();
    return text === "0123456789abcdef".repeat(100).slice(from, from + i + 1);
  });
  assertEquals((await Promise.all(all)).filter((right) => !right), []);
  assert(pool.stats.open <= 16);
});

Deno.test("nginx: a body that is refused, and one that waits for 100", async () => {
  await using nginx = await new Nginx().start();
  const agent = new Agent(reactor);
  const url = `http://127.0.0.1:${nginx.http}/ok`;
  const refused = await agent.request(
    "POST",
    url,
    { Expect: "100-continue" },
    ReadableStream.from([new Uint8Array(10)]),
  );
  assertEquals(refused.code, 200);
  const large = await agent.request("POST", url, null, new Uint8Array(2_000_000));
  assertEquals(large.code, 413);
  large.abort();
});

Deno.test("nginx: TLS, with a certificate that is checked", async () => {
  await using nginx = await new Nginx().start();
  await using pool = new HTTPConnectionPool(reactor);
  const url = `https://localhost:${nginx.https}/hello.txt`;
  const agent = new Agent(reactor, { pool, tls: { ca: [nginx.cert] } });
  for (let i = 0; i < 3; i++) assertEquals(await (await agent.request("GET", url)).text(), "hello\n");
  assertEquals(pool.stats.open, 1);
  await assertRejects(() => new Agent(reactor).request("GET", url).toPromise(), Error);
});

Deno.test("nginx: a UNIX socket", async () => {
  await using nginx = await new Nginx().start();
  const response = await new Agent(reactor).request(
    "GET",
    `http+unix://${encodeURIComponent(nginx.socket)}/hello.txt`,
  );
  assertEquals(await response.text(), "hello\n");
});

Deno.test("nginx without keep-alive: no connection is used again", async () => {
  await using nginx = await new Nginx().start();
  await using pool = new HTTPConnectionPool(reactor);
  const agent = new Agent(reactor, { pool });
  for (let i = 0; i < 5; i++) {
    assertEquals(
      await (await agent.request("GET", `http://127.0.0.1:${nginx.closing}/hello.txt`)).text(),
      "hello\n",
    );
  }
  assertEquals(pool.stats.idle, 0);
});

Deno.test("Python's http.server: HTTP/1.0, and a body that ends with the connection", async () => {
  const program = `
import http.server
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        if self.path != "/eof":
            self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")
s = http.server.HTTPServer(("127.0.0.1", 0), H)
print("port", s.server_address[1], flush=True)
s.serve_forever()
`;
  await using peer = new Running(PYTHON, ["-c", program]);
  const [, port] = await peer.line(/^port (\d+)/);
  const agent = new Agent(reactor, { pool: new HTTPConnectionPool(reactor) });
  const known = await agent.request("GET", `http://127.0.0.1:${port}/`);
  assertEquals([known.version, new TextDecoder().decode(await readBody(known))], ["HTTP/1.0", "hello"]);
  const eof = await agent.request("GET", `http://127.0.0.1:${port}/eof`);
  const error = await assertRejects(() => readBody(eof).toPromise(), PartialDownloadError);
  assertEquals(new TextDecoder().decode(error.response), "hello");
  assertEquals(await (await agent.request("GET", `http://127.0.0.1:${port}/eof`)).text(), "hello");
});

Deno.test("tinyproxy: http by whole addresses, https through a tunnel", async () => {
  await using nginx = await new Nginx().start();
  const port = quietPort();
  const config = `${nginx.folder}/tinyproxy.conf`;
  Deno.writeTextFileSync(
    config,
    `Port ${port}\nListen 127.0.0.1\nTimeout 60\nBasicAuth user secret\nMaxClients 20\n`,
  );
  await using proxy = new Running("tinyproxy", ["-d", "-c", config]);
  await untilListening(proxy, port);
  await using pool = new HTTPConnectionPool(reactor);
  const agent = new ProxyAgent(`http://user:secret@127.0.0.1:${port}`, reactor, {
    pool,
    tls: { ca: [nginx.cert] },
  });
  assertEquals(
    await (await agent.request("GET", `http://127.0.0.1:${nginx.http}/hello.txt`)).text(),
    "hello\n",
  );
  for (let i = 0; i < 2; i++) {
    assertEquals(
      await (await agent.request("GET", `https://localhost:${nginx.https}/hello.txt`)).text(),
      "hello\n",
    );
  }
  const stranger = new ProxyAgent(`http://127.0.0.1:${port}`, reactor);
  const refused = await assertRejects(() =>
    stranger.request("GET", `https://localhost:${nginx.https}/`).toPromise()
  );
  assertEquals((refused as { status?: number }).status, 407);
});
