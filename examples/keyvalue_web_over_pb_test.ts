/** The pages over a store in another process: three hosts of a simulated network, and no socket. */
import { Agent } from "@ropewalk/web/client";
import { KeyValuePBFactory, KeyValueRoot } from "./keyvalue/pb_service.ts";
import { RemoteStore } from "./keyvalue/remote_store.ts";
import { KeyValueStore } from "./keyvalue/store.ts";
import { KeyValueSite } from "./keyvalue/web_service.ts";
import { type SimulatedHost, SimulatedNetwork, successResultOf } from "@ropewalk/testing";
import { assertEquals, assertStringIncludes } from "@std/assert";

/** A store, the pages in front of it, and somebody who looks at them. */
class Office {
  readonly network = new SimulatedNetwork({ seed: 1 });
  readonly store: SimulatedHost;
  readonly browser = this.network.addHost("browser");
  #remote!: RemoteStore;

  constructor() {
    this.store = this.network.addHost("store", (reactor) => {
      reactor.listenTCP(8789, new KeyValuePBFactory(new KeyValueRoot(new KeyValueStore(reactor, 15))));
    });
    this.network.addHost("front", (reactor) => {
      this.#remote = new RemoteStore(reactor, "store", 8789);
      reactor.listenTCP(8001, new KeyValueSite(this.#remote, reactor));
    });
    this.network.run(1);
  }

  /** The code and text of a page. */
  look(path: string): [number, string] {
    const page = new Agent(this.browser.reactor, { totalTimeoutSeconds: 10 })
      .request("GET", `http://front:8001/${path}`)
      .addCallback((response) =>
        response.text().addCallback((text) => [response.code, text] as [number, string])
      );
    this.network.run(11);
    return successResultOf(page);
  }

  [Symbol.dispose](): void {
    this.#remote.stop();
    this.network.run(60);
  }
}

Deno.test("what is set over the web is kept by the other process, and a key that is not there is a page not found", () => {
  using office = new Office();
  assertEquals(office.look("get?key=color")[0], 404);
  assertStringIncludes(office.look("set?key=color&value=red")[1], "color is set");
  const [code, text] = office.look("get?key=color");
  assertEquals(code, 200);
  assertStringIncludes(text, "color is red");
  office.look("delete?key=color");
  assertEquals(office.look("get?key=color")[0], 404);
});

Deno.test("while the other process is gone the pages say so, and they are back when it is", () => {
  using office = new Office();
  office.look("set?key=color&value=red");
  office.store.crash();
  office.network.run(10);
  const [code, text] = office.look("get?key=color");
  assertEquals(code, 503);
  assertStringIncludes(text, "the store cannot be reached");
  office.store.restart();
  office.network.run(20);
  assertEquals(office.look("get?key=color")[0], 404); // it forgot, but it answers
});
