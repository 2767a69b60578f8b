import { Protocol } from "@ropewalk/protocols";
import { ConnectionDone } from "@ropewalk/reactor/core";
import { connectedServerAndClient } from "@ropewalk/testing";
import type { Failure } from "@ropewalk/deferred";
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { Firehose } from "./firehose.ts";

class Reader extends Protocol {
  text = "";
  reason: unknown = null;
  override dataReceived(data: Uint8Array) {
    this.text += new TextDecoder().decode(data);
  }
  override connectionLost(reason: Failure) {
    this.reason = reason.value;
  }
}

Deno.test("every line comes, in order, and then the end", () => {
  const { client } = connectedServerAndClient(() => new Firehose(20_000), Reader);
  const lines = client.text.split("\n").slice(0, -1);
  assertEquals([lines.length, lines[0], lines[19_999]], [20_000, "line 1", "line 20000"]);
  assertInstanceOf(client.reason, ConnectionDone);
});

Deno.test("a client that reads nothing is sent little", () => {
  class Slow extends Reader {
    override connectionMade() {
      this.transport.pauseProducing();
    }
  }
  const { server, client, pump } = connectedServerAndClient(() => new Firehose(1_000_000), Slow);
  assert(server.line < 20_000, `${server.line} lines`);
  const before = server.line;
  client.transport.resumeProducing();
  pump.pump();
  assert(server.line > before);
  client.transport.abortConnection();
  pump.flush();
});

Deno.test("when the client hangs up, nothing more is made", () => {
  class Brief extends Reader {
    override dataReceived(data: Uint8Array) {
      super.dataReceived(data);
      this.transport.loseConnection();
    }
  }
  class Noting extends Firehose {
    lost = false;
    override connectionLost() {
      this.lost = true;
    }
  }
  const { server, pump } = connectedServerAndClient(() => new Noting(1_000_000), Brief);
  pump.flush();
  assert(server.lost && server.line < 1_000_000, `${server.line} lines`);
});
