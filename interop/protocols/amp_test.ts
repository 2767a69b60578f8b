import { setErrorReporter } from "@ropewalk/deferred";
import { Factory, Protocol } from "@ropewalk/protocols";
import {
  AMP,
  AmpList,
  Boolean,
  Command,
  DateTime,
  Decimal,
  Float,
  Integer,
  ListOf,
  OnlyOneTLS,
  Path,
  String,
  UnhandledCommand,
  Unicode,
  UnknownRemoteError,
  ZonedDate,
} from "@ropewalk/protocols/amp";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { AUTHORITY, SERVER } from "../../reactor/_contract/certificates.ts";
import { PYTHON, Running } from "../_process.ts";
import { connect, listen, until, untilClosed } from "./_net.ts";

class Boom extends Error {}

class Sum extends Command {
  static override arguments = { a: new Integer(), b: new Integer({ optional: true }) };
  static override response = { total: new Integer() };
  static override errors = { BOOM: Boom };
}

const everything = {
  i: new Integer(),
  b: new Boolean(),
  d: new DateTime(),
  fl: new Float(),
  l: new ListOf(new Integer()),
  m: new Decimal(),
  p: new Path(),
  rows: new AmpList({ x: new Integer(), y: new Unicode({ optional: true }) }),
  s: new String(),
  u: new Unicode(),
};

class All extends Command {
  static override arguments = everything;
  static override response = everything;
}

class No extends Command {
  static override arguments = { text: new Unicode() };
  static override readonly requiresAnswer = false as const;
}

class Heard extends Command {
  static override response = { texts: new ListOf(new Unicode()) };
}

class Fail extends Command {}
class Nobody extends Command {}
class Upgrade extends Command {}

const peer = new URL("amp_peer.py", import.meta.url).pathname;

class Recorder extends Protocol {
  data = "";
  override dataReceived(data: Uint8Array) {
    this.data += new TextDecoder().decode(data);
  }
}

Deno.test("AMP calls a Twisted server: every type, errors, no answers, a switch of protocols", async () => {
  await using twisted = new Running(PYTHON, [peer, "server"]);
  const port = Number((await twisted.line(/^port (\d+)/))[1]);
  const amp = new AMP();
  const { lost } = await connect(amp, port);
  assertEquals(await amp.callRemote(Sum, { a: 5, b: 7 }), { total: 12 });
  assertEquals(await amp.callRemote(Sum, { a: 5 }), { total: 45 });
  assertEquals((await amp.callRemote(Sum, { a: 2n ** 70n, b: 1 })).total as unknown, 2n ** 70n + 1n);
  await assertRejects(async () => await amp.callRemote(Sum, { a: -1 }), Boom, "too low");
  const sent = {
    i: -3,
    b: false,
    d: new ZonedDate(Date.UTC(2012, 0, 23, 9, 4, 56, 54), -210, 321),
    fl: -1e300,
    l: [],
    m: "1.50",
    p: "/tmp/x",
    rows: [{ x: 1, y: "é" }, { x: 2 }],
    s: Uint8Array.from({ length: 256 }, (_, i) => i),
    u: "hé \u{1f40c}",
  };
  const got = await amp.callRemote(All, sent);
  assertEquals({ ...got, rows: got.rows.map((row) => ({ ...row })) }, {
    ...sent,
    rows: [{ x: 1, y: "é" }, { x: 2, y: undefined }],
  });
  assertEquals(got.d.toWire(), "2012-01-23T05:34:56.054321-03:30");
  amp.callRemote(No, { text: "one" });
  amp.callRemote(No, { text: "twö" });
  assertEquals((await amp.callRemote(Heard)).texts, ["one", "twö"]);
  await assertRejects(async () => await amp.callRemote(Nobody), UnhandledCommand);
  const many = await Promise.all(Array.from({ length: 500 }, (_, i) => amp.callRemote(Sum, { a: i, b: 0 })));
  assertEquals(many.map(({ total }) => total), Array.from({ length: 500 }, (_, i) => i));
  const inner = await amp.switchTo(Upgrade, {}, new Recorder());
  inner.transport.write("shout");
  await until(() => inner.data === "SHOUT");
  inner.transport.loseConnection();
  await lost;

  const second = new AMP();
  const secondLost = (await connect(second, port)).lost;
  await assertRejects(async () => await second.callRemote(Fail), UnknownRemoteError, "Unknown Error");
  await secondLost; // Twisted closes after an error that nobody declared
});

