/**
 * The flagship as a user meets it: started as a process, talked to by `nc`, `telnet`, `curl` and Twisted.
 */
import { clientFromString, DenoReactor } from "@ropewalk/reactor";
import { PBClientFactory, type RemoteReference } from "@ropewalk/spread";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { KeyValueRoot } from "../../examples/keyvalue/pb_service.ts";
import { KeyError } from "../../examples/keyvalue/store.ts";
import { PYTHON, Running, runToEnd } from "../_process.ts";

const MAIN = "examples/keyvalue/main.ts";
const HERE = "interop/keyvalue";

/** The program, on ports of the system's choice. */
class Flagship extends Running {
  linePort = 0;
  pbPort = 0;
  webPort = 0;

  static async start(...args: string[]): Promise<Flagship> {
    const ports = ["--line-port=0", "--pb-port=0", "--web-port=0"];
    const flagship = new Flagship(Deno.execPath(), ["run", "--allow-net", MAIN, ...ports, ...args]);
    await flagship.line(/^Ctrl-C stops/);
    const port = (name: string) =>
      Number(
        flagship.lines.map((line) => new RegExp(`^  ${name} +\\S*?127\\.0\\.0\\.1:(\\d+)`).exec(line)?.[1])
          .find(Boolean),
      );
    flagship.linePort = port("lines");
    flagship.pbPort = port("PB");
    flagship.webPort = port("web");
    return flagship;
  }

  async nc(text: string): Promise<string> {
    const { code, output } = await runToEnd("nc", ["-N", "127.0.0.1", `${this.linePort}`], { stdin: text });
    assertEquals(code, 0);
    return output;
  }

  async curl(...args: string[]): Promise<string> {
    const path = args.pop()!;
    const { output } = await runToEnd("curl", ["-s", ...args, `http://127.0.0.1:${this.webPort}${path}`]);
    return output;
  }
}

Deno.test("nc: pipelined commands are answered in order, after the client has closed its side too", async () => {
  await using flagship = await Flagship.start();
  assertEquals(
    await flagship.nc(
      "set color dark red\r\nget color\r\nget shape\ndelete color\r\ndelete color\r\nnonsense\r\n",
    ),
    "STORED\r\nVALUE color dark red\r\nGET_NOT_FOUND shape\r\nDELETED color\r\nDEL_NOT_FOUND color\r\n" +
      "ERROR say one of: get KEY · set KEY VALUE · delete KEY\r\n",
  );
  const many = Array.from({ length: 2000 }, (_, i) => `set k${i} ${"v".repeat(i % 50)}\r\nget k${i}\r\n`)
    .join("");
  const expected = Array.from({ length: 2000 }, (_, i) => `STORED\r\nVALUE k${i} ${"v".repeat(i % 50)}\r\n`)
    .join("");
  assertEquals(await flagship.nc(many), expected);
});

Deno.test("bytes cut anywhere make the same lines; a line that is too long costs its own connection", async () => {
  await using flagship = await Flagship.start();
  const address = { hostname: "127.0.0.1", port: flagship.linePort };
  using conn = await Deno.connect(address);
  for (const byte of new TextEncoder().encode("set color red\r\nget color\r\n")) {
    await conn.write(new Uint8Array([byte]));
  }
  await conn.closeWrite();
  assertEquals(await new Response(conn.readable).text(), "STORED\r\nVALUE color red\r\n");
  using other = await Deno.connect(address);
  await other.write(new TextEncoder().encode(`set long ${"x".repeat(20_000)}`));
  const reader = other.readable.getReader();
  assertMatch(new TextDecoder().decode((await reader.read()).value), /^ERROR a line is at most 16384 bytes/);
  reader.releaseLock();
  assertEquals(await flagship.nc("get color\r\n"), "VALUE color red\r\n");
});

