import { Clock, everySplit, StringTransport } from "@ropewalk/testing";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { LineFactory } from "./line_service.ts";
import { KeyValueStore } from "./store.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

function connect(factory = new LineFactory(new KeyValueStore(new Clock()))) {
  const transport = new StringTransport();
  const protocol = factory.buildProtocol();
  protocol.makeConnection(transport);
  return { factory, protocol, transport };
}

Deno.test("commands are answered in order, however the bytes are cut", () => {
  const conversation =
    "set color dark red\r\nget color\nget shape\r\ndelete color\r\ndelete color\r\nset shape \r\nget shape\r\n";
  for (const chunks of everySplit(bytes(conversation))) {
    const { protocol, transport } = connect();
    for (const chunk of chunks) protocol.dataReceived(chunk);
    assertEquals(
      transport.text(),
      "STORED\r\nVALUE color dark red\r\nGET_NOT_FOUND shape\r\nDELETED color\r\nDEL_NOT_FOUND color\r\n" +
        "STORED\r\nVALUE shape \r\n",
    );
  }
});

Deno.test("anything else is an ERROR in words, and the connection stays", () => {
  const { protocol, transport } = connect();
  for (
    const line of [
      "",
      "get",
      "get ",
      "get a b",
      "set a",
      "delete",
      "delete a b",
      "GET a",
      "quit",
      "\x00",
      " get a",
    ]
  ) {
    transport.clear();
    protocol.dataReceived(bytes(`${line}\r\n`));
    assertStringIncludes(transport.text(), "ERROR say one of", line);
  }
  transport.clear();
  protocol.dataReceived(bytes(`set ${"k".repeat(251)} v\r\n`));
  assertEquals(transport.text(), "ERROR a key is 1 to 250 characters without spaces\r\n");
  assertEquals(transport.disconnecting, false);
});

Deno.test("a line over the limit closes that connection only", () => {
  const { factory, protocol, transport } = connect();
  const other = connect(factory);
  protocol.dataReceived(bytes("set color red\r\nset long " + "x".repeat(17_000)));
  assertEquals(transport.text(), "STORED\r\nERROR a line is at most 16384 bytes\r\n");
  assertEquals(transport.disconnecting, true);
  other.protocol.dataReceived(bytes("get color\r\n"));
  assertEquals(other.transport.text(), "VALUE color red\r\n");
  assertEquals(other.transport.disconnecting, false);
});

Deno.test("a client that has said all it will gets its answers, then the connection is closed", () => {
  const { protocol, transport } = connect();
  protocol.dataReceived(bytes("set color red\r\nget color\r\n"));
  protocol.readConnectionLost();
  assertEquals(transport.text(), "STORED\r\nVALUE color red\r\n");
  assertEquals(transport.disconnecting, true);
});
