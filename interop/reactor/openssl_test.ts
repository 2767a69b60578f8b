/** TLS of both hosts' reactors against `openssl s_client` and `openssl s_server`. */
import { assert, assertEquals, assertInstanceOf, assertMatch } from "@std/assert";
import { LineReceiver } from "@ropewalk/protocols";
import { createReactor } from "@ropewalk/reactor";
import { ConnectionDone, type Reactor, type TLSClientOptions, TLSError } from "@ropewalk/reactor/core";
import { AUTHORITY, CLIENT, OTHER, SERVER } from "../../reactor/_contract/certificates.ts";
import { ClientRecorders, portOf, type Recorder, Recorders } from "../../reactor/_contract/recorder.ts";

const trusting: TLSClientOptions = { ca: [AUTHORITY], hostname: "localhost" };

/** `openssl`, its input open, and all that it has written so far. */
class OpenSSL implements AsyncDisposable {
  text = "";
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #readers: Promise<void>[];
  #changed: () => void = () => {};

  constructor(...args: string[]) {
    this.#child = new Deno.Command("openssl", { args, stdin: "piped", stdout: "piped", stderr: "piped" })
      .spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#readers = [this.#child.stdout, this.#child.stderr].map(async (stream) => {
      for await (const text of stream.pipeThrough(new TextDecoderStream())) {
        this.text += text;
        this.#changed();
      }
      this.#changed();
    });
  }

  async says(pattern: RegExp): Promise<RegExpExecArray> {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.#changed();
    }, 15_000);
    let hasEnded = false;
    Promise.all(this.#readers).then(() => {
      hasEnded = true;
      this.#changed();
    });
    try {
      for (;;) {
        const match = pattern.exec(this.text);
        if (match) return match;
        if (isLate || hasEnded) throw new Error(`openssl did not say ${pattern}:\n${this.text}`);
        await new Promise<void>((resolve) => this.#changed = resolve);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  async type(text: string): Promise<void> {
    await this.#input.write(new TextEncoder().encode(text));
  }

  /** Its exit code, once it has ended by itself. */
  async end(): Promise<number> {
    const { code } = await this.#child.status;
    await Promise.all(this.#readers);
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.abort().catch(() => {});
    try {
      this.#child.kill("SIGKILL");
    } catch { /* it has ended */ }
    await this.end();
  }
}

async function withFiles(run: (file: (name: string) => string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const file = (name: string): string => `${folder}/${name}.pem`;
  const contents = {
    ca: AUTHORITY,
    cert: SERVER.cert,
    key: SERVER.key,
    other: OTHER.cert,
    otherKey: OTHER.key,
    client: CLIENT.cert,
    clientKey: CLIENT.key,
  };
  try {
    for (const [name, text] of Object.entries(contents)) await Deno.writeTextFile(file(name), text);
    await run(file);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Starts `openssl s_server` on a port of its own choice, and returns the port. */
async function serving(server: OpenSSL): Promise<number> {
  return Number((await server.says(/ACCEPT \S*:(\d+)/))[1]);
}

for (const kind of ["deno", "node"] as const) {
  const make = (): Reactor => createReactor(kind);
  const test = (name: string, run: (file: (name: string) => string) => Promise<void>): void =>
    Deno.test(`the reactor on ${kind}: ${name}`, () => withFiles(run));

  const listening = async (
    run: (port: number, servers: Recorders) => Promise<void>,
    options = {},
    makeProtocol?: () => Recorder,
  ): Promise<void> => {
    const servers = new Recorders(makeProtocol);
    const tls = { ...SERVER, sni: { "other.example": OTHER }, alpnProtocols: ["b", "a"], ...options };
    const port = make().listenTLS(0, servers, tls, { hostname: "127.0.0.1" });
    await port.ready;
    try {
      await run(portOf(port), servers);
    } finally {
      await port.stopListening();
    }
  };
  const s_client = (file: (name: string) => string, port: number, ...more: string[]): OpenSSL =>
    new OpenSSL(
      "s_client",
      "-connect",
      `127.0.0.1:${port}`,
      "-CAfile",
      file("ca"),
      "-verify_return_error",
      ...more,
    );

  for (const version of ["-tls1_2", "-tls1_3"]) {
    test(`s_client ${version} and listenTLS speak both ways, agree on ALPN, and close in order`, (file) =>
      listening(async (port, servers) => {
        const next = servers.next();
        await using client = s_client(file, port, version, "-servername", "localhost", "-alpn", "a,b");
        const server = await next;
        await client.type("ping from openssl\n");
        await server.heard("ping from openssl\n");
        assertEquals(server.transport.negotiatedProtocol, "b");
        server.transport.write("pong from us\n");
        server.transport.loseConnection();
        assertEquals(await client.end(), 0, client.text);
        assertMatch(client.text, /pong from us/);
        assertMatch(client.text, /ALPN protocol: b/);
        assertMatch(client.text, /Verify return code: 0 \(ok\)/);
        assertMatch(client.text, /^closed$/m);
        assert(!/unexpected eof|errno/i.test(client.text), client.text);
        assertInstanceOf(await server.lost, ConnectionDone);
      }));
  }

  test("s_client is shown the certificate of the name it asks for, and the default one for any other", (file) =>
    listening(async (port, servers) => {
      for (const [name, subject] of [["other.example", "other.example"], ["unknown.example", "localhost"]]) {
        const next = servers.next();
        await using client = s_client(file, port, "-servername", name!);
        const server = await next;
        await client.says(new RegExp(`subject=.*${subject!.replace(".", "\\.")}`));
        await client.type("Q\n");
        assertEquals(await client.end(), 0);
        assertInstanceOf(await server.lost, ConnectionDone);
      }
    }));

  test("s_client without a certificate is refused where one is required, and its subject is read with one", (file) =>
    listening(
      async (port, servers) => {
        await using stranger = s_client(file, port);
        assert(await stranger.end() !== 0, stranger.text);
        assertMatch(stranger.text, /alert/);
        assertEquals(servers.built.length, 0);
        const next = servers.next();
        await using client = s_client(file, port, "-cert", file("client"), "-key", file("clientKey"));
        const server = await next;
        assertEquals(server.transport.getPeerCertificate()?.subject.CN, "A client");
        server.transport.loseConnection();
        assertEquals(await client.end(), 0, client.text);
        await server.lost;
      },
      { ca: [AUTHORITY], clientCertificate: "required" },
    ));

  test("connectTLS and s_server speak both ways, agree on ALPN, and close in order", async (file) => {
    await using server = new OpenSSL(
      ..."s_server -accept 127.0.0.1:0 -naccept 1 -alpn b,a".split(" "),
      ...["-cert", file("cert"), "-key", file("key")],
    );
    const factory = new ClientRecorders();
    const next = factory.next();
    make().connectTLS("127.0.0.1", await serving(server), factory, {
      ...trusting,
      alpnProtocols: ["a", "b"],
    });
    const client = await next;
    client.transport.write("ping from us\n");
    await server.says(/ping from us/);
    await server.type("pong from openssl\n");
    await client.heard("pong from openssl\n");
    assertEquals(client.transport.negotiatedProtocol, "b");
    assertEquals(client.transport.getPeerCertificate()?.subject.CN, "localhost");
    client.transport.loseConnection();
    assertInstanceOf(await client.lost, ConnectionDone);
    assertEquals(await server.end(), 0, server.text);
    assertMatch(server.text, /CONNECTION CLOSED/);
    assert(!/unexpected eof|ERROR/.test(server.text), server.text);
  });

  test("connectTLS asks s_server for the certificate of a name, and shows its own", async (file) => {
    await using server = new OpenSSL(
      ..."s_server -accept 127.0.0.1:0 -naccept 1 -servername other.example -Verify 1".split(" "),
      ...["-verify_return_error", "-CAfile", file("ca"), "-cert", file("cert"), "-key", file("key")],
      ...["-cert2", file("other"), "-key2", file("otherKey")],
    );
    const factory = new ClientRecorders();
    const next = factory.next();
    const tls = { ca: [AUTHORITY], hostname: "other.example", ...CLIENT };
    make().connectTLS("127.0.0.1", await serving(server), factory, tls);
    const client = await next;
    assertEquals(client.transport.getPeerCertificate()?.subject.CN, "other.example");
    await server.says(/CN ?= ?A client/);
    client.transport.loseConnection();
    await client.lost;
    await server.end();
  });

  const refused: [string, TLSClientOptions, RegExp][] = [
    ["a certificate for another name", { ca: [AUTHORITY], hostname: "wrong.example" }, /not good for/],
    ["by default the name that it connects to", { ca: [AUTHORITY], hostname: "127.0.0.2" }, /not good for/],
    ["a certificate of an authority that is not trusted", { hostname: "localhost" }, /trusted/],
  ];
  for (const [what, tls, words] of refused) {
    test(`connectTLS refuses s_server over ${what}, in words`, async (file) => {
      await using server = new OpenSSL(
        ..."s_server -accept 127.0.0.1:0 -naccept 1".split(" "),
        ...["-cert", file("cert"), "-key", file("key")],
      );
      const factory = new ClientRecorders();
      make().connectTLS("127.0.0.1", await serving(server), factory, tls);
      const error = await factory.failed;
      assertInstanceOf(error, TLSError);
      assertMatch(error.message, words);
      assertEquals(factory.built.length, 0);
    });
  }

  test("s_client goes over to TLS in the middle of a line protocol that we serve", async (file) => {
    const seen: string[] = [];
    // As much SMTP as s_client wants.
    class Mail extends LineReceiver {
      override connectionMade(): void {
        this.sendLine("220 ready");
      }
      override lineReceived(line: string): void {
        seen.push(`${this.transport.secure ? "secret" : "plain"} ${line.split(" ")[0]}`);
        if (line.startsWith("EHLO")) this.transport.write("250-here\r\n250 STARTTLS\r\n");
        else if (line === "STARTTLS") {
          this.sendLine("220 go ahead");
          this.transport.startTLS(SERVER);
        } else {
          this.sendLine("221 bye");
          this.transport.loseConnection();
        }
      }
      override connectionLost(): void {
        lost();
      }
    }
    let lost!: () => void;
    const gone = new Promise<void>((resolve) => lost = resolve);
    const port = make().listenTCP(0, { doStart() {}, doStop() {}, buildProtocol: () => new Mail() }, {
      hostname: "127.0.0.1",
    });
    await port.ready;
    await using client = s_client(file, portOf(port), "-starttls", "smtp", "-crlf");
    await client.says(/Verify return code: 0 \(ok\)/);
    await client.type("quit\n");
    assertEquals(await client.end(), 0, client.text);
    await gone;
    assertMatch(client.text, /221 bye/);
    assertMatch(client.text, /^closed$/m);
    assertEquals(seen, ["plain EHLO", "plain STARTTLS", "secret quit"]);
    await port.stopListening();
  });

  test("we go over to TLS in the middle of a line protocol, with s_server behind the plain part", async (file) => {
    await using server = new OpenSSL(
      ..."s_server -accept 127.0.0.1:0 -naccept 1 -crlf".split(" "),
      ...["-cert", file("cert"), "-key", file("key")],
    );
    const behind = await serving(server);
    // s_server has no plain part of its own: this answers one line, and passes the rest on.
    const front = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const passing = (async () => {
      const conn = await front.accept();
      const buffer = new Uint8Array(100);
      let line = "";
      while (!line.endsWith("\r\n")) {
        line += new TextDecoder().decode(buffer.subarray(0, (await conn.read(buffer))!));
      }
      assertEquals(line, "STARTTLS\r\n");
      await conn.write(new TextEncoder().encode("go\r\n"));
      const onward = await Deno.connect({ hostname: "127.0.0.1", port: behind });
      await Promise.allSettled([
        conn.readable.pipeTo(onward.writable),
        onward.readable.pipeTo(conn.writable),
      ]);
    })();
    const heard: string[] = [];
    let secret!: () => void;
    let lost!: () => void;
    const [told, gone] = [
      new Promise<void>((done) => secret = done),
      new Promise<void>((done) => lost = done),
    ];
    class Client extends LineReceiver {
      override connectionMade(): void {
        this.sendLine("STARTTLS");
      }
      override lineReceived(line: string): void {
        heard.push(`${this.transport.secure ? "secret" : "plain"} ${line}`);
        if (line === "go") {
          this.transport.startTLS(trusting);
          this.sendLine("hello under TLS");
        } else {
          secret();
          this.transport.loseConnection();
        }
      }
      override connectionLost(): void {
        lost();
      }
    }
    make().connectTCP("127.0.0.1", (front.addr as Deno.NetAddr).port, {
      doStart() {},
      doStop() {},
      buildProtocol: () => new Client(),
    });
    await server.says(/hello under TLS/);
    await server.type("welcome\n");
    await told;
    await gone;
    assertEquals(heard, ["plain go", "secret welcome"]);
    assertEquals(await server.end(), 0, server.text);
    front.close();
    await passing;
  });
}
