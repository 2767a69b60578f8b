import { assertEquals } from "@std/assert";
import { Factory, Protocol } from "@ropewalk/protocols";
import {
  clientFromString,
  ConnectionRefusedError,
  connectProtocol,
  deferLater,
  LoopingCall,
  serverFromString,
} from "@ropewalk/reactor/core";
import { failureResultOf, successResultOf } from "../results.ts";
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
