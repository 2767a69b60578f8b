/** A site under `Deno.serve`, asked by curl in HTTP/2: over TLS, and with prior knowledge in the clear. */
import { reactor } from "@ropewalk/reactor";
import {
  Data,
  File,
  NOT_DONE_YET,
  type Request,
  Resource,
  Site,
  siteHandler,
  type SiteOptions,
} from "@ropewalk/web";
import { FilePath } from "@ropewalk/reactor/filepath";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { AUTHORITY, SERVER } from "../../reactor/_contract/certificates.ts";
import { runToEnd } from "../_process.ts";

/** More than any window of HTTP/2, so that a client that does not read holds the page back. */
const LARGE_BYTES = 64 << 20;

class Answer extends Resource {
  override isLeaf = true;
  constructor(readonly answer: (request: Request) => string | Uint8Array | typeof NOT_DONE_YET) {
    super();
  }
  render_GET(request: Request): string | Uint8Array | typeof NOT_DONE_YET {
    return this.answer(request);
  }
  render_POST(request: Request): string | Uint8Array | typeof NOT_DONE_YET {
    return this.answer(request);
  }
}

/** Writes a lot, as fast as the client takes it, and remembers how much. */
class Large extends Resource {
  override isLeaf = true;
  written = 0;
  stopped: Promise<void> = Promise.resolve();

  render_GET(request: Request): typeof NOT_DONE_YET {
    const piece = new Uint8Array(65_536);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.stopped = promise;
    this.written = 0;
    request.registerProducer({
      resumeProducing: () => {
        request.write(piece);
        if ((this.written += piece.length) < LARGE_BYTES) return;
        request.unregisterProducer();
        request.finish();
      },
      stopProducing: () => resolve(),
    }, false);
    return NOT_DONE_YET;
  }
}

function tree(folder: string): { root: Resource; large: Large } {
  const root = new Resource();
  const large = new Large();
  root.putChild("hello", new Answer(({ args }) => `hello ${args.get("name")}`));
  root.putChild("echo", new Answer(({ content }) => content.bytes()));
  root.putChild("secure", new Answer((request) => `${request.isSecure()} ${request.getRequestHostname()}`));
  root.putChild("words", new Data("many words, ".repeat(1000), "text/plain"));
  root.putChild("files", new File(new FilePath(folder)));
  root.putChild("large", large);
  root.putChild(
    "session",
    new Answer((request) => {
      const { values } = request.getSession();
      values.set("n", ((values.get("n") as number | undefined) ?? 0) + 1);
      return String(values.get("n"));
    }),
  );
  root.putChild(
    "pieces",
    new Answer((request) => {
      for (let i = 0; i < 100; i++) request.write(`${i}\n`);
      request.finish();
      return NOT_DONE_YET;
    }),
  );
  return { root, large };
}

type Curl = (...args: string[]) => Promise<string>;

/** Runs a site under `Deno.serve`, over TLS or not, and ends it. */
async function served(
  options: { secure: boolean; site?: SiteOptions },
  test: (curl: Curl, base: string, large: Large, site: Site) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/a.txt`, "0123456789");
  await Deno.writeTextFile(`${folder}/authority.pem`, AUTHORITY);
  const { root, large } = tree(folder);
  const site = new Site(root, { reactor, accessLog: "none", ...options.site });
  const where = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  const server = options.secure
    ? Deno.serve({ ...where, ...SERVER }, siteHandler(site))
    : Deno.serve(where, siteHandler(site));
  const how = options.secure
    ? ["--http2", "--cacert", `${folder}/authority.pem`]
    : ["--http2-prior-knowledge"];
  const curl: Curl = async (...args) => {
    const { code, output, errors } = await runToEnd("curl", ["-sS", "--max-time", "20", ...how, ...args]);
    assertEquals([code, errors], [0, ""], args.join(" "));
    return output;
  };
  try {
    await test(curl, `http${options.secure ? "s" : ""}://localhost:${server.addr.port}`, large, site);
  } finally {
    site.stopFactory(); // ends the sessions
    await server.shutdown();
    await Deno.remove(folder, { recursive: true });
  }
}

