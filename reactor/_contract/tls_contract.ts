/**
 * TLS, from the first byte and from the middle of a connection.
 * @module
 */
import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { connectProtocol } from "../core/endpoints/endpoint.ts";
import { TCP4ClientEndpoint } from "../core/endpoints/tcp.ts";
import { SSL4ClientEndpoint, wrapClientTLS } from "../core/endpoints/tls.ts";
import {
  CannotListenError,
  ConnectingCancelledError,
  ConnectionAborted,
  ConnectionDone,
  ConnectionLost,
  TimeoutError,
  TLSError,
} from "../core/errors.ts";
import type { Reactor, TLSClientOptions, TLSServerOptions } from "../core/interfaces.ts";
import { AUTHORITY, CLIENT, EXPIRED, OTHER, SERVER, STRANGER, TRUSTING } from "./certificates.ts";
import { cleaning, closing, type Host } from "./contract.ts";
import {
  ClientRecorders,
  connected,
  HalfClosing,
  overTLS,
  type Pair,
  portOf,
  Recorder,
  Recorders,
  reported,
} from "./recorder.ts";

function secured(
  reactor: Reactor,
  server: TLSServerOptions = SERVER,
  client: TLSClientOptions = TRUSTING,
): Promise<Pair<Recorder, Recorder>> {
  return connected(reactor, undefined, undefined, overTLS(reactor, server, client));
}

