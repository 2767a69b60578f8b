import { Factory, MethodTable } from "@ropewalk/protocols";
import { JSONRPCError, JSONRPCLines } from "@ropewalk/protocols/jsonrpc";
import { assertEquals, assertRejects } from "@std/assert";
import { PYTHON, Running } from "../_process.ts";
import { connect, freePort, listen, untilClosed, untilListening } from "./_net.ts";

const program = new URL("jsonrpc_peer.py", import.meta.url).pathname;

Deno.test("JSON-RPC over lines calls aiorpcx: by position, by name, errors, unknown methods, many at once", async () => {
  const port = freePort();
  await using _server = new Running(PYTHON, [program, "server", `${port}`]);
  await untilListening(port);
  const lines = new JSONRPCLines();
  const { lost } = await connect(lines, port);
  const { peer } = lines;
  assertEquals(await peer.call("add", 2, 3), 5);
  assertEquals(await peer.callNamed("upper", { text: "żółw" }), "ŻÓŁW");
  const refused = await assertRejects(async () => await peer.call("fail"), JSONRPCError, "not today");
  assertEquals(refused.code, 501);
  await assertRejects(async () => await peer.call("missing"), JSONRPCError, "unknown method");
  const many = await Promise.all(Array.from({ length: 200 }, (_, i) => peer.call("add", i, 1)));
  assertEquals(many, Array.from({ length: 200 }, (_, i) => i + 1));
  const [two, refusal] = peer.batch([{ method: "add", params: [1, 1] }, { method: "fail" }]);
  assertEquals(await two, 2);
  await assertRejects(async () => await refusal, JSONRPCError, "not today");
  lines.transport.loseConnection();
  await lost;
});

Deno.test("JSON-RPC over lines answers aiorpcx: by position, by name, errors, notifications, a batch", async () => {
  const notes: string[] = [];
  const methods = new MethodTable()
    .add("add", (a: number, b: number) => a + b)
    .add("upper", (text: string) => Promise.resolve(text.toUpperCase()), { parameters: ["text"] })
    .add("fail", () => {
      throw new JSONRPCError(501, "not today");
    })
    .add("note", (text: string) => void notes.push(text))
    .add("notes", () => notes.join());
  const { port, listening } = await listen(Factory.forProtocol(JSONRPCLines, { methods }));
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
