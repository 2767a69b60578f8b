/** Asks for every socket option that a transport and a port offer, then ends; strace watches. */
import { Factory, Protocol } from "@ropewalk/protocols";
import {
  connectProtocol,
  createReactor,
  type DatagramTransport,
  SSL4ClientEndpoint,
  TCP4ClientEndpoint,
} from "@ropewalk/reactor";
import { AUTHORITY, SERVER } from "../../reactor/_contract/certificates.ts";

const reactor = createReactor(Deno.args[0] === "node" ? "node" : "deno");
const port = reactor.listenTCP(0, Factory.forProtocol(Protocol), { hostname: "127.0.0.1", backlog: 77 });
await port.ready;
const { port: number } = port.getHost() as { port: number };
const bindAddress = { hostname: "127.0.0.2" };
const client = await connectProtocol(
  new TCP4ClientEndpoint(reactor, "127.0.0.1", number, { bindAddress }),
  new Protocol(),
);
client.transport.abortConnection();
const { transport } = await connectProtocol(
  new TCP4ClientEndpoint(reactor, "127.0.0.1", number),
  new Protocol(),
);
transport.setTcpNoDelay(false);
transport.setTcpKeepAlive(true);
transport.setTcpKeepAlive(false);
transport.loseConnection();
await port.stopListening();

// The same under TLS: the options are those of the connection below.
const secure = reactor.listenTLS(0, Factory.forProtocol(Protocol), SERVER, { hostname: "127.0.0.1" });
await secure.ready;
const tls = { ca: [AUTHORITY], hostname: "localhost" };
const under = await connectProtocol(
  new SSL4ClientEndpoint(reactor, "127.0.0.1", (secure.getHost() as { port: number }).port, tls),
  new Protocol(),
);
under.transport.setTcpNoDelay(false);
under.transport.setTcpKeepAlive(true);
under.transport.loseConnection();
await secure.stopListening();

const handler = { makeConnection() {}, datagramReceived() {}, doStop() {} };
const udp: DatagramTransport = reactor.listenMulticast(0, handler, { listenMultiple: true });
await udp.ready;
udp.setBroadcastAllowed(true);
udp.setTTL(7);
udp.setLoopbackMode(false);
await udp.setOutgoingInterface("127.0.0.1");
await udp.joinGroup("239.1.2.3", "127.0.0.1");
await udp.leaveGroup("239.1.2.3", "127.0.0.1");
await udp.stopListening();
Deno.exit();
