/** Our server behind nginx: proxied with keep-alive, bodies of all kinds, chunks, ranges and aborts. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { reactor } from "@ropewalk/reactor";
import { Data, NOT_DONE_YET, type Request, Resource, ReverseProxyResource, Site } from "@ropewalk/web";
import { quietPort, untilListening } from "../_ports.ts";
import { Running, runToEnd } from "../_process.ts";

class Echo extends Resource {
  override isLeaf = true;
  render_POST(request: Request): Uint8Array {
    return request.content.bytes();
  }
}

class Pieces extends Resource {
  override isLeaf = true;
  render_GET(request: Request): typeof NOT_DONE_YET {
    for (let i = 0; i < 100; i++) request.write(`${i}\n`);
    request.finish();
    return NOT_DONE_YET;
  }
}

class Who extends Resource {
  override isLeaf = true;
  render_GET(request: Request): string {
    return `${request.getHeader("host")} ${request.getHeader("x-forwarded-for")}`;
  }
}

async function curl(...args: string[]): Promise<string> {
  const { code, output, errors } = await runToEnd("curl", ["-sS", "--max-time", "10", ...args]);
  assertEquals([code, errors], [0, ""]);
  return output;
}

/** nginx in front of a site, and that site in front of nginx again by its reverse proxy. */
async function behindNginx(test: (front: string, connections: () => number) => Promise<void>): Promise<void> {
  const root = new Resource();
  root.putChild("echo", new Echo());
  root.putChild("pieces", new Pieces());
  root.putChild("who", new Who());
  root.putChild("words", new Data("many words, ".repeat(1000), "text/plain"));
  const site = new Site(root, { accessLog: "none" });
  let connections = 0;
  const build = site.buildProtocol.bind(site);
  site.buildProtocol = (address) => {
    connections++;
    return build(address);
  };
  await using port = reactor.listenTCP(0, site, { hostname: "127.0.0.1" });
  await port.ready;
  const backend = (port.getHost() as { port: number }).port;
  const front = quietPort();
  root.putChild("around", new ReverseProxyResource("127.0.0.1", front, "", reactor));
  const folder = await Deno.makeTempDir();
  await Deno.chmod(folder, 0o755);
  await Deno.writeTextFile(
    `${folder}/nginx.conf`,
    `daemon off; master_process off; pid ${folder}/pid; error_log stderr error;
    events { worker_connections 256; }
    http {
      access_log off; client_max_body_size 64m; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header X-Forwarded-For $remote_addr;
      client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/f;
      uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
      upstream ours { server 127.0.0.1:${backend}; keepalive 4; }
      server {
        listen 127.0.0.1:${front};
        location / { proxy_pass http://ours; }
        location /unbuffered/ { proxy_pass http://ours/; proxy_request_buffering off; proxy_buffering off; }
      }
    }`,
  );
  const nginx = new Running("nginx", ["-c", `${folder}/nginx.conf`]);
  try {
    await untilListening(nginx, front);
    await test(`http://127.0.0.1:${front}`, () => connections);
    assertEquals(nginx.lines, [], "nginx has no complaints");
  } finally {
    await nginx.stop("SIGTERM");
    await site.drain(5);
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("nginx in front of the server keeps its connections, and all kinds of bodies pass", () =>
  behindNginx(async (front, connections) => {
    const words = "many words, ".repeat(1000);
    const pieces = Array.from({ length: 100 }, (_, i) => `${i}\n`).join("");
    for (let i = 0; i < 20; i++) assertEquals(await curl(`${front}/words`), words);
    assertEquals(connections(), 1, "nginx has used one connection for them all");
    assertEquals(await curl(`${front}/pieces`), pieces);
    assertEquals(await curl(`${front}/who`), "ours 127.0.0.1");
    const body = "x".repeat(300_000);
    const send = (path: string, ...args: string[]) =>
      runToEnd("curl", ["-sS", "--data-binary", "@-", ...args, `${front}${path}`], { stdin: body });
    for (const path of ["/echo", "/unbuffered/echo", "/around/echo"]) {
      assertEquals((await send(path)).output, body, path);
      const chunked = await send(path, "-H", "Transfer-Encoding: chunked");
      assertEquals([chunked.output.length, chunked.errors], [body.length, ""], `${path}, in chunks`);
      const expecting = await send(path, "-H", "Expect: 100-continue");
      assertEquals([expecting.output.length, expecting.errors], [body.length, ""], `${path}, with Expect`);
    }
    const head = await curl("-I", `${front}/words`);
    assertStringIncludes(head, `Content-Length: ${words.length}`);
    const status = ["-o", "/dev/null", "-w", "%{http_code}"];
    assertEquals(await curl(...status, `${front}/nowhere`), "404");
    assertEquals(await curl(...status, "-X", "DELETE", `${front}/words`), "405");
    assertEquals(await curl(`${front}/unbuffered/pieces`), pieces);
    assertEquals(await curl("--http1.0", `${front}/pieces`), pieces);
    // A body that is too large for us: nginx passes our 413 on.
    const large = await runToEnd("curl", [...["-sS", ...status], "--data-binary", "@-", `${front}/echo`], {
      stdin: "y".repeat(17 << 20),
    });
    assertEquals([large.code, large.output], [0, "413"]);
    // Clients that hang up in the middle do nobody else harm.
    await runToEnd("curl", ["-sS", "--limit-rate", "1k", "--max-time", "0.3", `${front}/unbuffered/words`]);
    assertEquals(await curl(`${front}/words`), words);
    assert(connections() < 40, `${connections()} connections`);
  }));