for (const secure of [true, false]) {
  const how = secure ? "over TLS" : "with prior knowledge";
  Deno.test(`curl gets all kinds of answers from a site by HTTP/2 ${how}`, () =>
    served({ secure }, async (curl, base) => {
      const version = ["-w", " by %{http_version}"];
      assertEquals(await curl(...version, `${base}/hello?name=J%C3%BCrgen`), "hello Jürgen by 2");
      assertEquals(await curl(`${base}/secure`), `${secure} localhost`);
      const words = "many words, ".repeat(1000);
      assertEquals(await curl(`${base}/words`), words);
      assertEquals(await curl(`${base}/pieces`), Array.from({ length: 100 }, (_, i) => `${i}\n`).join(""));
      assertEquals(await curl("-d", "name=a form", `${base}/hello`), "hello a form");
      const body = "x".repeat(300_000);
      assertEquals(await curl("-d", body.slice(0, 100_000), `${base}/echo`), body.slice(0, 100_000));
      const head = await curl("-I", `${base}/words`);
      assertMatch(head, /^HTTP\/2 200/);
      assertStringIncludes(head, `content-length: ${words.length}`);
      assertEquals(await curl("-r", "2-4", `${base}/files/a.txt`), "234");
      const status = ["-o", "/dev/null", "-w", "%{http_code}"];
      assertEquals(await curl(...status, `${base}/nowhere`), "404");
      assertEquals(await curl(...status, "-X", "DELETE", `${base}/words`), "405");
      assertEquals(await curl(...status, "-X", "BREW", `${base}/words`), "501");
    }));

  Deno.test(`Node has 200 answers at once on one connection of HTTP/2 ${how}, and none are mixed up`, () =>
    served({ secure }, async (_curl, base) => {
      const client = new URL("./http2_client.mjs", import.meta.url).pathname;
      const { output, errors } = await runToEnd("node", [
        client,
        base,
        "200",
        ...(secure ? [AUTHORITY] : []),
      ]);
      assertEquals([errors, JSON.parse(output)], ["", { right: 200, connections: 1 }]);
    }));
}

Deno.test("a session is known again by HTTP/2, and its cookie is one for TLS alone", () =>
  served({ secure: true }, async (curl, base, _large, site) => {
    const first = await curl("-i", `${base}/session`);
    const cookie = /set-cookie: (ROPEWALK_SECURE_SESSION=[0-9a-f]{64}); .*Secure/i.exec(first)![1]!;
    assertEquals(await curl("-b", cookie, `${base}/session`), "2");
    assertEquals(site.sessions.size, 1);
  }));

Deno.test("a body that is too large is 413 by HTTP/2, whether or not its length is told", () =>
  served({ secure: true, site: { maxBodyBytes: 1000 } }, async (curl, base) => {
    const status = ["-o", "/dev/null", "-w", "%{http_code}"];
    const large = ["-d", "x".repeat(100_000)];
    assertEquals(await curl(...status, ...large, `${base}/echo`), "413");
    assertEquals(await curl(...status, ...large, "-H", "Content-Length:", `${base}/echo`), "413");
    assertEquals(await curl("-d", "still here", `${base}/echo`), "still here");
  }));

Deno.test("a client of HTTP/2 that reads slowly holds the page back, and one that leaves stops it", () =>
  served({ secure: true }, async (curl, base, large) => {
    const whole = await curl("-o", "/dev/null", "-w", "%{size_download}", `${base}/large`);
    assertEquals([Number(whole), large.written], [LARGE_BYTES, LARGE_BYTES]);
    // 100 kB in a second of reading, then curl gives up: what was written is what the windows hold, and no more.
    const args = [
      "-sSk",
      "--http2",
      "--limit-rate",
      "100k",
      "--max-time",
      "1",
      "-o",
      "/dev/null",
      `${base}/large`,
    ];
    assertEquals((await runToEnd("curl", args)).code, 28);
    await large.stopped;
    assert(
      large.written < LARGE_BYTES / 2,
      `${large.written} bytes were written to a client that read 100 kB`,
    );
  }));
