/**
 * The whole program on a simulated network: one store, a second process that serves its pages over PB, and four clients,
 * while hosts crash and the network falls apart. A seed that fails is printed, with how to run it again.
 */
import { ConnectionLost, type Reactor } from "@ropewalk/reactor/core";
import { PBConnectionLost } from "@ropewalk/spread";
import {
  flushLoggedErrors,
  type SimulatedHost,
  type SimulatedNetwork,
  simulationTest,
} from "@ropewalk/testing";
import { assert, assertEquals } from "@std/assert";
import { RemoteStore } from "./remote_store.ts";
import { KeyValueServer } from "./server.ts";
import { type Asker, LineAsker, PBAsker, type Tally, User, WebAsker } from "./simulation_clients.ts";
import { KeyValueSite } from "./web_service.ts";

const TTL_SECONDS = 15;
const OPTIONS = { host: "0.0.0.0", linePort: 11211, pbPort: 8789, webPort: 8000, ttlSeconds: TTL_SECONDS };
/** How long there are faults, and questions. */
const BUSY_SECONDS = 25;

/** A run: hosts, who uses them, and what may never happen. */
class Run {
  readonly tally: Tally = { asked: 0, answered: 0, failed: 0, abandoned: 0, violations: [] };
  readonly crashes: number[] = [];
  clientCrashes = 0;
  readonly #users = new Map<SimulatedHost, User>();
  readonly #askers: [string, (reactor: Reactor) => Asker][] = [
    ["anna", (reactor) => new LineAsker(reactor, "store")],
    ["boris", (reactor) => new PBAsker(reactor, "store")],
    ["cleo", (reactor) => new WebAsker(reactor, "store")],
    ["dora", (reactor) => new WebAsker(reactor, "front")],
  ];
  #server: KeyValueServer | null = null;
  #remote: RemoteStore | null = null;

  constructor(readonly network: SimulatedNetwork) {
    network.addHost("store", (reactor) => {
      this.#server = new KeyValueServer(reactor, OPTIONS);
      this.#server.start();
    });
    network.addHost("front", (reactor) => {
      this.#remote = new RemoteStore(reactor, "store", 8789);
      reactor.listenTCP(8000, new KeyValueSite(this.#remote, reactor));
    });
    for (const [name, asker] of this.#askers) {
      network.addHost(name, (reactor, host) => {
        const user = new User(
          reactor,
          `${name}${host.restarts}`,
          asker(reactor),
          this.tally,
          TTL_SECONDS,
          this.crashes,
        );
        this.#users.set(host, user);
      });
    }
  }

  /** Something goes wrong now and then. */
  fault(): void {
    const { network } = this;
    const { random } = network;
    const host = random.pick(network.hosts);
    const seconds = 0.5 + 10 * random.number();
    if (random.chance(0.5)) {
      network.partition([host.name], undefined, { oneWay: random.chance(0.3) });
      network.callLater(seconds, () => network.heal([host.name]));
    } else {
      this.#crash(host);
      network.callLater(seconds, () => host.isUp || host.restart());
    }
    network.callLater(2 + 6 * random.number(), () => {
      if (network.seconds() < BUSY_SECONDS) this.fault();
    });
  }

  #crash(host: SimulatedHost): void {
    if (!host.isUp) return;
    if (host.name === "store") this.crashes.push(this.network.seconds());
    else this.clientCrashes++;
    this.#users.get(host)?.abandon();
    host.crash();
  }

  /** Everybody stops. */
  end(): void {
    this.network.heal();
    for (const user of this.#users.values()) user.stop();
    this.#remote!.stop();
    this.network.run(120); // what was under way comes to its end
    this.#server!.stop();
  }
}

simulationTest(
  "whatever breaks, a get answers with what was stored or not at all, no question is answered twice, and all ends",
  { seeds: 1000, latencySeconds: 0.005, jitterSeconds: 0.05, loss: 0.02 },
  (network) => {
    const run = new Run(network);
    network.callLater(3, () => run.fault());
    network.run(BUSY_SECONDS + 12); // the last fault has passed
    run.end();
    network.run(120);
    const { tally } = run;
    if (tally.violations.length > 0) throw tally.violations[0];
    // What the services write down: gets of keys that are gone, and pages asked for while the store was out of reach.
    flushLoggedErrors("builtins.KeyError", ConnectionLost, PBConnectionLost);
    for (const host of network.hosts) {
      const open = host.reactor.getDelayedCalls().map((call) => call.getTime());
      assertEquals([host.name, open], [host.name, []]);
      // Nobody tells the store that a client crashed, and it only answers: halves of such connections stay open.
      if (host.name === "store" && run.clientCrashes > 0) continue;
      assertEquals([host.name, host.reactor.stats().connections], [host.name, 0]);
    }
    assertEquals(tally.answered + tally.failed + tally.abandoned, tally.asked);
    assert(tally.answered > 10, `only ${tally.answered} of ${tally.asked} questions were answered`);
  },
);
