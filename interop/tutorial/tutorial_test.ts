/**
 * The programs of the tutorial as a reader meets them: each is started as a process, talked to, and ended by Ctrl-C.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Running, runToEnd } from "../_process.ts";
import { freePort, untilListening } from "../protocols/_net.ts";

/** A program of the tutorial that listens, on a port of the system's choice. */
class Server extends Running {
  port = 0;

  static async start(name: string, ...args: string[]): Promise<Server> {
    const server = new Server(Deno.execPath(), [
      ...["run", "--allow-net", `examples/tutorial/${name}.ts`, "--port=0"],
      ...args,
    ]);
    const [, port] = await server.line(/^Listening on 127\.0\.0\.1:(\d+)\. Ctrl-C stops\.$/, 60);
    server.port = Number(port);
    return server;
  }

  /** What it answers to some bytes, until it closes. */
  async nc(stdin: string): Promise<string> {
    return (await runToEnd("nc", ["-N", "127.0.0.1", `${this.port}`], { stdin })).output;
  }

  async curl(path: string, ...args: string[]): Promise<string> {
    return (await runToEnd("curl", ["-s", ...args, `http://127.0.0.1:${this.port}${path}`])).output;
  }

  /** Ctrl-C ends it, without an error. */
  async end(): Promise<void> {
    const { code } = await this.stop("SIGINT");
    assertEquals([code, this.lines.slice(1)], [0, []]);
  }
}

/** Runs a program of the tutorial to its end. */
async function run(name: string, ...args: string[]) {
  return await runToEnd(Deno.execPath(), ["run", "--allow-net", `examples/tutorial/${name}.ts`, ...args], {
    timeoutSeconds: 60,
  });
}

/** What a program writes that ends well. */
async function output(name: string, ...args: string[]): Promise<string> {
  const { code, output, errors } = await run(name, ...args);
  assertEquals([code, errors], [0, ""], name);
  return output;
}

Deno.test("upper_server, and all the clients that ask it", async () => {
  await using server = await Server.start("upper_server");
  assertEquals(await server.nc("hello\n?\n"), "HELLO\r\n1 connected, 1 so far\r\n");
  const at = `--server=tcp:127.0.0.1:${server.port}`;
  assertEquals(await output("client_1", at, "--text=one"), "ONE\n");
  assertEquals(await output("client_2", at, "--text=two"), "TWO\n");
  assertEquals(await output("client_3", at), "one: ONE\ntwo: TWO\nthree: THREE\n");
  assertMatch(await output("client_4", at), /^one: ONE \(\d+ ms\)\ntwo: TWO \(\d+ ms\)\nthree: /);
  assertMatch(await output("many_clients", at, "--clients=300"), /^300 answered, 0 failed, in [\d.]+ s$/m);
  await server.end();
});

Deno.test("the programs that need no other", async () => {
  const timing = await output("timing", "--clients=5", "--delay=0.05");
  const [, slow, fast] = /^one after another: ([\d.]+) s\nall at once: +([\d.]+) s\n$/.exec(timing) ?? [];
  assert(Number(slow) > Number(fast), timing);
  assertEquals(await output("call_later", "--seconds=0.01"), "first\nin the next turn\nsecond\nlast\n");
  assertEquals(await output("cancel", "--seconds=5", "--change-mind=0.01"), "phew\n");
  assertMatch(await output("errback"), /errback: DivisionByZero\nthe result is Infinity\n$/);
  assertMatch(await output("errback_twice", "--seconds=0.01"), /^Cannot fire a Deferred[^]*It was fired at:/);
  assertEquals(await output("inline_callbacks"), "callbacks: 60\ngenerator: 60\nawait:     60\n");
});

Deno.test("coroutine_echo", async () => {
  await using server = await Server.start("coroutine_echo");
  assertEquals(await server.nc("hello\nbye\nmore\n"), "1: hello\r\n2: bye\r\n");
  await server.end();
});

Deno.test("web_hello, web_children and status, and what proxies and http_get make of them", async () => {
  await using hello = await Server.start("web_hello");
  const url = `http://127.0.0.1:${hello.port}/?name=Ann`;
  assertStringIncludes(await hello.curl("/?name=Ann"), "Hello, Ann!");
  assertMatch(
    await output("http_get", `--port=${hello.port}`),
    /^HTTP\/1\.[01] 200 OK\r\n[^]*\r\n\r\n[^]*Hello, world!/,
  );
  for (const name of ["proxy", "caching_proxy"]) {
    await using proxy = await Server.start(name);
    assertStringIncludes(await proxy.nc(`${url}\n`), "Hello, Ann!");
    assertMatch(await proxy.nc("http://127.0.0.1:1/\n"), /^Cannot get http:\/\/127\.0\.0\.1:1\/: .*refused/);
    await proxy.end();
  }
  await using fetch = await Server.start("web_fetch");
  assertStringIncludes(await fetch.curl(`/?url=${encodeURIComponent(url)}`), "Hello, Ann!");
  assertEquals(
    await fetch.curl("/?url=http://127.0.0.1:1/", "-o", "/dev/null", "-w", "%{http_code}"),
    "502",
  );
  await fetch.end();
  await hello.end();
  await using children = await Server.start("web_children");
  assertEquals(await children.curl("/calendar/2024"), "2024 has 366 days\n");
  await children.end();
  await using status = await Server.start("status");
  assertStringIncludes(await status.curl("/hello"), "Hello, world!");
  const data = JSON.parse(await status.curl("/status?format=json"));
  assertEquals([data.figures, data.reactor.connectionsTotal], [{ tutorial: { hellos: 1 } }, 2]);
  await status.end();
});

