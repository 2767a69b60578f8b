import { Factory, LineReceiver, Protocol } from "@ropewalk/protocols";
import { ProxyFactory } from "@ropewalk/protocols/portforward";
import { SOCKSClient, SOCKSServer } from "@ropewalk/protocols/socks";
import { reactor } from "@ropewalk/reactor";
import { assertEquals } from "@std/assert";
import { PYTHON, Running, runToEnd } from "../_process.ts";
import { connect, listen, until, untilClosed } from "./_net.ts";

/** The least that curl takes for a web server. */
class Page extends LineReceiver {
  override lineReceived(line: string) {
    if (line !== "") return;
    this.transport.write("HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nhello\n");
    this.transport.loseConnection();
  }
}

Deno.test("SOCKSServer and ProxyFactory serve curl: SOCKS 4, 4a, 5, with names, and with a password", async () => {
  const page = await listen(Factory.forProtocol(Page));
  const asked: string[] = [];
  const authorize = ({ host }: { host: string }, user: string) => {
    asked.push(`${user}@${host}`);
    return true;
  };
  const open = await listen(Factory.forProtocol(SOCKSServer, { reactor, authorize }));
  const locked = await listen(
    Factory.forProtocol(SOCKSServer, {
      reactor,
      authorize,
      authenticate: (_: string, word: string) => word === "pw",
    }),
  );
  const forward = await listen(new ProxyFactory(reactor, "127.0.0.1", page.port));
  try {
    const curl = async (proxy: string, host = "127.0.0.1", port = page.port) => {
      const args = ["-s", "-m", "10", ...(proxy === "" ? [] : ["--proxy", proxy]), `http://${host}:${port}/`];
      const { code, output } = await runToEnd("curl", args);
      return code === 0 ? output : code;
    };
    assertEquals(await curl(`socks4://ann@127.0.0.1:${open.port}`), "hello\n");
    assertEquals(await curl(`socks4a://127.0.0.1:${open.port}`, "localhost"), "hello\n");
    assertEquals(await curl(`socks5://127.0.0.1:${open.port}`), "hello\n");
    assertEquals(await curl(`socks5h://127.0.0.1:${open.port}`, "localhost"), "hello\n");
    assertEquals(await curl(`socks5://ann:pw@127.0.0.1:${locked.port}`), "hello\n");
    assertEquals(await curl(`socks5://ann:no@127.0.0.1:${locked.port}`), 97);
    assertEquals(asked, ["ann@127.0.0.1", "@localhost", "@127.0.0.1", "@localhost", "ann@127.0.0.1"]);
    assertEquals(await curl("", "127.0.0.1", forward.port), "hello\n");
  } finally {
    for (const { listening } of [page, open, locked, forward]) await listening.stopListening();
    await untilClosed();
    await untilClosed();
  }
});

class Recorder extends Protocol {
  data = "";
  override connectionMade() {
    this.transport.write("GET / HTTP/1.0\r\n\r\n");
  }
  override dataReceived(data: Uint8Array) {
    this.data += new TextDecoder().decode(data);
  }
}

Deno.test("SOCKSClient goes through Twisted's SOCKS 4 server", async () => {
  const page = await listen(Factory.forProtocol(Page));
  try {
    const script = [
      "from twisted.internet import reactor",
      "from twisted.protocols.socks import SOCKSv4Factory",
      "port = reactor.listenTCP(0, SOCKSv4Factory(None), interface='127.0.0.1')",
      "print('port', port.getHost().port, flush=True)",
      "reactor.run()",
    ].join("\n");
    await using twisted = new Running(PYTHON, ["-c", script]);
    const port = Number((await twisted.line(/^port (\d+)/))[1]);
    const inner = new Recorder();
    const { lost } = await connect(
      new SOCKSClient("127.0.0.1", page.port, inner, { version: 4, user: "ann" }),
      port,
    );
    await until(() => inner.data.endsWith("hello\n"));
    await lost;
  } finally {
    await page.listening.stopListening();
    await untilClosed();
  }
});

/** Answers only when the client has finished sending, as a server of HTTP/0.9 or of a pipe does. */
class AtTheEnd extends Protocol {
  #length = 0;
  override dataReceived(data: Uint8Array) {
    this.#length += data.length;
  }
  readConnectionLost() {
    this.transport.write(`${this.#length} bytes\n`);
    this.transport.loseConnection();
  }
}

Deno.test("ProxyFactory and SOCKSServer pass the end of what nc sends on, and the answer back", async () => {
  const server = await listen(Factory.forProtocol(AtTheEnd));
  const forward = await listen(new ProxyFactory(reactor, "127.0.0.1", server.port));
  const socks = await listen(Factory.forProtocol(SOCKSServer, { reactor, authorize: () => true }));
  try {
    const nc = async (...args: string[]) => {
      const { output } = await runToEnd("sh", [
        "-c",
        `head -c 300000 /dev/zero | nc -N -w 10 ${args.join(" ")}`,
      ]);
      return output;
    };
    assertEquals(await nc("127.0.0.1", `${forward.port}`), "300000 bytes\n");
    assertEquals(
      await nc("-X", "5", "-x", `127.0.0.1:${socks.port}`, "127.0.0.1", `${server.port}`),
      "300000 bytes\n",
    );
  } finally {
    for (const { listening } of [server, forward, socks]) await listening.stopListening();
    await untilClosed();
  }
});
