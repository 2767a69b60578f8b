import { ConnectionLost } from "@ropewalk/reactor/core";
import { everySplit, flushLoggedErrors } from "@ropewalk/testing";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { connect, done, lost } from "./_connect_test.ts";
import { Factory } from "./factory.ts";
import { type LineConversation, LineStream } from "./line_stream.ts";

const turn = async () => {
  for (let i = 0; i < 10; i++) await null;
};

async function collect(lines: LineStream, into: string[] = []): Promise<string[]> {
  for await (const line of lines) into.push(line);
  return into;
}

Deno.test("LineStream gives a loop every line, however the stream is cut, and ends with the connection", async () => {
  for (const chunks of everySplit("one\r\n\r\nżółw\r\n")) {
    const { protocol } = connect(new LineStream());
    const all = collect(protocol);
    for (const chunk of chunks) protocol.dataReceived(chunk);
    protocol.connectionLost(done());
    assertEquals(await all, ["one", "", "żółw"]);
  }
});

Deno.test("LineStream keeps what came before the loop began, and before the connection ended", async () => {
  const { protocol, ask } = connect(new LineStream());
  ask("a\r\nb\r\nunfinished");
  protocol.connectionLost(done());
  assertEquals(await collect(protocol), ["a", "b"]);
  assertEquals(await collect(protocol), []);
});

Deno.test("LineStream reads no faster than the loop takes lines", async () => {
  const { protocol, ask, transport } = connect(new LineStream(null, { maxWaitingLines: 4 }));
  const lines = Array.from({ length: 20 }, (_, i) => `${i}`);
  ask(lines.map((line) => line + "\r\n").join(""));
  assertEquals(transport.producerState, "paused");
  const got: string[] = [];
  const loop = protocol[Symbol.asyncIterator]();
  while (got.length < 20) {
    const { value } = await loop.next();
    got.push(value!);
  }
  assertEquals(got, lines);
  assertEquals(transport.producerState, "producing");
  ask("1\r\n2\r\n3\r\n");
  assertEquals(transport.producerState, "producing");
  ask("4\r\n");
  assertEquals(transport.producerState, "paused");
  transport.loseConnection(); // a loop on a connection that is going does not ask it to read
  assertEquals(await collect(protocol), ["1", "2", "3", "4"]);
});

Deno.test("LineStream lets another loop go on where one was left", async () => {
  const { protocol, ask, transport } = connect(new LineStream());
  ask("name\r\nvalue\r\n\r\nbody\r\n");
  const head: string[] = [];
  for await (const line of protocol) {
    if (line === "") break;
    head.push(line);
  }
  assert(transport.connected);
  protocol.connectionLost(done());
  assertEquals([head, await collect(protocol)], [["name", "value"], ["body"]]);
});

Deno.test("LineStream answers several who wait in their order", async () => {
  const { protocol, ask } = connect(new LineStream());
  const loop = protocol[Symbol.asyncIterator]();
  const all = Promise.all([loop.next(), loop.next(), loop.next()]);
  ask("a\r\nb\r\n");
  protocol.connectionLost(done());
  assertEquals((await all).map(({ value }) => value), ["a", "b", undefined]);
});

Deno.test("LineStream's loop throws when the connection breaks or a line is too long, behind the lines before", async () => {
  for (
    const [spoil, kind] of [
      [(stream: LineStream) => stream.connectionLost(lost()), ConnectionLost],
      [(stream: LineStream) => stream.dataReceived(new Uint8Array(17000)), RangeError],
    ] as const
  ) {
    const { protocol, ask, transport } = connect(new LineStream());
    ask("fine\r\n");
    spoil(protocol);
    const got: string[] = [];
    await assertRejects(() => collect(protocol, got), kind);
    assertEquals(got, ["fine"]);
    assert(kind === ConnectionLost || !transport.connected);
  }
});

Deno.test("LineStream carries a conversation, and closes when that has ended", async () => {
  const factory = Factory.forProtocol(LineStream, async (lines: LineStream<unknown>) => {
    lines.sendLine("Who are you?");
    for await (const name of lines) {
      if (name === "") return lines.sendLine("Bye.");
      lines.sendLine(`Hello, ${name}!`);
    }
  });
  const { ask, transport } = connect(factory.buildProtocol());
  assertEquals(transport.text(), "Who are you?\r\n");
  ask("Ann\r\n\r\n");
  await turn();
  assertEquals(transport.text(), "Hello, Ann!\r\nBye.\r\n");
  assert(!transport.connected);
});

Deno.test("LineStream reports a conversation that fails, and cuts its connection, but not that the peer went", async () => {
  const run = (conversation: LineConversation) => connect(new LineStream(conversation));
  const failing = run(() => Promise.reject(new RangeError("no")));
  await turn();
  assert(failing.transport.aborting);
  assertEquals(flushLoggedErrors(RangeError).length, 1);
  const { protocol } = run(async (lines) => {
    for await (const _ of lines);
  });
  protocol.connectionLost(lost());
  await turn();
  assertEquals(flushLoggedErrors(), []);
});
