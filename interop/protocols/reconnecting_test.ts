import { Factory, LineReceiver, ReconnectingClientFactory } from "@ropewalk/protocols";
import { reactor } from "@ropewalk/reactor";
import { assertEquals } from "@std/assert";
import { freePort, until, untilClosed } from "./_net.ts";

Deno.test("ReconnectingClientFactory connects again, on the reactor's own time, until it is told to stop", async () => {
  const port = freePort();
  const greeted: string[] = [];
  class Greeting extends LineReceiver {
    override connectionMade() {
      this.sendLine("hello");
      this.transport.loseConnection();
    }
  }
  class Client extends LineReceiver<Again> {
    override lineReceived(line: string) {
      greeted.push(line);
      if (greeted.length === 3) this.factory.stopTrying();
    }
  }
  class Again extends ReconnectingClientFactory {
    override protocol = Client;
    override delay = 0.02; // there is nobody at first
    override factor = 1;
  }
  const factory = new Again();
  reactor.connectTCP("127.0.0.1", port, factory);
  await until(() => factory.retries >= 2);
  const listening = reactor.listenTCP(port, Factory.forProtocol(Greeting), { hostname: "127.0.0.1" });
  await until(() => greeted.length === 3);
  await listening.stopListening();
  await untilClosed();
  assertEquals(greeted, ["hello", "hello", "hello"]);
  assertEquals(reactor.getDelayedCalls(), []);
});
