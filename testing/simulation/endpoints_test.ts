import { assertEquals } from "@std/assert";
import { Factory, Protocol } from "@ropewalk/protocols";
import {
  clientFromString,
  ConnectionRefusedError,
  connectProtocol,
  deferLater,
  DNSLookupError,
  HostnameEndpoint,
  LoopingCall,
  serverFromString,
  TimeoutError as ConnectTimeoutError,
} from "@ropewalk/reactor/core";
import { assertNoResult, failureResultOf, successResultOf } from "../results.ts";
import { SimulatedNetwork } from "./simulated_network.ts";

class Echo extends Protocol {
  override dataReceived(data: Uint8Array) {
    this.transport.write(data);
  }
}

class Ear extends Protocol {
  heard = "";
  override dataReceived(data: Uint8Array) {
    this.heard += new TextDecoder().decode(data);
  }
}

Deno.test("endpoints from strings listen and connect inside a simulated network, by host name", () => {
  const network = new SimulatedNetwork();
  const { reactor: server } = network.addHost("server");
  const { reactor: client } = network.addHost("client");
  const listening = serverFromString(server, "tcp:7").listen(Factory.forProtocol(Echo));
  const connecting = connectProtocol(clientFromString(client, "tcp:server:7"), new Ear());
  network.run(1);
  const ear = successResultOf(connecting);
  ear.transport.write("hello");
  network.run(1);
  assertEquals(ear.heard, "hello");
  successResultOf(listening).stopListening();
  const refused = connectProtocol(clientFromString(client, "tcp:host=server:port=7"), new Ear());
  network.run(1);
  failureResultOf(refused, ConnectionRefusedError);
});

Deno.test("the addresses of a name race inside a simulated network: one that is cut off costs a quarter of a second", () => {
  const network = new SimulatedNetwork({ latencySeconds: 0.01 });
  let accepted: string[] = [];
  for (const name of ["one", "two"]) {
    network.addHost(name, (reactor) => {
      class Noting extends Factory {
        override buildProtocol() {
          accepted.push(name);
          return this.adopt(new Echo());
        }
      }
      reactor.listenTCP(7, new Noting());
    });
  }
  const { reactor: client } = network.addHost("client");
  const [one, two] = [network.host("one").address, network.host("two").address];
  network.setName("echo.example", [one, two]);
  network.partition(["one"]);

  let since = network.seconds();
  const racing = connectProtocol(new HostnameEndpoint(client, "echo.example", 7), new Ear());
  network.run(0.25);
  assertNoResult(racing);
  network.runUntil(racing, 1);
  assertEquals(Math.round((network.seconds() - since) * 100), 27); // a quarter of a second, and one round trip
  const ear = successResultOf(racing);
  assertEquals(`${ear.transport.getPeer()}`, `${two}:7`);
  network.heal();
  network.run(60);
  assertEquals(accepted, ["two"]); // the attempt that lost the race was given up, and nothing comes of it later
  ear.transport.write("hello");
  network.run(1);
  assertEquals(ear.heard, "hello");

  accepted = [];
  since = network.seconds();
  const first = connectProtocol(clientFromString(client, "tcp:host=echo.example:port=7"), new Ear());
  network.runUntil(() => accepted.length > 0, 1);
  assertEquals([accepted, network.seconds() - since < 0.1], [["one"], true]); // reachable again: it goes first
  network.run(1);
  successResultOf(first).transport.loseConnection();

  network.host("one").crash();
  network.host("one").restart();
  network.partition(["client"]);
  const none = connectProtocol(
    new HostnameEndpoint(client, "echo.example", 7, { timeoutSeconds: 3 }),
    new Ear(),
  );
  network.run(4);
  failureResultOf(none, ConnectTimeoutError);
  const unknown = connectProtocol(clientFromString(client, "tcp:nobody.example:7"), new Ear());
  network.run(1);
  failureResultOf(unknown, DNSLookupError);
});

Deno.test("looping calls and deferLater take their time from a simulated host", () => {
  const network = new SimulatedNetwork();
  const { reactor } = network.addHost("host");
  const seen: number[] = [];
  const loop = new LoopingCall(() => seen.push(reactor.seconds()));
  loop.clock = reactor;
  loop.start(2);
  const later = deferLater(reactor, 5, () => loop.stop());
  network.runToEnd();
  assertEquals(seen, [0, 2, 4]);
  successResultOf(later);
});
