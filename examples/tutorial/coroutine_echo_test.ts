import { Factory } from "@ropewalk/protocols";
import { ConnectionLost } from "@ropewalk/reactor/core";
import { MemoryReactor } from "@ropewalk/testing";
import { assertEquals, assertInstanceOf } from "@std/assert";
import { delay } from "@std/async/delay";
import { echo, Lines } from "./coroutine_echo.ts";

function accept(conversation = echo) {
  const reactor = new MemoryReactor();
  let ended!: Promise<unknown>;
  const port = reactor.listenTCP(
    0,
    Factory.forProtocol(Lines, (lines: Lines) => {
      const talk = conversation(lines);
      ended = talk.catch((error) => error);
      return talk.catch(() => {}); // the test looks at the error itself
    }),
  );
  const connection = port.accept()!;
  return { connection, ended };
}

const turns = () => delay(0);

Deno.test("each line comes back, until one says bye, which closes", async () => {
  const { connection, ended } = accept();
  connection.receive("hello\nwor");
  await turns();
  connection.receive("ld\nbye\nnot heard\n");
  await ended;
  await turns();
  assertEquals(connection.text(), "1: hello\r\n2: world\r\n3: bye\r\n");
  assertEquals(connection.connected, false);
});

Deno.test("a peer that hangs up ends the loop; a connection that breaks throws in it", async () => {
  const left = accept();
  left.connection.peerCloses();
  assertEquals(await left.ended, undefined);
  const broken = accept();
  broken.connection.peerCloses(new ConnectionLost());
  assertInstanceOf(await broken.ended, ConnectionLost);
});

Deno.test("a loop that is busy hears no more than one line ahead", async () => {
  let go!: () => void;
  const busy = new Promise<void>((resolve) => go = resolve);
  const heard: string[] = [];
  const { connection, ended } = accept(async (lines) => {
    for await (const line of lines) {
      heard.push(line);
      await busy;
    }
  });
  connection.receive("one\ntwo\nthree\n");
  await turns();
  assertEquals([heard, connection.producerState], [["one"], "paused"]);
  go();
  await turns();
  assertEquals(heard, ["one", "two", "three"]);
  connection.peerCloses();
  await ended;
});
