import { CancelledError, Deferred, Failure } from "@ropewalk/deferred";
import { ConnectionDone, type StreamProtocol } from "@ropewalk/reactor/core";
import { failureResultOf, successResultOf } from "@ropewalk/testing";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { concatBytes, latin1 } from "../bytes.ts";
import { Protocol } from "../protocol.ts";
import { AMP } from "./amp.ts";
import { Unicode } from "./arguments.ts";
import { Command } from "./command.ts";
import { AmpProtocolError, OnlyOneTLS, ProtocolSwitched, UnhandledCommand } from "./errors.ts";

import { Boom, box, connect, No, pair, Sum } from "./_helpers_test.ts";
class Recorder extends Protocol {
  data = "";
  lost = 0;
  override dataReceived(data: Uint8Array) {
    this.data += latin1(data);
    assert(data.length > 0);
  }
  override connectionLost() {
    this.lost++;
  }
}

class Switch extends Command {
  static override arguments = { to: new Unicode() };
  static override errors = { BOOM: Boom };
}

Deno.test("AMP goes over to another protocol, with the bytes behind the question", () => {
  const { client, server, serverTransport, clientTransport, pump } = pair();
  const [inner, other] = [new Recorder(), new Recorder()];
  server.respondBySwitching(Switch, () => inner);
  const waiting = client.callRemote(Sum, { a: 1 });
  const switched = client.switchTo(Switch, { to: "x" }, other);
  failureResultOf(client.callRemote(Sum, { a: 1 }), ProtocolSwitched);
  clientTransport.write("early bytes");
  pump();
  assertEquals(successResultOf(switched), other);
  failureResultOf(waiting, UnhandledCommand);
  assertEquals(inner.data, "early bytes");
  inner.transport.write("hello");
  other.transport.write("there");
  pump();
  assertEquals([inner.data, other.data], ["early bytesthere", "hello"]);
  failureResultOf(client.callRemote(Sum, { a: 1 }), ProtocolSwitched);
  client.connectionLost(new Failure(new ConnectionDone()));
  assertEquals(other.lost, 1);
  assert(!serverTransport.disconnecting);
});

Deno.test("AMP goes on when a switch fails", () => {
  const { client, server, pump } = pair();
  server.respondBySwitching(Switch, () => {
    throw new Boom("not now");
  });
  server.respond(Sum, ({ a }) => ({ total: a }));
  const switched = client.switchTo(Switch, { to: "x" }, new Recorder());
  pump();
  failureResultOf(switched, Boom);
  const d = client.callRemote(Sum, { a: 5 });
  pump();
  assertEquals(successResultOf(d).total, 5);
});

Deno.test("AMP starts TLS behind the answer, once", () => {
  const { client, server, clientTransport, serverTransport, pump } = pair();
  server.acceptTLS({ cert: "c", key: "k" });
  const started = client.startTLS({ hostname: "h" });
  assertEquals(clientTransport.value(), box(["_ask", "1"], ["_command", "StartTLS"]));
  failureResultOf(client.callRemote(Sum, { a: 1 }), ProtocolSwitched);
  pump();
  successResultOf(started);
  assertEquals(serverTransport.tls?.options, { cert: "c", key: "k" });
  assertEquals(clientTransport.tls?.options, { hostname: "h" });
  assertThrows(() => client.startTLS({}), OnlyOneTLS);
});

Deno.test("AMP does not go over to TLS with plain text behind the question", () => {
  const { amp, transport } = connect(new AMP().acceptTLS({ cert: "", key: "" }));
  amp.dataReceived(
    concatBytes([box(["_ask", "1"], ["_command", "StartTLS"]), box(["_ask", "2"], ["_command", "Evil"])]),
  );
  assert(transport.disconnecting);
  assertEquals(transport.tls, null);
});

Deno.test("AMP holds its answers back until the peer has agreed to TLS, so that none goes out in plain text", () => {
  for (const agrees of [true, false]) {
    const { client, server, clientTransport, serverTransport, pump } = pair();
    client.respond(Sum, ({ a }) => ({ total: a }));
    if (agrees) server.acceptTLS({ cert: "c", key: "k" });
    const asked = server.callRemote(Sum, { a: 7 }); // on its way when the client asks for TLS
    const started = client.startTLS({ hostname: "h" });
    client.dataReceived(serverTransport.value());
    serverTransport.clear();
    assertEquals(clientTransport.value(), box(["_ask", "1"], ["_command", "StartTLS"]));
    pump();
    assertEquals(successResultOf(asked).total, 7);
    assertEquals([clientTransport.secure, serverTransport.secure], [agrees, agrees]);
    if (agrees) successResultOf(started);
    else failureResultOf(started, UnhandledCommand);
  }
});

Deno.test("AMP sends no answer to a peer that has gone over to another protocol", () => {
  const { client, server, clientTransport, serverTransport, pump } = pair();
  const inner = new Recorder();
  client.respond(Sum, ({ a }) => ({ total: a }));
  server.respondBySwitching(Switch, () => inner);
  server.callRemote(Sum, { a: 7 }).addErrback(() => null);
  const other = new Recorder();
  const switched = client.switchTo(Switch, { to: "x" }, other);
  client.dataReceived(serverTransport.value());
  serverTransport.clear();
  pump();
  successResultOf(switched);
  assertEquals([inner.data, other.data, clientTransport.text()], ["", "", ""]);
});

