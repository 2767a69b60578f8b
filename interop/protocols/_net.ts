/**
 * Real connections for the interop tests of the protocols.
 */
import { Deferred } from "@ropewalk/deferred";
import { ClientFactory } from "@ropewalk/protocols";
import { type Connector, type Failure, type ListeningPort, reactor } from "./_reactor.ts";
import type { ProtocolFactory, StreamProtocol } from "@ropewalk/reactor/core";

/** Listens on a free port of this host. */
export async function listen(factory: ProtocolFactory): Promise<{ port: number; listening: ListeningPort }> {
  const listening = reactor.listenTCP(0, factory, { hostname: "127.0.0.1" });
  await listening.ready;
  return { port: (listening.getHost() as { port: number }).port, listening };
}

class Once extends ClientFactory {
  readonly connected = new Deferred<void>();
  readonly lost = new Deferred<void>();
  constructor(readonly instance: StreamProtocol) {
    super();
  }
  override buildProtocol() {
    const { instance } = this;
    const make = instance.makeConnection;
    instance.makeConnection = (transport) => {
      make.call(instance, transport);
      this.connected.callback();
    };
    return this.adopt(instance);
  }
  override clientConnectionFailed(_connector: Connector, reason: Failure) {
    this.connected.errback(reason);
  }
  override clientConnectionLost() {
    this.lost.callback();
  }
}

/** Connects a protocol to a port of this host; `lost` fires when the connection is gone. */
export async function connect<P extends StreamProtocol>(
  protocol: P,
  port: number,
): Promise<{ lost: Deferred<void> }> {
  const factory = new Once(protocol);
  reactor.connectTCP("127.0.0.1", port, factory);
  await factory.connected;
  return { lost: factory.lost };
}

/** Waits until no connection is open any more: those that a peer made end a little after it. */
export async function untilClosed(): Promise<void> {
  await until(() => reactor.stats().connections === 0);
}

/** A port that is free now, for a program that cannot choose one itself. */
export function freePort(): number {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return port;
}

/** Waits until something holds. */
export async function until(what: () => boolean | Promise<boolean>, timeoutSeconds = 20): Promise<void> {
  const end = performance.now() + timeoutSeconds * 1000;
  while (!await what()) {
    if (performance.now() > end) throw new Error(`Too late: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Waits until something listens on a port. */
export async function untilListening(port: number): Promise<void> {
  await until(async () => {
    try {
      (await Deno.connect({ port, hostname: "127.0.0.1" })).close();
      return true;
    } catch {
      return false;
    }
  });
}
