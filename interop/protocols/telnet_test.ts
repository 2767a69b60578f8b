import { Factory } from "@ropewalk/protocols";
import { ECHO, NAWS, StatefulTelnetProtocol, TelnetTransport } from "@ropewalk/protocols/telnet";
import { assertEquals } from "@std/assert";
import { listen, untilClosed } from "./_net.ts";

Deno.test("TelnetTransport serves a real telnet client, which agrees to options and never shows a command", async () => {
  const agreed: string[] = [];
  class Shell extends StatefulTelnetProtocol {
    override state = "Name";
    telnet_Name(name: string) {
      this.transport.write(`Hello, ${name}!\n`);
      (this.transport as TelnetTransport).will(ECHO).addCallbacks(
        () => agreed.push("echo"),
        () => agreed.push("no echo"),
      );
      return "Command";
    }
    telnet_Command(line: string) {
      this.transport.write(`You said ${line}\n`);
      if (line === "quit") this.transport.loseConnection();
    }
    enableRemote(option: number) {
      return option === NAWS;
    }
  }
  const { port, listening } = await listen(Factory.forProtocol(TelnetTransport, () => new Shell()));
  try {
    const telnet = new Deno.Command("telnet", {
      args: ["127.0.0.1", `${port}`],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    })
      .spawn();
    const writer = telnet.stdin.getWriter();
    const say = (line: string) => writer.write(new TextEncoder().encode(line + "\n"));
    let output = "";
    const reading = (async () => {
      for await (const chunk of telnet.stdout.pipeThrough(new TextDecoderStream())) {
        const before = output;
        output += chunk;
        // Each line waits for the answer before: a client that reads its input at once ends too soon.
        if (output.includes("Connected") && !before.includes("Connected")) await say("bob");
        if (output.includes("Hello, bob!") && !before.includes("Hello, bob!")) await say("ÿ and more");
        if (output.includes("and more") && !before.includes("and more")) await say("quit");
      }
    })();
    await telnet.status;
    await writer.close().catch(() => {});
    await reading;
    assertEquals(output.split(/\r?\n/).filter((line) => /Hello|said/.test(line)), [
      "Hello, bob!",
      "You said ÿ and more",
      "You said quit",
    ]);
    assertEquals(agreed, ["echo"]);
  } finally {
    await listening.stopListening();
    await untilClosed();
  }
});