Deno.test("AMP refuses a second switch, which does not undo the first", () => {
  const { client, server, pump } = pair();
  server.acceptTLS({ cert: "c", key: "k" });
  const started = client.startTLS({});
  failureResultOf(client.switchTo(Switch, { to: "x" }, new Recorder()), ProtocolSwitched);
  failureResultOf(client.callRemote(Sum, { a: 1 }), ProtocolSwitched);
  assertThrows(() => client.callRemote(No), ProtocolSwitched);
  assertThrows(() => client.startTLS({}), OnlyOneTLS);
  pump();
  successResultOf(started);
});

Deno.test("AMP ends when nobody waits for a switch any more that the peer may be making", () => {
  const { client, clientTransport } = pair();
  const started = client.startTLS({});
  started.cancel();
  failureResultOf(started, CancelledError);
  assert(clientTransport.disconnecting);
});

Deno.test("AMP holds only so many answers for a peer that asks and does not answer", () => {
  const { amp, transport } = connect(new AMP({ maxBoxBytes: 1000 }));
  amp.respond(Sum, ({ a }) => ({ total: a }));
  const started = amp.startTLS({});
  const ask = box(["_ask", "1"], ["_command", "Sum"], ["a", "1"]);
  for (let i = 0; i < 20; i++) amp.dataReceived(ask);
  assert(!transport.disconnecting);
  for (let i = 0; i < 30; i++) amp.dataReceived(ask);
  assert(transport.disconnecting);
  failureResultOf(started, AmpProtocolError);
});

Deno.test("AMP fails the request for TLS when there is more in plain text, or TLS cannot begin, and ends", () => {
  const more = pair();
  more.server.acceptTLS({ cert: "c", key: "k" });
  const started = more.client.startTLS({});
  more.server.dataReceived(more.clientTransport.value());
  more.client.dataReceived(
    concatBytes([more.serverTransport.value(), box(["_ask", "1"], ["_command", "Evil"])]),
  );
  failureResultOf(started, AmpProtocolError);
  assert(more.clientTransport.disconnecting);
  assertEquals(more.clientTransport.tls, null);
  for (const end of ["client", "server"] as const) {
    const made = pair();
    made[`${end}Transport`].startTLS = () => {
      throw new RangeError("no such certificate");
    };
    made.server.acceptTLS({ cert: "c", key: "k" });
    const failed = made.client.startTLS({});
    try {
      made.pump();
    } catch (error) {
      assertEquals([end, error instanceof RangeError], ["server", true]); // for the reactor to report
    }
    if (end === "client") failureResultOf(failed, RangeError);
    else failed.addErrback(() => null);
    assert(made[`${end}Transport`].disconnecting);
    failureResultOf(made[end].callRemote(Sum, { a: 1 }), RangeError);
  }
});

Deno.test("AMP keeps what comes behind a question for another protocol until its responder has decided", () => {
  for (const agrees of [true, false]) {
    const { client, server, serverTransport, clientTransport, pump } = pair();
    const decided = new Deferred<Recorder>();
    const inner = new Recorder();
    server.respondBySwitching(Switch, () => decided);
    server.respond(Sum, ({ a }) => ({ total: a }));
    const switched = client.switchTo(Switch, { to: "x" }, new Recorder());
    clientTransport.write(agrees ? "early bytes" : box(["_ask", "2"], ["_command", "Sum"], ["a", "5"]));
    pump();
    assert(!serverTransport.disconnecting);
    if (agrees) decided.callback(inner);
    else decided.errback(new Boom("no"));
    assertEquals(inner.data, agrees ? "early bytes" : "");
    if (agrees) {
      pump();
      successResultOf(switched);
      continue;
    }
    const answer = box(["_answer", "2"], ["total", "5"]);
    assert(latin1(serverTransport.value()).includes(latin1(answer)));
    switched.addErrback(() => null);
  }
  const { server, serverTransport } = pair(new AMP(), new AMP({ maxBoxBytes: 1000 }));
  const undecided = new Deferred<Recorder>();
  server.respondBySwitching(Switch, () => undecided);
  server.dataReceived(box(["_ask", "1"], ["_command", "Switch"], ["to", "x"]));
  server.dataReceived(new Uint8Array(1000));
  assert(!serverTransport.disconnecting);
  server.dataReceived(new Uint8Array(1));
  assert(serverTransport.disconnecting);
});

Deno.test("AMP tells the protocol in its place of TLS and of the end of sending", () => {
  const told: string[] = [];
  class Both extends Recorder {
    handshakeCompleted() {
      told.push("TLS");
    }
    writeConnectionLost() {
      told.push("sent all");
    }
  }
  const { client, server, pump } = pair();
  server.respondBySwitching(Switch, () => new Recorder());
  const ends: StreamProtocol[] = [client, server];
  for (const end of ends) end.handshakeCompleted?.(); // AMP's own: nobody is to be told
  const switched = client.switchTo(Switch, { to: "x" }, new Both());
  pump();
  successResultOf(switched);
  for (const end of ends) {
    end.handshakeCompleted?.();
    end.writeConnectionLost?.();
  }
  assertEquals(told, ["TLS", "sent all"]);
});
