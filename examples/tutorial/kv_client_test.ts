import { LineFactory } from "../keyvalue/line_service.ts";
import { KeyValueStore } from "../keyvalue/store.ts";
import {
  assertNoResult,
  Clock,
  failureResultOf,
  IOPump,
  StringTransportWithDisconnection,
  successResultOf,
} from "@ropewalk/testing";
import { assertEquals } from "@std/assert";
import { KeyValueClient } from "./kv_client.ts";

Deno.test("it talks to the real store's protocol, without a socket", () => {
  const server = new LineFactory(new KeyValueStore(new Clock())).buildProtocol();
  const client = new KeyValueClient();
  const pump = new IOPump(server, client);
  pump.flush();
  const answers = [client.set("color", "dark red"), client.get("color"), client.delete("color")];
  answers.forEach(assertNoResult);
  pump.flush();
  assertEquals(answers.map(successResultOf), ["STORED", "VALUE color dark red", "DELETED color"]);
});

function alone() {
  const clock = new Clock();
  const client = new KeyValueClient();
  const transport = new StringTransportWithDisconnection({ reactor: clock });
  transport.protocol = client;
  client.makeConnection(transport);
  return { clock, client, transport };
}

Deno.test("what would be two commands is refused before it is sent", () => {
  const { client, transport } = alone();
  failureResultOf(client.set("k", "v\r\ndelete other"), RangeError);
  assertEquals(transport.text(), "");
});

Deno.test("an answer that comes after its time-out is not taken for the next one's", () => {
  const { clock, client } = alone();
  const late = client.get("a").addTimeout(3, clock);
  clock.advance(3);
  failureResultOf(late, "TimeoutError");
  const next = client.get("b");
  client.lineReceived("VALUE a 1");
  assertNoResult(next);
  client.lineReceived("VALUE b 2");
  assertEquals(successResultOf(next), "VALUE b 2");
});

Deno.test("when the server hangs up, all who wait hear of it, and who asks later too", () => {
  const { client, transport } = alone();
  const waiting = [client.get("a"), client.get("b")];
  transport.loseConnection();
  for (const answer of [...waiting, client.get("c")]) failureResultOf(answer, "ConnectionDone");
});
