import { Factory } from "@ropewalk/protocols";
import { WebSocketClientProtocol, WebSocketServerProtocol } from "@ropewalk/protocols/websocket";
import { assertEquals } from "@std/assert";
import { Running } from "../_process.ts";
import { connect, listen, until, untilClosed } from "./_net.ts";

const peer = new URL("ws_peer.ts", import.meta.url).pathname;
const start = (...args: string[]) =>
  new Running(Deno.execPath(), ["run", "--lock=peers.lock", "-A", "-q", peer, ...args]);

class Client extends WebSocketClientProtocol {
  got: (string | Uint8Array)[] = [];
  end: [number, string] | null = null;
  override messageReceived(message: string | Uint8Array) {
    this.got.push(message);
  }
  override closed(code: number, reason: string) {
    this.end = [code, reason];
  }
}

const messages = ["", "hello", "żółw ".repeat(5000), Uint8Array.from({ length: 70_000 }, (_, i) => i), "end"];

for (
  const [name, args, perMessageDeflate, subprotocol] of [
    ["ws", ["server"], false, "chat"],
    ["ws with per-message deflate", ["server", "deflate"], true, "chat"],
    ["websocket-driver", ["driver"], false, ""],
  ] as const
) {
  Deno.test(`WebSocketClientProtocol talks to a server of ${name}`, async () => {
    await using server = start(...args);
    const port = Number((await server.line(/^port (\d+)/))[1]);
    const client = new Client(`ws://127.0.0.1:${port}/`, {
      perMessageDeflate,
      deflateFromBytes: 100,
      closeTimeoutSeconds: 1, // websocket-driver leaves it to its user to end the connection
      subprotocols: subprotocol === "" ? [] : ["chat"],
    });
    const { lost } = await connect(client, port);
    await until(() => client.state === "open");
    assertEquals(client.subprotocol, subprotocol);
    for (const message of messages) client.sendMessage(message);
    await until(() => client.got.length === messages.length);
    assertEquals(client.got, messages);
    client.close(3001, "done");
    await lost;
    assertEquals(client.end?.[0], 3001);
    await server.line(/^closed 3001 done$/);
  });
}

for (const deflate of [false, true]) {
  Deno.test(`WebSocketServerProtocol serves a client of ws${deflate ? " with per-message deflate" : ""}`, async () => {
    const paths: string[] = [];
    class Echo extends WebSocketServerProtocol {
      override opened() {
        paths.push(this.path);
      }
      override messageReceived(message: string | Uint8Array) {
        this.sendMessage(message);
      }
    }
    const options = { subprotocols: ["chat"], perMessageDeflate: deflate, deflateFromBytes: 100 };
    const { port, listening } = await listen(Factory.forProtocol(Echo, options));
    try {
      await using client = start("client", `${port}`, ...(deflate ? ["deflate"] : []));
      await client.line(/^closed/);
      assertEquals(client.lines.sort(), [
        "closed 3333 ",
        `open chat ${deflate ? "permessage-deflate" : ""}`,
        "pong inside",
        "same true",
      ]);
      assertEquals(paths, ["/path?q=1"]);
      await client.status();
    } finally {
      await listening.stopListening();
      await untilClosed();
    }
  });
}