Deno.test("web_later and web_fibonacci", async () => {
  await using later = await Server.start("web_later", "--seconds=0.05");
  assertEquals(await later.curl("/"), "A\nB\nC\n");
  await later.end();
  await using fibonacci = await Server.start("web_fibonacci");
  assertEquals(await fibonacci.curl("/inline?n=20"), "6765\n");
  await using long = new Running("curl", ["-s", `http://127.0.0.1:${fibonacci.port}/cooperate?n=33`]);
  assertEquals(await fibonacci.curl("/cooperate?n=20"), "6765\n"); // meanwhile
  await long.line(/^3524578$/, 60);
  await fibonacci.end();
});

Deno.test("kv_client and kv_client_errors, with the real store", async () => {
  const ports = ["--line-port=0", "--pb-port=0", "--web-port=0"];
  await using store = new Running(Deno.execPath(), [
    ...["run", "--allow-net", "examples/keyvalue/main.ts"],
    ...ports,
  ]);
  const [, port] = await store.line(/^ +lines +127\.0\.0\.1:(\d+)/, 60);
  const at = `--server=tcp:127.0.0.1:${port}`;
  assertEquals(await output("kv_client", at, "--set=color=red"), "STORED\nVALUE color red\n");
  assertEquals(await output("kv_client_errors", at, "--key=color"), "red\n");
  assertEquals(await output("kv_client_errors", at), "(there is no shape)\n");
});

Deno.test("ipc, one process for each side", async () => {
  await using server = await Server.start("ipc", "--role=server");
  const ask = (...args: string[]) => output("ipc", "--role=client", `--port=${server.port}`, ...args);
  assertEquals(await ask(), "7 / 2 is 3.5 (call 1)\n");
  assertEquals(await ask("--divisor=0"), "7 / 0 is no number (call 2)\n");
  await server.end();
});

Deno.test("memset and memget, with the real memcached", async () => {
  const port = freePort();
  await using _memcached = new Running("memcached", [
    ...["-u", "nobody", "-l", "127.0.0.1", "-U", "0", "-p", `${port}`],
  ]);
  await untilListening(port);
  const at = `--server=tcp:127.0.0.1:${port}`;
  assertEquals(await output("memset", at), "color is red\n");
  assertEquals(await output("memget", at), "color: red\nshape: (not there)\n");
});

Deno.test("memset gives up on a server that says nothing", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const accepted = listener.accept();
  const { code, errors } = await run("memset", `--server=tcp:127.0.0.1:${port}`, "--timeout=0.3");
  (await accepted).close();
  assertEquals([code, errors], [1, "TimeoutError: color was not stored in 0.3 s\n"]);
});

Deno.test("irc_bot, on the real ngircd, which it waits for until it is there", async () => {
  const port = freePort();
  await using bot = new Running(Deno.execPath(), [
    ...["run", "--allow-net", "examples/tutorial/irc_bot.ts", `--port=${port}`, "--channel=#rope"],
  ]);
  await bot.line(/refused; again in [\d.]+ s$/, 60);
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(
      `${folder}/ngircd.conf`,
      `[Global]\nName = irc.test\nInfo = test\nListen = 127.0.0.1\nPorts = ${port}\n` +
        "[Options]\nDNS = no\nIdent = no\nPAM = no\n[Limits]\nMaxConnectionsIP = 0\n",
    );
    await using _ngircd = new Running("/usr/sbin/ngircd", ["-n", "-f", `${folder}/ngircd.conf`]);
    await untilListening(port);
    using ann = await Deno.connect({ hostname: "127.0.0.1", port });
    const say = (line: string) => ann.write(new TextEncoder().encode(`${line}\r\n`));
    await say("NICK ann\r\nUSER ann 0 * :Ann\r\nJOIN #rope");
    const heard = ann.readable.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    const until = async (pattern: RegExp) => {
      while (!pattern.test(text)) {
        const { done, value } = await heard.read();
        assert(!done, text);
        text += value;
      }
    };
    await until(/storebot(!\S+ JOIN|.*\r\n\S+ 366)/); // it came, or was there
    await say("PRIVMSG #rope :!get color");
    await until(/PRIVMSG #rope :ann: no such key: color\r\n/);
    assertEquals((await bot.stop("SIGINT")).code, 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a wrong argument, a port in use and a server that is not there are told in words; --help helps", async () => {
  await using server = await Server.start("upper_server");
  const taken = await run("web_hello", `--port=${server.port}`);
  assertEquals(taken.code, 1);
  assertMatch(taken.errors, /^Cannot listen on 127\.0\.0\.1:\d+: .*Choose another port with --port\.\n$/);
  const wrong = await run("client_3", "--sever=x");
  assertEquals(wrong.code, 2);
  assertMatch(wrong.errors, /^unknown argument: --sever=x\n\nAsks several/);
  const nobody = await run("client_2", "--server=tcp:127.0.0.1:1");
  assertEquals(nobody.code, 1);
  assertMatch(nobody.errors, /^ConnectionRefusedError: .*\n$/);
  await server.end();
  for await (const { name } of Deno.readDir("examples/tutorial")) {
    if (name.startsWith("_") || name.endsWith("_test.ts")) continue;
    assertStringIncludes(await output(name.slice(0, -3), "--help"), "--help             this text", name);
  }
});
