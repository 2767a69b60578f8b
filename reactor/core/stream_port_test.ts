import { assertEquals, assertThrows } from "@std/assert";
import { Clock } from "@ropewalk/testing";
import { hostClock, settle } from "./_told_reactor_test.ts";
import { IPv4Address, PipeAddress } from "./addresses.ts";
import { CannotListenError, TLSError } from "./errors.ts";
import type { Accepted, HostNetwork, HostStream } from "./host_network.ts";
import type { DatagramTransport } from "./interfaces.ts";
import { StreamReactor } from "./stream_reactor.ts";

const notHere = (): never => {
  throw new Error("not here");
};

/** A host whose clients and handshakes are the test's. */
class ToldNetwork implements HostNetwork {
  accept!: Accepted;
  closes = 0;
  useless = false;
  handshakes: { succeed(stream: HostStream): void; fail(error: Error): void }[] = [];

  listenTCP(_port: number, _options: unknown, accepted: Accepted) {
    this.accept = accepted;
    return {
      address: new IPv4Address("TCP", "127.0.0.1", 443),
      ready: null,
      close: () => {
        this.closes++;
        return Promise.resolve();
      },
    };
  }

  checkTLS(): void {
    if (this.useless) throw new TLSError("The private key is not PEM");
  }

  serveTLS(): Promise<HostStream> {
    const { promise, resolve, reject } = Promise.withResolvers<HostStream>();
    this.handshakes.push({ succeed: resolve, fail: reject });
    return promise;
  }

  listenUNIX = notHere;
  listenFD = notHere;
  connectTCP = notHere;
  connectUNIX = notHere;
  connectTLS = notHere;
  resolve = notHere;
}

class ToldStreamReactor extends StreamReactor {
  constructor(readonly time: Clock, network: HostNetwork) {
    super(hostClock(time), network);
  }
  listenUDP(): DatagramTransport {
    return notHere();
  }
  listenMulticast(): DatagramTransport {
    return notHere();
  }
  protected override handleSignals(): () => void {
    return () => {};
  }
}

function streamOf(closed: string[], name: string): HostStream {
  return {
    localAddress: new PipeAddress(),
    remoteAddress: new PipeAddress(),
    read: () => new Promise(() => {}),
    write: (data) => Promise.resolve(data.length),
    closeWrite: () => Promise.resolve(),
    close: () => closed.push(name),
  };
}

function listen() {
  const network = new ToldNetwork();
  const reactor = new ToldStreamReactor(new Clock(), network);
  const closed: string[] = [];
  let built = 0;
  const factory = {
    doStart() {},
    doStop() {},
    buildProtocol() {
      built++;
      return { makeConnection() {}, dataReceived() {}, connectionLost() {} };
    },
  };
  const port = reactor.listenTLS(443, factory, { cert: "", key: "" });
  const client = (name: string): void => network.accept(streamOf(closed, name));
  return { network, reactor, closed, port, client, factory, built: () => built };
}

Deno.test("a client that does not finish its handshake is closed after 30 seconds, and others are not held up", async () => {
  const { network, reactor, closed, client, built } = listen();
  client("slow");
  reactor.time.advance(15);
  client("quick");
  network.handshakes[1]!.succeed(streamOf(closed, "quick, secured"));
  await settle();
  assertEquals([built(), reactor.getDelayedCalls().length], [1, 1]);
  reactor.time.advance(14.9);
  assertEquals(closed, []);
  reactor.time.advance(0.1);
  assertEquals(closed, ["slow"]);
  network.handshakes[0]!.fail(new TLSError("closed"));
  await settle();
  assertEquals([built(), reactor.getDelayedCalls()], [1, []]);
});

Deno.test("a client whose handshake fails is of no interest to the program", async () => {
  const { network, reactor, client, built } = listen();
  client("stranger");
  network.handshakes[0]!.fail(new TLSError("no TLS"));
  await settle();
  assertEquals([built(), reactor.stats().errors, reactor.getDelayedCalls()], [0, 0, []]);
});

Deno.test("a port that stops closes those that are still shaking hands, and takes none that come late", async () => {
  const { network, reactor, closed, port, client, built } = listen();
  client("waiting");
  const stopped = port.stopListening();
  assertEquals([closed, network.closes, reactor.stats().ports], [["waiting"], 1, []]);
  network.handshakes[0]!.succeed(streamOf(closed, "late"));
  await settle();
  assertEquals([closed, built(), stopped.called, reactor.getDelayedCalls()], [
    ["waiting", "late"],
    0,
    true,
    [],
  ]);
});

Deno.test("a certificate of no use is told to whoever listens, before the system is asked", () => {
  const { network, reactor, factory } = listen();
  network.useless = true;
  const error = assertThrows(
    () => reactor.listenTLS(444, factory, { cert: "", key: "" }),
    CannotListenError,
    "Cannot listen on 0.0.0.0:444: The private key is not PEM",
  );
  assertEquals([error.cause instanceof TLSError, reactor.stats().ports.length], [true, 1]);
});

Deno.test("a factory that throws in doStart is not listened for", async () => {
  const network = new ToldNetwork();
  const reactor = new ToldStreamReactor(new Clock(), network);
  const factory = {
    doStart() {
      throw new RangeError("on purpose");
    },
    doStop() {},
    buildProtocol: () => null,
  };
  assertThrows(() => reactor.listenTCP(443, factory), RangeError, "on purpose");
  await settle();
  assertEquals([network.closes, reactor.stats().ports], [1, []]);
});
