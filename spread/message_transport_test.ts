import { Deferred } from "@ropewalk/deferred";
import { PipeAddress } from "@ropewalk/reactor/core";
import { assert, assertEquals } from "@std/assert";
import { PBClientFactory } from "./client_factory.ts";
import { connectPort, connectWebSocket, type SocketLike } from "./message_transport.ts";
import { PBServerFactory } from "./server_factory.ts";
import { Root } from "./referenceable.ts";
import type { RemoteReference } from "./remote_reference.ts";

class Echo extends Root {
  remote_echo(value: string): string {
    return value;
  }
  remote_call(them: RemoteReference): unknown {
    return them.callRemote("echo", "back");
  }
}
const address = new PipeAddress();

Deno.test("objects call each other over a message port, and both hear of its end", async () => {
  const { port1, port2 } = new MessageChannel();
  const factory = new PBClientFactory();
  const server = new PBServerFactory(new Echo()).buildProtocol(address);
  const client = factory.buildProtocol(address);
  connectPort(port1, server);
  connectPort(port2, client);
  const root = await factory.getRootObject<Echo>();
  assertEquals(await Promise.all([root.proxy.echo("a"), root.proxy.echo("b")]), ["a", "b"]);
  assertEquals(await (root as unknown as RemoteReference).callRemote("call", new Echo()), "back");
  const lost = new Promise<void>((resolve) => server.notifyOnDisconnect(resolve));
  factory.disconnect();
  await lost;
  assert(client.disconnected && server.disconnected);
});

/** Two ends of a WebSocket, in memory. */
class FakeSocket extends EventTarget {
  binaryType = "blob";
  readyState = 0; // connecting; 1 is open, 3 closed
  peer!: FakeSocket;
  send(bytes: Uint8Array): void {
    const copy = bytes.slice().buffer;
    queueMicrotask(() => this.peer.dispatchEvent(new MessageEvent("message", { data: copy })));
  }
  open(): void {
    this.readyState = 1;
    this.dispatchEvent(new Event("open"));
  }
  close(): void {
    if (this.readyState === 3) return;
    for (const end of [this, this.peer]) {
      end.readyState = 3;
      end.dispatchEvent(new Event("close"));
    }
  }
}

Deno.test("a page can hold references over a WebSocket", async () => {
  const [one, two] = [new FakeSocket(), new FakeSocket()];
  one.peer = two;
  two.peer = one;
  const factory = new PBClientFactory();
  const server = new PBServerFactory(new Echo()).buildProtocol(address);
  const client = factory.buildProtocol(address);
  connectWebSocket(one as unknown as SocketLike, client);
  one.open();
  two.readyState = 1;
  connectWebSocket(two as unknown as SocketLike, server);
  const root = await factory.getRootObject<Echo>();
  assertEquals(await root.proxy.echo("hello"), "hello");
  two.dispatchEvent(new MessageEvent("message", { data: "text" }));
  assert(server.disconnected && client.disconnected);
});

// Never run: a platform WebSocket is one.
function platformSocketFits(socket: WebSocket): SocketLike {
  return socket;
}
assert(typeof platformSocketFits === "function");

/** Delivers what is under way over sockets in memory. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}

class Slow extends Root {
  readonly later: Deferred<number>[] = [];
  remote_wait(): Deferred<number> {
    const d = new Deferred<number>();
    this.later.push(d);
    return d;
  }
}

Deno.test("over messages, calls that are not answered hold the peer up, and so does pausing by hand", async () => {
  const [one, two] = [new FakeSocket(), new FakeSocket()];
  one.peer = two;
  two.peer = one;
  one.readyState = two.readyState = 1;
  const slow = new Slow();
  const server = new PBServerFactory(slow, { maxUnansweredCalls: 4 }).buildProtocol(address);
  const factory = new PBClientFactory();
  connectWebSocket(one as unknown as SocketLike, factory.buildProtocol(address));
  connectWebSocket(two as unknown as SocketLike, server);
  const root = await factory.getRootObject<Slow>();
  const answers: number[] = [];
  for (let i = 0; i < 6; i++) {
    root.callRemote("wait").addCallback((n) => void answers.push(n));
    await settled(); // a message each
  }
  assertEquals(slow.later.length, 4);
  for (const d of slow.later.slice(0, 2)) d.callback(1);
  await settled();
  assertEquals([slow.later.length, answers], [4 + 2, [1, 1]]);
  root.broker.transport.pauseProducing();
  for (const d of slow.later.slice(2)) d.callback(2);
  await settled();
  assertEquals(answers.length, 2);
  root.broker.transport.resumeProducing();
  await settled();
  assertEquals(answers, [1, 1, 2, 2, 2, 2]);
  factory.disconnect();
  await settled();
  assert(server.disconnected);
});
