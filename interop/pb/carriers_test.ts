/** The same objects over other carriers than TCP: TLS, UNIX sockets and workers. */
import { reactor } from "@ropewalk/reactor";
import { connectPort, PBClientFactory, PBServerFactory, Root } from "@ropewalk/spread";
import { InMemoryUsernamePasswordDatabase, Portal, UsernamePassword } from "@ropewalk/cred";
import { type IPv4Address, PipeAddress } from "@ropewalk/reactor/core";
import { assert, assertEquals } from "@std/assert";
import { AUTHORITY, SERVER } from "../../reactor/_contract/certificates.ts";

class Echo extends Root {
  remote_echo(value: string): string {
    return value;
  }
}

async function quiet(): Promise<void> {
  while (reactor.stats().connections > 0) {
    await new Promise<void>((resolve) => reactor.callLater(0.01, resolve));
  }
}

Deno.test("a login over TLS", async () => {
  const avatar = { perspective_name: () => "alice" };
  const portal = new Portal({ requestAvatar: () => ({ avatar }) }, [
    new InMemoryUsernamePasswordDatabase({ alice: "secret" }),
  ]);
  const port = reactor.listenTLS(0, new PBServerFactory(portal), SERVER, { hostname: "127.0.0.1" });
  await port.ready;
  const factory = new PBClientFactory();
  reactor.connectTLS("127.0.0.1", (port.getHost() as IPv4Address).port, factory, { ca: [AUTHORITY] });
  const user = await factory.login(new UsernamePassword("alice", "secret"));
  assertEquals(await user.callRemote("name"), "alice");
  assertEquals(user.broker.transport.secure, true);
  factory.disconnect();
  await port.stopListening();
  await quiet();
});

Deno.test("a peer that asks and does not read is held up, and gets every answer once it reads", async () => {
  const asked = 400;
  let calls = 0;
  class Store extends Root {
    remote_get(): Uint8Array {
      calls++;
      return new Uint8Array(64 * 1024);
    }
  }
  const port = reactor.listenTCP(0, new PBServerFactory(new Store()), { hostname: "127.0.0.1" });
  await port.ready;
  const factory = new PBClientFactory();
  reactor.connectTCP("127.0.0.1", (port.getHost() as IPv4Address).port, factory);
  const root = await factory.getRootObject<Store>();
  const { transport } = root.broker;
  transport.pauseProducing();
  const answers = Array.from({ length: asked }, () => root.callRemote("get"));
  // As long as it takes until no more calls are served.
  for (let before = -1; before !== calls || calls === 0;) {
    before = calls;
    await new Promise<void>((resolve) => reactor.callLater(0.2, resolve));
  }
  assert(calls < asked / 2, `${calls} calls were served`);
  transport.resumeProducing();
  for (const answer of answers) assertEquals((await answer).length, 64 * 1024);
  assertEquals(calls, asked);
  factory.disconnect();
  await port.stopListening();
  await quiet();
});

Deno.test("over a UNIX socket", async () => {
  const directory = await Deno.makeTempDir();
  const path = `${directory}/pb.sock`;
  const port = reactor.listenUNIX(path, new PBServerFactory(new Echo()));
  await port.ready;
  const factory = new PBClientFactory();
  reactor.connectUNIX(path, factory);
  const root = await factory.getRootObject<Echo>();
  assertEquals(await root.proxy.echo("hello"), "hello");
  factory.disconnect();
  await port.stopListening();
  while (reactor.stats().connections > 0) {
    await new Promise<void>((resolve) => reactor.callLater(0.01, resolve));
  }
  await Deno.remove(directory, { recursive: true });
});

Deno.test("into a worker and out of it", async () => {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  const factory = new PBClientFactory();
  const client = factory.buildProtocol(new PipeAddress());
  connectPort(worker, client);
  const root = await factory.getRootObject<Echo>();
  assertEquals(await root.proxy.echo("hello, worker"), "hello, worker");
  worker.terminate();
});
