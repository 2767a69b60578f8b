/** For plain Node: greets who connects to the sockets that it was handed, until it is ended. */
import { serverFromString } from "@ropewalk/reactor/core";
import { NodeReactor, registerHostEndpoints } from "@ropewalk/reactor/node";
import type { Transport } from "@ropewalk/reactor/core";

registerHostEndpoints();
const reactor = new NodeReactor();
for (const description of ["systemd:name=web", "fd:4"]) {
  const factory = {
    doStart() {},
    doStop() {},
    buildProtocol: () => ({
      makeConnection(transport: Transport) {
        transport.write(`${description} at ${transport.getHost()}`);
        transport.loseConnection();
      },
      dataReceived() {},
      connectionLost() {},
    }),
  };
  serverFromString(reactor, description).listen(factory).addBoth((port) => console.log(`${port}`));
}