Deno.test("telnet: a session by hand", async () => {
  await using flagship = await Flagship.start();
  // telnet leaves as soon as its input ends, so the input ends once the answers are there
  const script =
    `(printf 'set color red\\nget color\\n'; while ! grep -q VALUE "$0" 2>/dev/null; do :; done) | ` +
    `telnet 127.0.0.1 ${flagship.linePort} > "$0" 2>&1; cat "$0"`;
  const file = await Deno.makeTempFile();
  try {
    const { output } = await runToEnd("timeout", ["20", "sh", "-c", script, file]);
    assertMatch(output, /Connected to 127\.0\.0\.1[^]*STORED\r?\n[^]*VALUE color red/);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("a Twisted client: values, failures that trap(KeyError) accepts, two clients at once", async () => {
  await using flagship = await Flagship.start();
  const { output, errors } = await runToEnd(PYTHON, [`${HERE}/twisted_client.py`, `${flagship.pbPort}`]);
  const talk = (who: string) => [
    `${who} set None`,
    `${who} get red`,
    `${who} missing trapped KeyError: no such key: no-${who}`,
    `${who} unknown failed twisted.spread.flavors.NoSuchMethod`,
    `${who} entries [('color', 'red', True)]`,
    `${who} bytes None bytes`,
    `${who} delete None`,
    `${who} delete None`,
  ];
  assertEquals(output.trimEnd().split("\n"), [...talk("first"), ...talk("second"), "both True"], errors);
  assertStringIncludes(await flagship.nc("get k7\r\n"), "VALUE k7 v7");
});

Deno.test("our client against a Twisted server: the same calls", async () => {
  await using server = new Running(PYTHON, ["-u", `${HERE}/twisted_server.py`]);
  const [, port] = await server.line(/^listening on (\d+)/);
  const factory = new PBClientFactory();
  await clientFromString(new DenoReactor(), `tcp:127.0.0.1:${port}`).connect(factory);
  const root = await factory.getRootObject<KeyValueRoot>();
  assertEquals(await root.callRemote("set", "color", "red") ?? null, null);
  assertEquals(await root.callRemote("get", "color"), "red");
  const missing = await root.callRemote("get", "shape").addErrback((failure) => failure.trap(KeyError));
  assertEquals(missing, KeyError);
  const untyped = root as unknown as RemoteReference;
  const unknown = await untyped.callRemote("launch").addErrback((failure) => failure.type);
  assertEquals(unknown, "twisted.spread.flavors.NoSuchMethod");
  assertEquals(await root.callRemote("entries"), [{ key: "color", value: "red", secondsLeft: 15 }]); // a Deferred there
  assertEquals(await root.callRemote("delete", "color") ?? null, null);
  const lost = new Promise<void>((resolve) => root.notifyOnDisconnect(() => resolve()));
  factory.disconnect();
  await lost;
});

Deno.test("curl: forms, statuses, HEAD, keep-alive, and an answer in three parts seen as it comes", async () => {
  await using flagship = await Flagship.start();
  assertStringIncludes(await flagship.curl("/"), '<form action="set" method="post">');
  assertStringIncludes(await flagship.curl("-d", "key=color&value=<red>", "/set"), "color is set");
  assertStringIncludes(await flagship.curl("/get?key=color"), "color is &lt;red&gt;");
  assertEquals(await flagship.nc("get color\r\n"), "VALUE color <red>\r\n");
  const status = (...args: string[]) => flagship.curl("-o", "/dev/null", "-w", "%{http_code}", ...args);
  assertEquals(await status("/get?key=shape"), "404");
  assertEquals(await status("/nowhere"), "404");
  assertEquals(await status("-X", "PUT", "/get"), "405");
  assertMatch(await flagship.curl("-i", "-X", "PUT", "/get"), /^Allow: GET, HEAD, POST\r$/m);
  assertMatch(await flagship.curl("-I", "/"), /^HTTP\/1\.1 200 OK\r\n[^]*^Content-Length: [1-9]/m);
  const two = await runToEnd("curl", [
    "-sv",
    ...["/", "/status"].map((path) => `http://127.0.0.1:${flagship.webPort}${path}`),
  ]);
  assertMatch(two.errors, /Re-using existing connection/);
  const data = JSON.parse(await flagship.curl("/status.json"));
  assertEquals(data.keys.map((entry: { key: string }) => entry.key), ["color"]);
  assertEquals(data.services.map((service: { name: string }) => service.name), ["lines", "PB", "web"]);

  await using later = new Running("curl", [
    "-sN",
    "--trace-time",
    "-v",
    `http://127.0.0.1:${flagship.webPort}/later`,
  ]);
  const began = performance.now();
  await later.line(/^A$/);
  await later.line(/^B$/);
  const b = performance.now() - began;
  await later.line(/^C$/);
  const c = performance.now() - began;
  assert(b > 700 && c - b > 700, `B after ${b} ms, C after ${c} ms`);
  assertEquals((await later.status()).code, 0);
  const garbage = await runToEnd("nc", ["-N", "127.0.0.1", `${flagship.webPort}`], {
    stdin: "garbage\r\n\r\n",
  });
  assertMatch(garbage.output, /^HTTP\/1\.1 400 Bad Request\r\n/);
});

Deno.test("a second process serves the pages over PB", async () => {
  await using flagship = await Flagship.start();
  await using front = new Running(Deno.execPath(), [
    "run",
    "--allow-net",
    "examples/keyvalue_web_over_pb.ts",
    "--web-port=0",
    `--pb-port=${flagship.pbPort}`,
  ]);
  const [, port] = await front.line(/^web +http:\/\/127\.0\.0\.1:(\d+)\//);
  const curl = async (path: string) =>
    (await runToEnd("curl", ["-s", `http://127.0.0.1:${port}${path}`])).output;
  assertStringIncludes(await curl("/set?key=color&value=red"), "color is set");
  assertEquals(await flagship.nc("get color\r\n"), "VALUE color red\r\n");
  assertStringIncludes(await curl("/get?key=color"), "color is red");
  assertStringIncludes(await curl("/get?key=shape"), "no such key: shape");
  assertStringIncludes(await curl("/status"), "<td>color</td>");
  assertEquals((await flagship.stop("SIGINT")).code, 0);
  assertStringIncludes(await curl("/get?key=color"), "cannot be reached");
  assertEquals((await front.stop("SIGTERM")).code, 0);
});

Deno.test("SIGTERM: a request in progress ends, the exit code is 0, and nothing listens any more", async () => {
  await using flagship = await Flagship.start();
  await using later = new Running("curl", ["-sN", `http://127.0.0.1:${flagship.webPort}/later`]);
  await later.line(/^A$/);
  const ending = flagship.stop("SIGTERM");
  await later.line(/^C$/);
  assertEquals((await ending).code, 0);
  const { code } = await runToEnd("nc", ["-z", "127.0.0.1", `${flagship.linePort}`]);
  assertEquals(code, 1);
});

Deno.test("a port in use is told in one line with its option, exit 1; a wrong argument, exit 2; --help, exit 0", async () => {
  await using flagship = await Flagship.start();
  const run = (...args: string[]) => runToEnd(Deno.execPath(), ["run", "--allow-net", MAIN, ...args]);
  const taken = await run("--line-port=0", "--pb-port=0", `--web-port=${flagship.webPort}`);
  assertEquals(taken.code, 1);
  assertMatch(
    taken.errors.trim(),
    new RegExp(`^Cannot listen on 127\\.0\\.0\\.1:${flagship.webPort}: .*--web-port\\.$`),
  );
  assertEquals((await run("--web-port=x")).code, 2);
  const help = await run("--help");
  assertEquals(help.code, 0);
  assertStringIncludes(help.output, "--ttl SECONDS");
});
