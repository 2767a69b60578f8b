import { IRCClient } from "@ropewalk/protocols/irc";
import { assert, assertEquals } from "@std/assert";
import { Running } from "../_process.ts";
import { connect, freePort, until, untilListening } from "./_net.ts";

class User extends IRCClient {
  heard: string[] = [];
  override signedOn() {
    this.heard.push("in");
  }
  override joined(channel: string) {
    this.heard.push(`joined ${channel}`);
  }
  override userJoined(user: string, channel: string) {
    this.heard.push(`${user} joined ${channel}`);
  }
  override privmsg(user: string, channel: string, message: string) {
    this.heard.push(`${user.split("!")[0]} in ${channel}: ${message}`);
  }
  override action(user: string, channel: string, text: string) {
    this.heard.push(`${user.split("!")[0]} ${text} in ${channel}`);
  }
  override topicUpdated(user: string, channel: string, topic: string) {
    this.heard.push(`topic of ${channel} by ${user.split("!")[0]}: ${topic}`);
  }
  override ctcpReply(_user: string, _channel: string, { tag, data }: { tag: string; data: string | null }) {
    this.heard.push(`${tag} ${data}`);
  }
  override userQuit(user: string) {
    this.heard.push(`${user} quit`);
  }
}

Deno.test("IRCClient speaks to ngircd: two users, a channel, long messages, CTCP", async () => {
  const port = freePort();
  const folder = await Deno.makeTempDir();
  const config = `${folder}/ngircd.conf`;
  await Deno.writeTextFile(
    config,
    `[Global]\nName = irc.test\nInfo = test\nListen = 127.0.0.1\nPorts = ${port}\nPassword = sesame\n` +
      "[Options]\nDNS = no\nIdent = no\nPAM = no\n[Limits]\nMaxConnectionsIP = 0\n",
  );
  try {
    await using _server = new Running("/usr/sbin/ngircd", ["-n", "-f", config]);
    await untilListening(port);
    const ann = new User({ nickname: "ann", password: "sesame", lineRateSeconds: 0, versionName: "rope 1" });
    const bob = new User({ nickname: "bob", password: "sesame", lineRateSeconds: 0 });
    const connections = [await connect(ann, port), await connect(bob, port)];
    await until(() => ann.heard.length > 0 && bob.heard.length > 0);
    assert(ann.supported.hasFeature("CASEMAPPING"));
    ann.join("#rope");
    await until(() => ann.heard.includes("joined #rope"));
    ann.topic("#rope", "strands and lanes");
    bob.join("#rope");
    await until(() => ann.heard.includes("bob joined #rope"));
    const long = "ż".repeat(700);
    bob.say("#rope", long);
    bob.describe("#rope", "waves");
    bob.msg("ann", "psst");
    bob.ctcpQuery("ann", { tag: "VERSION", data: null });
    await until(() => ann.heard.includes("bob in ann: psst") && bob.heard.includes("VERSION rope 1"));
    const said = ann.heard.filter((line) => line.startsWith("bob in #rope: ")).map((line) => line.slice(14));
    assertEquals(said.join(""), long);
    assert(ann.heard.includes("bob waves in #rope"));
    assert(bob.heard.includes("topic of #rope by irc.test: strands and lanes"));
    bob.quit("bye");
    await connections[1]!.lost;
    await until(() => ann.heard.includes("bob quit"));
    ann.quit();
    await connections[0]!.lost;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
