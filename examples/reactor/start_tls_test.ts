import { CancelledError } from "@ropewalk/deferred";
import { LineReceiver, Protocol } from "@ropewalk/protocols";
import { ConnectionDone, ConnectionLost, TCP4ClientEndpoint } from "@ropewalk/reactor/core";
import { connectedServerAndClient, failureResultOf, MemoryReactor, successResultOf } from "@ropewalk/testing";
import { assertEquals } from "@std/assert";
import { SecretClient, SecretShout, whisper } from "./start_tls.ts";

const tls = { cert: "", key: "" };
const client = (text: string) => () => new SecretClient(text, { hostname: "localhost" });

Deno.test("what is to be secret is said, and answered, under TLS alone", () => {
  for (const cut of ["whole", "bytes"] as const) {
    const pair = connectedServerAndClient(() => new SecretShout(tls), client("hello"), { cut });
    assertEquals([successResultOf(pair.client.answer), pair.server.transport.secure], ["HELLO", true]);
  }
});

Deno.test("without TLS nothing is said again", () => {
  class Careless extends LineReceiver {
    heard: string[] = [];
    override connectionMade() {
      this.sendLine("hello");
    }
    override lineReceived(line: string) {
      this.heard.push(line);
    }
  }
  const pair = connectedServerAndClient(() => new SecretShout(tls), Careless);
  assertEquals(pair.client.heard, ["SAY STARTTLS FIRST"]);
});

Deno.test("a line that is slipped in behind STARTTLS is never taken for a secret one", () => {
  const said: string[] = [];
  class Noting extends SecretShout {
    override lineReceived(line: string) {
      said.push(line);
      super.lineReceived(line);
    }
  }
  class Attacked extends SecretClient {
    override connectionMade() {
      this.transport.write("STARTTLS\r\ndelete everything\r\n");
    }
  }
  connectedServerAndClient(() => new Noting(tls), () => new Attacked("hello", {}));
  assertEquals(said, ["STARTTLS", "hello"]);
});

Deno.test("a server that refuses TLS, or hangs up, hears nothing of it", () => {
  class Refusing extends LineReceiver {
    override lineReceived() {
      this.sendLine("NO");
    }
  }
  class HangingUp extends Protocol {
    override connectionMade() {
      this.transport.loseConnection();
    }
  }
  const refused = connectedServerAndClient(Refusing, client("hello"));
  failureResultOf(refused.client.answer, ConnectionLost);
  const hungUp = connectedServerAndClient(HangingUp, client("hello"));
  failureResultOf(hungUp.client.answer, ConnectionDone);
});

Deno.test("a whisper that takes too long is given up", () => {
  const reactor = new MemoryReactor();
  const answer = whisper(new TCP4ClientEndpoint(reactor, "127.0.0.1", 8023), "hello", {});
  const connection = reactor.tcpClients[0]!.succeed()!;
  assertEquals(connection.text(), "STARTTLS\r\n");
  answer.cancel();
  failureResultOf(answer, CancelledError, ConnectionLost);
  assertEquals(connection.connected, false);
});
