/**
 * A protocol tested with a transport in memory.
 *
 *     deno test examples/tutorial/testing_transport_test.ts
 *
 * What is new since status.ts: tests as programs to read. `StringTransport` keeps what is written; the test plays the peer.
 * No port, no waiting, and each test is as long as what it says.
 */
import { LineReceiver } from "@ropewalk/protocols";
import { everySplit, StringTransport } from "@ropewalk/testing";
import { assert, assertEquals } from "@std/assert";

/** Adds up numbers; `=` asks for the sum. */
class Adder extends LineReceiver {
  #sum = 0;

  override lineReceived(line: string): void {
    if (line === "=") this.sendLine(`${this.#sum}`);
    else if (/^-?\d+$/.test(line)) this.#sum += Number(line);
    else this.transport.loseConnection();
  }
}

function connect() {
  const transport = new StringTransport();
  const adder = new Adder();
  adder.makeConnection(transport);
  return { adder, transport };
}

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("it adds, wherever the bytes are cut", () => {
  for (const chunks of everySplit(bytes("12\r\n-5\r\n=\r\n"))) {
    const { adder, transport } = connect();
    for (const chunk of chunks) adder.dataReceived(chunk);
    assertEquals(transport.text(), "7\r\n");
  }
});

Deno.test("who sends what is no number is left", () => {
  const { adder, transport } = connect();
  adder.dataReceived(bytes("twelve\r\n=\r\n"));
  assert(transport.disconnecting);
  assertEquals(transport.text(), "");
});

Deno.test("each connection has a sum of its own", () => {
  const one = connect();
  const other = connect();
  one.adder.dataReceived(bytes("1\r\n"));
  other.adder.dataReceived(bytes("=\r\n"));
  assertEquals(other.transport.text(), "0\r\n");
});