Deno.test("AMP answers a Twisted client: every type, errors, no answers, a switch of protocols", async () => {
  class Shout extends Protocol {
    override dataReceived(data: Uint8Array) {
      this.transport.write(new TextDecoder().decode(data).toUpperCase());
    }
  }
  class Server extends AMP {
    texts: string[] = [];
    override connectionMade() {
      this.respond(Sum, ({ a, b }) => {
        if (a < 0) throw new Boom("too low");
        // What is beyond 2^53 comes as a bigint, and can be added to nothing else.
        return { total: typeof a === "bigint" ? a + BigInt(b ?? 40) : a + (b ?? 40) };
      });
      this.respond(All, (args) => Promise.resolve(args));
      this.respond(No, ({ text }) => {
        this.texts.push(text);
        return {};
      });
      this.respond(Heard, () => ({ texts: this.texts }));
      this.respond(Fail, () => {
        throw new Error("the password is 1234");
      });
      this.respondBySwitching(Upgrade, () => new Shout());
    }
  }
  const reported: string[] = [];
  const before = setErrorReporter((failure) => void reported.push(failure.getErrorMessage()));
  const { port, listening } = await listen(Factory.forProtocol(Server));
  try {
    await using twisted = new Running(PYTHON, [peer, "client", `${port}`]);
    await twisted.line(/^done$/);
    await twisted.status();
    assertEquals(twisted.lines, [
      "sum 12",
      "optional 45",
      `big ${2n ** 70n + 1n}`,
      "boom too low",
      "all True 3:30:00 1.50",
      "heard ['one', 'tw\\xf6']",
      "unhandled",
      "many True",
      "switched AFTER THE SWITCH",
      "unknown Unknown Error",
      "done",
    ]);
    assertEquals(reported, ["the password is 1234"]);
  } finally {
    setErrorReporter(before);
    await listening.stopListening();
    await untilClosed();
  }
});

async function withFile(text: string, run: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile({ suffix: ".pem" });
  try {
    await Deno.writeTextFile(path, text);
    await run(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("AMP goes over to TLS with a Twisted server, and to another protocol under it", () =>
  withFile(SERVER.cert + SERVER.key, async (pem) => {
    await using twisted = new Running(PYTHON, [peer, "tls-server", pem]);
    const port = Number((await twisted.line(/^port (\d+)/))[1]);
    const amp = new AMP();
    const { lost } = await connect(amp, port);
    assertEquals((await amp.callRemote(Heard)).texts.at(-1), "False");
    await amp.startTLS({ hostname: "localhost", ca: [AUTHORITY] });
    assertEquals((await amp.callRemote(Heard)).texts.at(-1), "True");
    assertEquals(await amp.callRemote(Sum, { a: 5, b: 7 }), { total: 12 });
    assertThrows(() => amp.startTLS({ hostname: "localhost", ca: [AUTHORITY] }), OnlyOneTLS);
    const inner = await amp.switchTo(Upgrade, {}, new Recorder());
    inner.transport.write("shout");
    await until(() => inner.data === "SHOUT");
    inner.transport.loseConnection();
    await lost;

    // A certificate for another name costs the connection, and nothing is said to whoever showed it.
    const second = new AMP();
    const secondLost = (await connect(second, port)).lost;
    await second.startTLS({ hostname: "other.example", ca: [AUTHORITY] });
    await assertRejects(async () => await second.callRemote(Sum, { a: 1, b: 1 }));
    await secondLost;
  }));

Deno.test("AMP goes over to TLS with a Twisted client, and to another protocol under it", () =>
  withFile(AUTHORITY, async (authority) => {
    class Shout extends Protocol {
      override dataReceived(data: Uint8Array) {
        this.transport.write(new TextDecoder().decode(data).toUpperCase());
      }
    }
    class Server extends AMP {
      override connectionMade() {
        this.respond(Sum, ({ a, b }) => ({ total: a + (b ?? 40) }));
        this.respondBySwitching(Upgrade, () => new Shout());
        this.acceptTLS(SERVER);
      }
    }
    const { port, listening } = await listen(Factory.forProtocol(Server));
    try {
      await using twisted = new Running(PYTHON, [peer, "tls-client", `${port}`, authority]);
      await twisted.line(/^done$/);
      await twisted.status();
      assertEquals(twisted.lines, [
        "before 2",
        "after 12",
        "certificate localhost",
        "switched AFTER THE SWITCH",
        "done",
      ]);
    } finally {
      await listening.stopListening();
      await untilClosed();
    }
  }));
