/**
 * One definition, many doors: a table of methods, served at once by JSON-RPC (lines, WebSocket and HTTP), XML-RPC, AMP
 * and Perspective Broker, from one process.
 *
 *     deno run --allow-net examples/protocols/speaker.ts
 *     printf '{"jsonrpc":"2.0","id":1,"method":"speak","params":["hello"]}\n' | nc -q1 127.0.0.1 8101
 */
import { Factory, MethodTable } from "@ropewalk/protocols";
import { AMP, Integer, tableLocator, Unicode } from "@ropewalk/protocols/amp";
import { JSONRPCLines, JSONRPCWebSocketServer } from "@ropewalk/protocols/jsonrpc";
import type { ListeningPort, ProtocolFactory, ReactorTCP } from "@ropewalk/reactor/core";
import { PBServerFactory, Root } from "@ropewalk/spread";
import { Resource, Site } from "@ropewalk/web";
import { JSONRPC } from "@ropewalk/web/jsonrpc";
import { XMLRPC } from "@ropewalk/web/xmlrpc";

/** What can be asked, defined once. */
export function speakerMethods(): MethodTable {
  let spoken = 0;
  return new MethodTable()
    .add("speak", (text: string) => {
      spoken++;
      return text.toUpperCase() + "!";
    }, { types: { arguments: { text: new Unicode() }, result: new Unicode() } })
    .add("spoken", () => spoken, { types: { arguments: {}, result: new Integer() } });
}

/** Each door to a table of methods: its name and what makes its connections. */
export function doors(methods: MethodTable): Record<string, ProtocolFactory> {
  const web = new Resource();
  web.putChild("jsonrpc", new JSONRPC({ methods }));
  web.putChild("RPC2", methods.exposeOn(new XMLRPC(), "xmlrpc_"));
  return {
    "JSON-RPC over lines": Factory.forProtocol(JSONRPCLines, { methods }),
    "JSON-RPC over WebSocket": Factory.forProtocol(JSONRPCWebSocketServer, { methods }),
    "AMP": Factory.forProtocol(AMP, { locator: tableLocator(methods) }),
    "PB": new PBServerFactory(methods.exposeOn(new Root(), "remote_")),
    "JSON-RPC and XML-RPC over HTTP": new Site(web),
  };
}

/** Opens all doors, on ports from `firstPort` on; 0 lets the system choose each of them. */
export function serve(reactor: Pick<ReactorTCP, "listenTCP">, firstPort: number): Map<string, ListeningPort> {
  const ports = new Map<string, ListeningPort>();
  let port = firstPort;
  for (const [name, factory] of Object.entries(doors(speakerMethods()))) {
    ports.set(name, reactor.listenTCP(port, factory, { hostname: "127.0.0.1" }));
    if (port !== 0) port++;
  }
  return ports;
}

if (import.meta.main) {
  const { reactor } = await import("@ropewalk/reactor");
  for (const [name, port] of serve(reactor, 8101)) console.log(`${name}: ${port.getHost()}`);
  await reactor.run();
}
