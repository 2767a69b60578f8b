/** Finger, ident, postfix's tables and the IRC server against programs nobody here wrote. */
import { Factory } from "@ropewalk/protocols";
import { Finger, FingerClient } from "@ropewalk/protocols/finger";
import { IdentClient, IdentServer, NoUser } from "@ropewalk/protocols/ident";
import { IRC, IRCClient, IRCNetwork } from "@ropewalk/protocols/irc";
import { PostfixTCPMapServer } from "@ropewalk/protocols/postfix";
import { assertEquals, assertRejects } from "@std/assert";
import { PYTHON, Running, runToEnd } from "../_process.ts";
import { connect, freePort, listen, until, untilClosed, untilListening } from "./_net.ts";

class Users extends IdentServer {
  override lookup(portOnServer: number) {
    if (portOnServer === 6195) throw new NoUser();
    return Promise.resolve({ system: "UNIX", userId: "stjohns" });
  }
}

const peer = new URL("small_peer.py", import.meta.url).pathname;

Deno.test("FingerClient asks Twisted's finger server", async () => {
  await using twisted = new Running(PYTHON, [peer, "finger"]);
  const port = Number((await twisted.line(/^port (\d+)/))[1]);
  for (
    const [query, answer] of [["bob", "Login: bob\nZółw\n"], ["/W bob", "Login: bob (long)\nZółw\n"]] as const
  ) {
    const client = new FingerClient(query);
    const { lost } = await connect(client, port);
    assertEquals(await client.answer, answer);
    await lost;
  }
});

Deno.test("Finger answers curl, whose gopher asks as a finger client does", async () => {
  const { port, listening } = await listen(Factory.forProtocol(Finger));
  try {
    const { code, output } = await runToEnd("curl", ["-s", "-m", "5", `gopher://127.0.0.1:${port}/0bob`]);
    assertEquals([code, output], [0, "Login: bob\nNo such user\n"]);
  } finally {
    await listening.stopListening();
    await untilClosed();
  }
});

Deno.test("IdentClient asks oidentd who has our own connection to it", async () => {
  const port = freePort();
  await using _server = new Running("/usr/sbin/oidentd", [
    ...["-i", "-S", "-a", "127.0.0.1", "-p", `${port}`, "-C", "/dev/null"],
    ...[
      "-u",
      (await runToEnd("id", ["-u"])).output.trim(),
      "-g",
      (await runToEnd("id", ["-g"])).output.trim(),
    ],
  ]);
  await untilListening(port);
  const client = new IdentClient();
  const { lost } = await connect(client, port);
  const { port: ours } = client.transport.getHost() as { port: number };
  // Both ends are on this host: ours is the end whose port is `ours`.
  const { output } = await runToEnd("id", ["-un"]);
  const { userId } = await client.lookup(ours, port);
  assertEquals(userId, output.trim());
  client.transport.loseConnection();
  await lost;
  const second = new IdentClient();
  const connection = await connect(second, port);
  await assertRejects(async () => await second.lookup(1, 2), NoUser);
  second.transport.loseConnection();
  await connection.lost;
});

Deno.test("IdentServer answers netcat, which asks as RFC 1413 has it", async () => {
  const { port, listening } = await listen(Factory.forProtocol(Users));
  try {
    const questions = ["6193, 23", "6195 , 23", " 6194,23 ", "0, 23", "nonsense"];
    const { output } = await runToEnd("sh", [
      "-c",
      `printf '${questions.map((question) => question + "\\r\\n").join("")}' | nc -N -w 10 127.0.0.1 ${port}`,
    ]);
    assertEquals(output.split("\r\n"), [
      "6193, 23 : USERID : UNIX : stjohns",
      "6195, 23 : ERROR : NO-USER",
      "6194, 23 : USERID : UNIX : stjohns",
      "0, 23 : ERROR : INVALID-PORT",
      "0, 0 : ERROR : INVALID-PORT",
      "",
    ]);
  } finally {
    await listening.stopListening();
    await untilClosed();
  }
});

Deno.test("PostfixTCPMapServer answers postfix's own postmap", async () => {
  const addresses: Record<string, string> = { "ann@example.org": "ann 100% z Łodzi", "a key": "b" };
  const { port, listening } = await listen(Factory.forProtocol(PostfixTCPMapServer, (key: string) => {
    if (key === "broken") throw new Error("no");
    return addresses[key] ?? null;
  }));
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(
    `${folder}/main.cf`,
    "compatibility_level = 3.6\ninet_interfaces = loopback-only\n",
  );
  const ask = async (key: string) => {
    const { code, output } = await runToEnd("/usr/sbin/postmap", [
      ...["-c", folder, "-q", key, `tcp:127.0.0.1:${port}`],
    ]);
    return [code, output];
  };
  try {
    assertEquals(await ask("ann@example.org"), [0, "ann 100% z Łodzi\n"]);
    assertEquals(await ask("a key"), [0, "b\n"]);
    assertEquals(await ask("nobody"), [1, ""]);
  } finally {
    await listening.stopListening();
    await untilClosed();
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("The IRC server speaks to Twisted's IRCClient: channels, topics, modes, notices, kicks", async () => {
  class User extends IRCClient {
    heard: string[] = [];
    override noticed(user: string, _channel: string, message: string) {
      this.heard.push(`notice of ${user.split("!")[0]}: ${message}`);
    }
    override action(user: string, channel: string, text: string) {
      this.heard.push(`${user.split("!")[0]} ${text} in ${channel}`);
    }
    override topicUpdated(_user: string, channel: string, topic: string) {
      this.heard.push(`topic of ${channel}: ${topic}`);
    }
    override modeChanged(_user: string, channel: string, set: boolean, modes: string) {
      this.heard.push(`modes of ${channel}: ${set ? "+" : "-"}${modes}`);
    }
    override kickedFrom(channel: string, kicker: string, message: string) {
      this.heard.push(`kicked from ${channel} by ${kicker}: ${message}`);
    }
    override userQuit(user: string, message: string) {
      this.heard.push(`${user} quit: ${message}`);
    }
  }
  const network = new IRCNetwork({ name: "irc.test" });
  const { port, listening } = await listen(Factory.forProtocol(IRC, network));
  try {
    await using twisted = new Running(PYTHON, [peer, "irc", `${port}`]);
    await twisted.line(/^topic #rope knots and bends$/);
    const user = new User({ nickname: "rope", lineRateSeconds: 0 });
    const { lost } = await connect(user, port);
    user.join("#rope");
    await until(() => user.heard.includes("modes of #rope: +o"));
    assertEquals(user.heard.includes("topic of #rope: knots and bends"), true);
    user.say("#rope", "cześć");
    await until(() => user.heard.includes("twisted nods in #rope"));
    assertEquals(user.heard.includes("notice of twisted: heard"), true);
    user.setNick("walk");
    await until(() => user.heard.includes("kicked from #rope by twisted: enough"));
    await twisted.line(/^lost$/);
    await twisted.status();
    assertEquals(
      twisted.lines.slice(0, 1).concat(
        twisted.lines.filter((line) => /^(joined|message|renamed|user|mode)/.test(line)),
      ),
      [
        "signed on",
        "joined #rope",
        "user joined rope #rope",
        "mode #rope True o ('rope',)",
        "message rope #rope cześć",
        "renamed rope walk",
      ],
    );
    user.quit();
    await lost;
  } finally {
    await listening.stopListening();
    await untilClosed();
  }
});
