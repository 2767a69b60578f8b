import { Deferred } from "@ropewalk/deferred";
import {
  type ClientEndpoint,
  ConnectingCancelledError,
  IPv4Address,
  type StreamProtocol,
} from "@ropewalk/reactor/core";
import { assert, assertEquals } from "@std/assert";
import { connectedServerAndClient, failureResultOf, successResultOf } from "@ropewalk/testing";
import { PBClientFactory } from "./client_factory.ts";
import { Root } from "./referenceable.ts";
import { PBServerFactory } from "./server_factory.ts";

const address = new IPv4Address("TCP", "127.0.0.1", 1);

/** An endpoint whose attempts go on until they are told to succeed. */
class SlowEndpoint implements ClientEndpoint {
  succeed!: (greet: boolean) => ReturnType<typeof connectedServerAndClient>;
  connect<P extends StreamProtocol>(
    factory: { doStart(): void; doStop(): void; buildProtocol(address: IPv4Address): P | null },
  ): Deferred<P> {
    const d = new Deferred<P>();
    factory.doStart();
    this.succeed = (greet) => {
      const server = new PBServerFactory(new Root()).buildProtocol(address);
      const joined = connectedServerAndClient(server, factory.buildProtocol(address) as never, { greet });
      factory.doStop();
      d.callback(joined.client as unknown as P);
      return joined;
    };
    return d;
  }
}

Deno.test("an attempt of an endpoint that is given up fails what waits, and its connection is closed", () => {
  const factory = new PBClientFactory();
  const endpoint = new SlowEndpoint();
  endpoint.connect(factory);
  const root = factory.getRootObject();
  factory.disconnect();
  failureResultOf(root, ConnectingCancelledError);
  const { server, pump } = endpoint.succeed(true);
  pump.flush();
  assert((server as unknown as { disconnected: boolean }).disconnected);
  assertEquals(factory.broker, null);
});

Deno.test("a handshake is given up with its connection", () => {
  const factory = new PBClientFactory();
  const endpoint = new SlowEndpoint();
  endpoint.connect(factory);
  const root = factory.getRootObject();
  const { client, pump } = endpoint.succeed(false);
  factory.disconnect();
  pump.flush();
  failureResultOf(root, ConnectingCancelledError);
  assert((client as unknown as { disconnected: boolean }).disconnected);
});

Deno.test("a factory that gave an attempt up can be used again, and one with nothing to give up is not touched", () => {
  const factory = new PBClientFactory();
  factory.disconnect();
  for (const give of [false, true, false]) {
    const endpoint = new SlowEndpoint();
    endpoint.connect(factory);
    const root = factory.getRootObject();
    if (give) factory.disconnect();
    const { pump } = endpoint.succeed(true);
    pump.flush();
    if (give) failureResultOf(root, ConnectingCancelledError);
    else {
      assertEquals(successResultOf(root).luid, "root");
      factory.disconnect();
      pump.flush();
    }
  }
});
