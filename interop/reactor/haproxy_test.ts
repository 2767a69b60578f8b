/** A `haproxy:` endpoint behind the haproxy of Debian. */
import { Factory, LineReceiver } from "@ropewalk/protocols";
import { createReactor, type IPv4Address, serverFromString } from "@ropewalk/reactor";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Running } from "../_process.ts";
import { freePort } from "../protocols/_net.ts";

/** Says who it thinks is there, and then what it hears. */
class WhoIsThere extends LineReceiver {
  override connectionMade(): void {
    this.sendLine(`${this.transport.getPeer()} to ${this.transport.getHost()}`);
  }

  override lineReceived(line: string): void {
    this.sendLine(line);
    this.transport.loseConnection();
  }
}

/** Connects, says something, and reads to the end. */
async function ask(
  to: Deno.ConnectOptions | Deno.UnixConnectOptions,
): Promise<{ from: string; text: string }> {
  const conn = await ("path" in to ? Deno.connect(to) : Deno.connect(to));
  await conn.write(new TextEncoder().encode("hello\r\n"));
  let text = "";
  const from = conn.localAddr.transport === "tcp" ? `127.0.0.1:${conn.localAddr.port}` : "a path";
  for await (const part of conn.readable.pipeThrough(new TextDecoderStream())) text += part;
  return { from, text };
}

// It says nothing when it has begun.
async function untilListening(path: string, proxy: Running): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    try {
      (await Deno.connect({ transport: "unix", path })).close();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error(`haproxy does not listen:\n${proxy.lines.join("\n")}`);
}

for (const version of ["send-proxy", "send-proxy-v2"]) {
  Deno.test(`haproxy with ${version} says who its clients are`, async () => {
    const folder = await Deno.makeTempDir();
    const reactor = createReactor("deno");
    const built: string[] = [];
    const factory = Factory.forProtocol(WhoIsThere);
    const build = factory.buildProtocol.bind(factory);
    factory.buildProtocol = (address) => {
      built.push(`${address}`);
      return build(address);
    };
    await using port = await serverFromString(reactor, "haproxy:tcp:0:interface=127.0.0.1").listen(factory);
    const { port: behind } = port.getHost() as IPv4Address;
    const front = freePort();
    await Deno.writeTextFile(
      `${folder}/haproxy.cfg`,
      `defaults
  mode tcp
  timeout connect 10s
  timeout client 10s
  timeout server 10s
listen front
  bind 127.0.0.1:${front}
  bind unix@${folder}/front.sock
  server ours 127.0.0.1:${behind} ${version} check
`,
    );
    try {
      await using proxy = new Running("haproxy", ["-db", "-f", `${folder}/haproxy.cfg`]);
      await untilListening(`${folder}/front.sock`, proxy);
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => ask({ hostname: "127.0.0.1", port: front })),
      );
      for (const { from, text } of answers) {
        assertEquals(text, `${from} to 127.0.0.1:${front}\r\nhello\r\n`, proxy.lines.join("\n"));
        assert(built.includes(from));
      }
      assertEquals(new Set(answers.map(({ from }) => from)).size, 20);
      // A client on a UNIX socket has no address that a header could tell: it is haproxy that is there.
      const { text } = await ask({ transport: "unix", path: `${folder}/front.sock` });
      assertMatch(text, new RegExp(`^127\\.0\\.0\\.1:\\d+ to 127\\.0\\.0\\.1:${behind}\\r\\nhello\\r\\n$`));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
    while (reactor.stats().connections > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });
}
