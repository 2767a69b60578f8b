/** A lasting client on a simulated network, while its server crashes, restarts and hangs up. */
import { InMemoryUsernamePasswordDatabase, Portal, UsernamePassword } from "@ropewalk/cred";
import type { DelayedCall } from "@ropewalk/reactor/core";
import { TCP4ClientEndpoint } from "@ropewalk/reactor/core";
import { flushLoggedErrors, simulationTest } from "@ropewalk/testing";
import { assert, assertEquals } from "@std/assert";
import { Avatar } from "./avatar.ts";
import type { Broker } from "./broker.ts";
import { PBConnectionLost } from "./errors.ts";
import { LastingClient } from "./lasting_client.ts";
import { PBServerFactory } from "./server_factory.ts";

const BUSY_SECONDS = 40;

/** What survives a crash: on a disk, say. */
class Disk {
  readonly put = new Map<number, number>(); // how often each was put
  readonly counted = new Map<number, number>();
  logins = 0;
}

class Keeper extends Avatar {
  constructor(readonly disk: Disk) {
    super();
  }
  perspective_put(n: number): number {
    this.disk.put.set(n, (this.disk.put.get(n) ?? 0) + 1);
    return n;
  }
  perspective_count(n: number): number {
    this.disk.counted.set(n, (this.disk.counted.get(n) ?? 0) + 1);
    return n;
  }
}

simulationTest(
  "idempotent calls are all answered whatever restarts, others are made at most once, and each connection logs in",
  { seeds: 60, latencySeconds: 0.02, jitterSeconds: 0.05, loss: 0.01 },
  (network) => {
    const { random } = network;
    const disk = new Disk();
    const brokers = new Set<Broker>();
    const server = network.addHost("server", (reactor) => {
      brokers.clear();
      const realm = { requestAvatar: () => (disk.logins++, { avatar: new Keeper(disk) }) };
      const users = new InMemoryUsernamePasswordDatabase({ keeper: "secret" });
      const factory = new PBServerFactory(new Portal(realm, [users]));
      reactor.listenTCP(8789, {
        doStart() {},
        doStop() {},
        buildProtocol(address) {
          const broker = factory.buildProtocol(address);
          brokers.add(broker);
          broker.notifyOnDisconnect(() => brokers.delete(broker));
          return broker;
        },
      });
    });
    let client!: LastingClient<Keeper>;
    let next: DelayedCall | null = null;
    const answers: number[] = [];
    const counted: number[] = [];
    const lost: number[] = [];
    let asked = 0;
    network.addHost("client", (reactor) => {
      client = new LastingClient<Keeper>(new TCP4ClientEndpoint(reactor, "server", 8789), {
        reactor,
        credentials: new UsernamePassword("keeper", "secret"),
        maxDelaySeconds: 4,
        random: () => random.number(),
      });
      client.start();
      const ask = () => {
        const n = asked++;
        client.callIdempotent("put", n).addCallback((answer) => void answers.push(answer));
        client.callRemote("count", n).addCallbacks(
          (answer) => void counted.push(answer),
          (failure) => {
            failure.trap(PBConnectionLost);
            lost.push(n);
          },
        );
        next = reactor.callLater(0.2 + random.number(), ask);
      };
      ask();
    });
    let restarts = 0;
    const fault = () => {
      if (network.seconds() > BUSY_SECONDS) return;
      if (server.isUp && random.chance(0.5)) {
        server.crash();
        restarts++;
        network.callLater(0.5 + 5 * random.number(), () => server.restart());
      } else for (const broker of [...brokers]) broker.transport.loseConnection();
      network.callLater(6 + 5 * random.number(), fault);
    };
    network.callLater(2, fault);
    network.run(BUSY_SECONDS + 60);
    next!.cancel();
    network.run(60);
    client.stop();
    network.run(60);
    flushLoggedErrors(PBConnectionLost);
    const all = Array.from({ length: asked }, (_, n) => n);
    assertEquals(answers.toSorted((a, b) => a - b), all); // each once
    assertEquals([...counted, ...lost].toSorted((a, b) => a - b), all);
    assert([...disk.counted.values()].every((times) => times === 1));
    for (const n of counted) assert(disk.counted.has(n));
    assert(restarts === 0 || disk.logins >= 2, `${disk.logins} logins, ${restarts} restarts`);
  },
);
