/** Echoes WebSocket messages by our server. */
import { Factory } from "@ropewalk/protocols";
import { WebSocketServerProtocol } from "@ropewalk/protocols/websocket";
import { reactor } from "@ropewalk/reactor";

class Echo extends WebSocketServerProtocol {
  override messageReceived(message: string | Uint8Array) {
    this.sendMessage(message);
  }
}

const port = reactor.listenTCP(0, Factory.forProtocol(Echo), { hostname: "127.0.0.1" });
console.log("port", (port.getHost() as { port: number }).port);
