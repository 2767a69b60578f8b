import { Factory } from "@ropewalk/protocols";
import { Clock, SimulatedNetwork, StringTransport } from "@ropewalk/testing";
import { assert, assertEquals } from "@std/assert";
import { Heartbeat } from "./heartbeat.ts";

Deno.test("two sides keep each other alive, and each notices in time when the other's host is gone", () => {
  const network = new SimulatedNetwork({ seed: 1, latencySeconds: 0.05 });
  const made: Heartbeat[] = [];
  class Beats extends Factory {
    override buildProtocol() {
      const protocol = this.adopt(new Heartbeat());
      made.push(protocol);
      return protocol;
    }
  }
  const server = network.addHost("server", (reactor) => reactor.listenTCP(7, new Beats()));
  network.addHost("client", (reactor) => reactor.connectTCP("server", 7, new Beats()));
  network.run(3600);
  assertEquals(made.map(({ beats, lostBecause }) => [beats > 700, lostBecause]), [[true, null], [
    true,
    null,
  ]]);

  server.crash(); // nobody is told
  network.run(Heartbeat.PATIENCE_SECONDS);
  assertEquals(made[1]!.lostBecause, "ConnectionAborted");
});

Deno.test("silence is given 12 seconds, and anything but a beat none", () => {
  const clock = new Clock();
  const transport = new StringTransport({ reactor: clock });
  const heartbeat = new Heartbeat();
  heartbeat.makeConnection(transport);
  clock.pump([6, 5.9]);
  assert(!transport.disconnecting);
  assertEquals(transport.text(), "alive\r\nalive\r\nalive\r\n");
  clock.advance(0.1);
  assert(transport.aborting);

  const rude = new StringTransport({ reactor: clock });
  const other = new Heartbeat();
  other.makeConnection(rude);
  other.lineReceived("GET / HTTP/1.0");
  assert(rude.disconnecting);
});