/** Declares the tests. */
export function tlsContract({ name, make, test: declare }: Host): void {
  const test = cleaning(declare);
  test(`${name}: TLS carries bytes both ways, large ones too, and closes in order`, async () => {
    const pair = await secured(make());
    assert(pair.client.transport.secure && pair.server.transport.secure);
    pair.client.transport.write("ping");
    await pair.server.heard("ping");
    const big = "y".repeat(1_000_000);
    pair.server.transport.write(big);
    pair.server.transport.loseConnection();
    assertInstanceOf(await pair.client.lost, ConnectionDone);
    assertEquals(pair.client.received.length, big.length);
    assertEquals(pair.client.transport.getPeerCertificate()?.subject.CN, "localhost");
    assertEquals(pair.server.transport.getPeerCertificate(), null);
    await pair.close();
  });

  for (const end of ["client", "server"] as const) {
    test(`${name}: what the ${end} writes before loseConnection arrives under TLS, all of it`, async () => {
      const pair = await secured(make());
      const [from, to] = end === "client" ? [pair.client, pair.server] : [pair.server, pair.client];
      from.transport.write("z".repeat(3_000_000));
      from.transport.loseConnection();
      assertInstanceOf(await to.lost, ConnectionDone);
      assertInstanceOf(await from.lost, ConnectionDone);
      assertEquals(to.received.length, 3_000_000);
      await pair.close();
    });

    test(`${name}: a ${end} that breaks off under TLS is ConnectionLost to its peer`, async () => {
      const pair = await secured(make());
      const [from, to] = end === "client" ? [pair.client, pair.server] : [pair.server, pair.client];
      from.transport.write("there is more");
      await to.heard("there is more");
      from.transport.abortConnection();
      assertInstanceOf(await to.lost, ConnectionLost);
      assertInstanceOf(await from.lost, ConnectionAborted);
      await pair.close();
    });
  }

  test(`${name}: ALPN chooses by the server's order, and both ends know`, async () => {
    const pair = await secured(
      make(),
      { ...SERVER, alpnProtocols: ["b", "a"] },
      { ...TRUSTING, alpnProtocols: ["a", "b"] },
    );
    const [server, client] = [
      pair.server.transport.negotiatedProtocol,
      pair.client.transport.negotiatedProtocol,
    ];
    assertEquals(server, client);
    assert(server === "a" || server === "b");
    await pair.close();
  });

  test(`${name}: the server shows the certificate of the name that is asked for`, async () => {
    const pair = await secured(
      make(),
      { ...SERVER, sni: { "Other.Example": OTHER } }, // names are compared without case
      { ca: [AUTHORITY], hostname: "other.example" },
    );
    assertEquals(pair.client.transport.getPeerCertificate()?.subject.CN, "other.example");
    await pair.close();
  });

  for (const clientCertificate of ["optional", "required"] as const) {
    test(`${name}: a ${clientCertificate} client certificate can be read by the server's protocol`, async () => {
      const pair = await secured(
        make(),
        { ...SERVER, ca: [AUTHORITY], clientCertificate },
        { ...TRUSTING, ...CLIENT },
      );
      const certificate = pair.server.transport.getPeerCertificate();
      assertEquals(certificate?.subject.CN, "A client");
      assertEquals(certificate?.issuer.CN, "Test authority");
      assert(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/.test(certificate!.fingerprint256));
      assert(certificate!.raw.length > 100);
      await pair.close();
    });
  }

  const useless: [string, TLSServerOptions, RegExp][] = [
    ["no certificate", { cert: "", key: SERVER.key }, /certificate is not PEM/],
    ["no key", { cert: SERVER.cert, key: SERVER.cert }, /private key is not PEM/],
    [
      "a certificate that is damaged",
      { ...SERVER, cert: SERVER.cert.replace("MII", "AAA") },
      /cannot be read/,
    ],
    ["the key of another certificate", { ...SERVER, key: OTHER.key }, /does not belong to the certificate/],
    [
      "the key of another certificate for some name",
      { ...SERVER, sni: { "other.example": { cert: OTHER.cert, key: SERVER.key } } },
      /private key for other\.example does not belong/,
    ],
  ];
  for (const [what, options, words] of useless) {
    test(`${name}: to listen under TLS with ${what} is CannotListenError, in words`, () => {
      const factory = new Recorders();
      const error = assertThrows(
        () => make().listenTLS(0, factory, options, { hostname: "127.0.0.1" }),
        CannotListenError,
      );
      assert(words.test(error.message), error.message);
      assertEquals([factory.starts, factory.stops], [0, 0]);
    });
  }

  test(`${name}: a key that is replaced by another's while the port listens fails the handshake, and is reported`, async () => {
    const reactor = make();
    const sni = { "other.example": { ...OTHER } };
    const port = closing(
      reactor.listenTLS(0, new Recorders(), { ...SERVER, sni }, { hostname: "127.0.0.1" }),
    );
    await port.ready;
    sni["other.example"].key = SERVER.key;
    const clients = new ClientRecorders();
    const errors = await reported(async () => {
      const client = { ca: [AUTHORITY], hostname: "other.example" };
      reactor.connectTLS("127.0.0.1", portOf(port), clients, client);
      assertInstanceOf(await clients.failed, TLSError);
    });
    assertEquals(errors.map(String), ["TLSError: The private key does not belong to the certificate"]);
    await port.stopListening();
  });

  test(`${name}: a file that holds both the key and the certificate serves`, async () => {
    const both = SERVER.key + SERVER.cert;
    const pair = await secured(make(), { cert: both, key: both });
    await pair.close();
  });

  const failures: [string, TLSServerOptions, TLSClientOptions, RegExp][] = [
    ["a certificate that nobody trusts", SERVER, { hostname: "localhost" }, /trusted/],
    ["a certificate for another name", OTHER, TRUSTING, /not good for (this name|localhost)/],
    ["a certificate that has expired", EXPIRED, TRUSTING, /expired/],
    [
      "no protocol in common",
      { ...SERVER, alpnProtocols: ["a"] },
      { ...TRUSTING, alpnProtocols: ["b"] },
      /share no protocol/,
    ],
  ];
  for (const [what, server, client, words] of failures) {
    test(`${name}: ${what} fails the connection with TLSError, in words`, async () => {
      const reactor = make();
      const servers = new Recorders();
      const port = closing(reactor.listenTLS(0, servers, server, { hostname: "127.0.0.1" }));
      await port.ready;
      const factory = new ClientRecorders();
      reactor.connectTLS("127.0.0.1", portOf(port), factory, client);
      const error = await factory.failed;
      assertInstanceOf(error, TLSError);
      assert(words.test(error.message), error.message);
      assertEquals(factory.built.length, 0);
      for (const server of servers.built) await server.lost;
    });
  }

  test(`${name}: a client that shows no certificate where one is required is lost, and no protocol hears of it`, async () => {
    const reactor = make();
    const servers = new Recorders();
    const options = { ...SERVER, ca: [AUTHORITY], clientCertificate: "required" } as const;
    const port = closing(reactor.listenTLS(0, servers, options, { hostname: "127.0.0.1" }));
    await port.ready;
    const clients = new ClientRecorders();
    reactor.connectTLS("127.0.0.1", portOf(port), clients, TRUSTING);
    // TLS 1.3 tells the client after its side of the handshake is through.
    const error = await Promise.race([clients.failed.toPromise(), clients.gone.toPromise()]);
    assert(/certificate.?required/i.test(String(error)), String(error));
    assertEquals(servers.built, []);
  });

  for (const clientCertificate of ["required", "optional"] as const) {
    test(`${name}: a client certificate that no authority signed is refused where one is ${clientCertificate}`, async () => {
      const reactor = make();
      const servers = new Recorders();
      const options = { ...SERVER, ca: [AUTHORITY], clientCertificate };
      const port = closing(reactor.listenTLS(0, servers, options, { hostname: "127.0.0.1" }));
      await port.ready;
      let built = 0;
      void servers.next().then(() => built++);
      const clients = new ClientRecorders();
      const client = clients.next();
      reactor.connectTLS("127.0.0.1", portOf(port), clients, { ...TRUSTING, ...STRANGER });
      // Under TLS 1.3 the client is through before its certificate is looked at: it connects, and is lost.
      const end = await Promise.race([client.toPromise(), clients.failed.toPromise()]);
      if (end instanceof Recorder) await end.lost;
      assertEquals(built, 0);
      await port.stopListening();
    });
  }

  test(`${name}: verify: false takes any certificate`, async () => {
    const pair = await secured(make(), OTHER, { verify: false, hostname: "localhost" });
    await pair.close();
  });

  test(`${name}: a server that speaks no TLS is a TLSError`, async () => {
    class Plain extends Recorder {
      override connectionMade(): void {
        this.transport.write("220 hello, this is plain text\r\n");
      }
    }
    const reactor = make();
    const servers = new Recorders(() => new Plain());
    const port = closing(reactor.listenTCP(0, servers, { hostname: "127.0.0.1" }));
    await port.ready;
    const factory = new ClientRecorders();
    reactor.connectTLS("127.0.0.1", portOf(port), factory, TRUSTING);
    assertInstanceOf(await factory.failed, TLSError);
    for (const server of servers.built) await server.lost;
  });

  for (const how of ["cancelled", "too slow"]) {
    test(`${name}: a handshake that is ${how} fails the connection, and is over for the server too`, async () => {
      const reactor = make();
      const servers = new Recorders(); // silent
      const port = closing(reactor.listenTCP(0, servers, { hostname: "127.0.0.1" }));
      await port.ready;
      const accepted = servers.next();
      const options = how === "too slow" ? { timeoutSeconds: 0.05 } : {};
      const endpoint = new SSL4ClientEndpoint(reactor, "127.0.0.1", portOf(port), TRUSTING, options);
      let error: unknown;
      const connecting = connectProtocol(endpoint, new Recorder())
        .addErrback((failure) => void (error = failure.value));
      const server = await accepted;
      if (how === "cancelled") connecting.cancel();
      await connecting;
      assertInstanceOf(error, how === "cancelled" ? ConnectingCancelledError : TimeoutError);
      await server.lost;
      assertEquals(reactor.stats().pendingCalls, 0);
    });
  }

  test(`${name}: a port under TLS outlives clients that speak no TLS`, async () => {
    const reactor = make();
    const pair = await secured(reactor);
    const stranger = new Recorder();
    reactor.connectTCP("127.0.0.1", portOf(pair.port), new ClientRecorders(() => stranger));
    await stranger.connected;
    stranger.transport.write("GET / HTTP/1.0\r\n\r\n");
    await stranger.lost;
    pair.client.transport.write("alive");
    await pair.server.heard("alive");
    await pair.close();
  });

  test(`${name}: both ends go over to TLS in the middle, with what was written on each side of the switch`, async () => {
    class Server extends Recorder {
      override dataReceived(data: Uint8Array): void {
        super.dataReceived(data);
        if (this.received !== "STARTTLS") return;
        this.transport.write("go");
        this.transport.startTLS(SERVER);
        this.transport.write("secret welcome");
      }
    }
    class Client extends Recorder {
      override dataReceived(data: Uint8Array): void {
        super.dataReceived(data);
        if (this.received !== "go") return;
        this.transport.startTLS(TRUSTING);
        this.transport.write("secret hello");
      }
    }
    const pair = await connected(make(), () => new Server(), () => new Client());
    assert(!pair.client.transport.secure);
    pair.client.transport.write("STARTTLS");
    await pair.server.heard("secret hello");
    await pair.client.heard("secret welcome");
    assert(pair.client.transport.secure && pair.server.transport.secure);
    assertEquals(pair.client.transport.getPeerCertificate()?.subject.CN, "localhost");
    pair.client.transport.loseConnection();
    assertInstanceOf(await pair.server.lost, ConnectionDone);
    await pair.close();
  });

  test(`${name}: a protocol that throws in handshakeCompleted is reported and loses its connection`, async () => {
    class Faulty extends Recorder {
      override connectionMade(): void {
        this.transport.startTLS(SERVER);
      }
      handshakeCompleted(): void {
        throw new Error("handshakeCompleted");
      }
    }
    class Client extends Recorder {
      override connectionMade(): void {
        this.transport.startTLS(TRUSTING);
      }
    }
    const errors = await reported(async () => {
      const pair = await connected(make(), () => new Faulty(), () => new Client());
      assertEquals(String(await pair.server.lost), "Error: handshakeCompleted");
      await pair.client.lost;
      await pair.close();
    });
    assertEquals(errors.map(String), ["Error: handshakeCompleted"]);
  });

  test(`${name}: wrapClientTLS puts TLS over the connections of another endpoint`, async () => {
    const reactor = make();
    const servers = new Recorders(() => new HalfClosing());
    const port = closing(reactor.listenTLS(0, servers, SERVER, { hostname: "127.0.0.1" }));
    await port.ready;
    const server = servers.next();
    const inner = new TCP4ClientEndpoint(reactor, "127.0.0.1", portOf(port));
    const client = new HalfClosing();
    await connectProtocol(wrapClientTLS({ ca: [AUTHORITY], hostname: "localhost" }, inner), client);
    client.transport.write("ping");
    await (await server).heard("ping");
    (await server).transport.loseWriteConnection();
    await client.readLost; // the half-closing methods are heard through the wrapper
    client.transport.loseConnection();
    await client.lost;
    await (await server).lost;

    const stranger = new Recorder();
    await connectProtocol(wrapClientTLS({ hostname: "localhost" }, inner), stranger);
    const error = await stranger.lost;
    assertInstanceOf(error, TLSError);
    assert(/trusted/.test(error.message), error.message);
    for (const built of servers.built) await built.lost;
  });

  test(`${name}: plain text where the handshake should be costs the connection`, async () => {
    class Server extends Recorder {
      override dataReceived(data: Uint8Array): void {
        super.dataReceived(data);
        if (this.received === "STARTTLS") this.transport.startTLS(SERVER);
      }
    }
    const pair = await connected(make(), () => new Server());
    pair.client.transport.write("STARTTLS");
    await pair.server.heard("STARTTLS");
    pair.client.transport.write("MAIL FROM:<injected>\r\n");
    assertInstanceOf(await pair.server.lost, TLSError);
    assertEquals(pair.server.received, "STARTTLS");
    await pair.close();
  });
}
