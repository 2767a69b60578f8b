import { Factory, MethodTable } from "@ropewalk/protocols";
import {
  JSONRPCError,
  JSONRPCLines,
  JSONRPCNetstrings,
  type JSONRPCPeer,
  JSONRPCWebSocketClient,
  JSONRPCWebSocketServer,
} from "@ropewalk/protocols/jsonrpc";
import { assertEquals, assertRejects } from "@std/assert";
import { PYTHON, Running } from "../_process.ts";
import { connect, freePort, listen, until, untilClosed, untilListening } from "./_net.ts";

const program = new URL("jsonrpc_peer.py", import.meta.url).pathname;
const netstrings = new URL("jsonrpc_netstrings_peer.py", import.meta.url).pathname;
const sockets = new URL("jsonrpc_ws_peer.ts", import.meta.url).pathname;

/** The methods that the peers call, and what was noted. */
function served(): MethodTable {
  const notes: string[] = [];
  return new MethodTable()
    .add("add", (a: number, b: number) => a + b)
    .add("upper", (text: string) => Promise.resolve(text.toUpperCase()), { parameters: ["text"] })
    .add("fail", () => {
      throw new JSONRPCError(501, "not today");
    })
    .add("note", (text: string) => void notes.push(text))
    .add("notes", () => notes.join());
}

async function callAll({ peer }: { peer: JSONRPCPeer }): Promise<void> {
  assertEquals(await peer.call("add", 2, 3), 5);
  assertEquals(await peer.callNamed("upper", { text: "żółw" }), "ŻÓŁW");
  const refused = await assertRejects(async () => await peer.call("fail"), JSONRPCError, "not today");
  assertEquals(refused.code, 501);
  await assertRejects(async () => await peer.call("missing"), JSONRPCError);
  const many = await Promise.all(Array.from({ length: 200 }, (_, i) => peer.call("add", i, 1)));
  assertEquals(many, Array.from({ length: 200 }, (_, i) => i + 1));
  const [two, refusal] = peer.batch([{ method: "add", params: [1, 1] }, { method: "fail" }]);
  assertEquals(await two, 2);
  await assertRejects(async () => await refusal, JSONRPCError, "not today");
}

Deno.test("JSON-RPC over lines calls aiorpcx: by position, by name, errors, unknown methods, many at once", async () => {
  const port = freePort();
  await using _server = new Running(PYTHON, [program, "server", `${port}`]);
  await untilListening(port);
  const lines = new JSONRPCLines();
  const { lost } = await connect(lines, port);
  await callAll(lines);
  lines.transport.loseConnection();
  await lost;
});

Deno.test("JSON-RPC over lines answers aiorpcx: by position, by name, errors, notifications, a batch", async () => {
  const { port, listening } = await listen(Factory.forProtocol(JSONRPCLines, { methods: served() }));
  try {
    await using client = new Running(PYTHON, [program, "client", `${port}`]);
    await client.line(/^done$/);
    await client.status();
    assertEquals(client.lines, [
      "add 5",
      "upper ŻÓŁW",
      "fail 501 not today",
      "missing -32601 Method not found",
      "batch 2 B",
      "notes seen",
      "done",
    ]);
  } finally {
    await listening.stopListening();
    await untilClosed();
  }
});

Deno.test("JSON-RPC over netstrings calls aiorpcx behind Twisted's netstrings", async () => {
  const port = freePort();
  await using _server = new Running(PYTHON, [netstrings, "server", `${port}`]);
  await untilListening(port);
  const protocol = new JSONRPCNetstrings();
  const { lost } = await connect(protocol, port);
  await callAll(protocol);
  assertEquals(await protocol.peer.call("upper", "x".repeat(500_000)), "X".repeat(500_000));
  protocol.transport.loseConnection();
  await lost;
});

Deno.test("JSON-RPC over netstrings answers aiorpcx behind Twisted's netstrings", async () => {
  const { port, listening } = await listen(Factory.forProtocol(JSONRPCNetstrings, { methods: served() }));
  try {
    await using client = new Running(PYTHON, [netstrings, "client", `${port}`]);
    await client.line(/^done$/);
    await client.status();
    assertEquals(client.lines, [
      "add 5",
      "upper ŻÓŁW",
      "fail 501 not today",
      "missing -32601 Method not found",
      "batch 2 B",
      "notes 13",
      "long 500000",
      "done",
    ]);
  } finally {
    await listening.stopListening();
    await untilClosed();
  }
});

const PEER = ["run", "--lock=peers.lock", "-A", "-q", sockets];

Deno.test("JSON-RPC over a WebSocket calls npm:json-rpc-2.0 over npm:ws, and is called by it", async () => {
  await using server = new Running(Deno.execPath(), [...PEER, "server"]);
  const port = Number((await server.line(/^port (\d+)$/))[1]);
  const protocol = new JSONRPCWebSocketClient(`ws://127.0.0.1:${port}/`, { methods: served() });
  const { lost } = await connect(protocol, port);
  await until(() => protocol.state === "open");
  await callAll(protocol);
  assertEquals(await protocol.peer.call("ask back"), 42);
  protocol.close();
  await lost;
});

Deno.test("JSON-RPC over a WebSocket answers npm:json-rpc-2.0 over npm:ws, and calls it", async () => {
  class Both extends JSONRPCWebSocketServer {
    constructor() {
      super({ methods: served().add("ask back", () => this.peer.call("add", 20, 22)) });
    }
  }
  const { port, listening } = await listen(Factory.forProtocol(Both));
  try {
    await using client = new Running(Deno.execPath(), [...PEER, "client", `${port}`]);
    await client.line(/^closed/);
    await client.status();
    assertEquals(client.lines, [
      "add 5",
      "upper ŻÓŁW",
      "fail 501 not today",
      "missing -32601 Method not found",
      "notes seen",
      "back 42",
      "batch 2 B",
      "closed 1000",
    ]);
  } finally {
    await listening.stopListening();
    await untilClosed();
  }
});
