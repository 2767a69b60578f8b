/** Chromium loads the status page, a listing and the flagship: at a desk and on a phone, with scripts and without. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { reactor } from "@ropewalk/reactor";
import { FilePath } from "@ropewalk/reactor/filepath";
import { File, Resource, Site, StatusResource } from "@ropewalk/web";
import { Running } from "../_process.ts";
import { visit } from "./_browser.ts";

/** Frames pages at the width of a phone, the last without scripts, and says in its title how wide each wants to be. */
const PHONE = `<!DOCTYPE html><title>not loaded</title>
<iframe src="/status" width="390" height="844"></iframe>
<iframe src="/files/" width="390" height="844"></iframe>
<iframe src="/status" width="390" height="844" sandbox="allow-same-origin"></iframe>
<script>
onload = () => document.title = [...document.querySelectorAll("iframe")].map(({ contentDocument: page }) =>
  page.documentElement.scrollWidth + (page.body.innerText.includes("pending calls") ? " with figures" : "")).join(", ");
</script>`;

class Phone extends Resource {
  override isLeaf = true;
  render_GET(): string {
    return PHONE;
  }
}

Deno.test("Chromium shows the status page and a listing, with scripts and without, as wide as a phone", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(
    `${folder}/a file with a <name> that goes on and on and on and on and on and on.txt`,
    "x",
  );
  await Deno.mkdir(`${folder}/folder`);
  const root = new Resource();
  root.putChild("status", new StatusResource({ reactor, title: "How <it> is" }));
  root.putChild("files", new File(new FilePath(folder)));
  root.putChild("phone", new Phone());
  const site = new Site(root, { accessLog: "none" });
  try {
    await using port = reactor.listenTCP(0, site, { hostname: "127.0.0.1" });
    await port.ready;
    const base = `http://127.0.0.1:${(port.getHost() as { port: number }).port}`;

    const status = await visit(`${base}/status`, 1200);
    assertStringIncludes(status, "<title>How &lt;it&gt; is</title>");
    assertStringIncludes(status, "pending calls");

    const listing = await visit(`${base}/files/`, 1200);
    assertStringIncludes(listing, "a file with a &lt;name&gt; that goes on");
    assertStringIncludes(listing, 'href="./folder/"');

    const [, title] = /<title>(.*)<\/title>/.exec(await visit(`${base}/phone`, 1200))!;
    assertEquals(title, "390 with figures, 390, 390 with figures");
  } finally {
    await site.drain(5);
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("Chromium sets a key in the flagship and finds it again", async () => {
  const program = new URL("../../examples/keyvalue/main.ts", import.meta.url).pathname;
  const ports = "--web-port 0 --pb-port 0 --line-port 0".split(" ");
  await using store = new Running(Deno.execPath(), [
    "run",
    "-A",
    "--lock=peers.lock",
    "--no-check",
    program,
    ...ports,
  ]);
  const [, base] = await store.line(/web +(http:\S+:\d+)\//);
  assertStringIncludes(await visit(`${base}/`, 500), "<form");
  await visit(`${base}/set?key=colour&value=${encodeURIComponent("blue <b>")}`, 500);
  assertStringIncludes(await visit(`${base}/get?key=colour`, 500), "blue &lt;b&gt;");
  assertStringIncludes(await visit(`${base}/status`, 500), "blue &lt;b&gt;");
});
