import { StringTransport, StringTransportWithDisconnection } from "@ropewalk/testing";
import { assert, assertEquals } from "@std/assert";
import { UpperFactory } from "./upper_server.ts";

function connect(factory: UpperFactory) {
  const transport = new StringTransportWithDisconnection();
  const protocol = factory.buildProtocol();
  transport.protocol = protocol;
  protocol.makeConnection(transport);
  return { protocol, transport };
}

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("lines come back in upper case, however they are cut", () => {
  const { protocol, transport } = connect(new UpperFactory());
  for (const chunk of ["he", "llo\r", "\nüber\n"]) protocol.dataReceived(bytes(chunk));
  assertEquals(transport.text(), "HELLO\r\nÜBER\r\n");
});

Deno.test("a line that is too long costs the connection", () => {
  const { protocol, transport } = connect(new UpperFactory());
  protocol.dataReceived(bytes("x".repeat(20_000)));
  assert(transport.disconnecting);
});

Deno.test("the factory counts who is connected, and forgets who hangs up", () => {
  const factory = new UpperFactory();
  const one = connect(factory);
  const other = connect(factory);
  one.transport.loseConnection();
  other.protocol.dataReceived(bytes("?\n"));
  assertEquals(other.transport.text(), "1 connected, 2 so far\r\n");
});

Deno.test("who has said all is answered, then left", () => {
  const transport = new StringTransport();
  const protocol = new UpperFactory().buildProtocol();
  protocol.makeConnection(transport);
  protocol.dataReceived(bytes("bye\n"));
  protocol.readConnectionLost();
  assertEquals([transport.text(), transport.disconnecting], ["BYE\r\n", true]);
});
