import { Clock, failureResultOf, StringTransportWithDisconnection, successResultOf } from "@ropewalk/testing";
import { assertEquals } from "@std/assert";
import { KeyError, ValueError } from "../keyvalue/store.ts";
import { getOr, Nonsense, StrictClient } from "./kv_client_errors.ts";

function start() {
  const client = new StrictClient();
  const transport = new StringTransportWithDisconnection();
  transport.protocol = client;
  client.makeConnection(transport);
  return { client, transport };
}

Deno.test("a value is a value, and what is not there is a KeyError, which getOr deals with", () => {
  const { client } = start();
  const answers = [client.get("color"), client.get("shape"), getOr(client, "shape", "none")];
  for (const line of ["VALUE color dark red", "GET_NOT_FOUND shape", "GET_NOT_FOUND shape"]) {
    client.lineReceived(line);
  }
  assertEquals(successResultOf(answers[0]!), "dark red");
  failureResultOf(answers[1]!, KeyError);
  assertEquals(successResultOf(answers[2]!), "none");
});

Deno.test("what the store refuses, and what is nonsense, have classes of their own", () => {
  const { client } = start();
  const refused = client.set("k", "v");
  client.lineReceived("ERROR the store is full");
  assertEquals(failureResultOf(refused, ValueError).getErrorMessage(), "the store is full");
  const nonsense = getOr(client, "color", "none");
  client.lineReceived("VALUE shape round");
  failureResultOf(nonsense, Nonsense);
});

Deno.test("a server that hangs up, or takes too long, is not taken for a missing key", () => {
  const { client, transport } = start();
  const clock = new Clock();
  const late = getOr(client, "color", "none").addTimeout(3, clock);
  clock.advance(3);
  failureResultOf(late, "TimeoutError");
  const lost = getOr(client, "color", "none");
  transport.loseConnection();
  failureResultOf(lost, "ConnectionDone");
});
