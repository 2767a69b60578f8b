import { AMP, Integer, methodCommand, Unicode } from "@ropewalk/protocols/amp";
import { JSONRPCWebSocketClient } from "@ropewalk/protocols/jsonrpc";
import { reactor } from "@ropewalk/reactor";
import { PBClientFactory } from "@ropewalk/spread";
import { assertEquals } from "@std/assert";
import { serve } from "../../examples/protocols/speaker.ts";
import { PYTHON, runToEnd } from "../_process.ts";
import { connect, until, untilClosed } from "./_net.ts";

interface Speaker {
  [name: string]: (...args: never[]) => unknown;
  speak(text: string): string;
  spoken(): number;
}

Deno.test("one table is served through JSON-RPC, XML-RPC, AMP and PB at once", async () => {
  const ports = serve(reactor, 0);
  const port = (name: string) => (ports.get(name)!.getHost() as { port: number }).port;
  try {
    const amp = new AMP();
    const ampLost = (await connect(amp, port("AMP"))).lost;
    const speak = methodCommand("speak", { arguments: { text: new Unicode() }, result: new Unicode() });
    assertEquals(await amp.callRemote(speak, { text: "amp" }), { result: "AMP!" });

    const socket = new JSONRPCWebSocketClient<Speaker>("ws://127.0.0.1/");
    const socketLost = (await connect(socket, port("JSON-RPC over WebSocket"))).lost;
    await until(() => socket.state === "open");
    assertEquals(await socket.peer.call("speak", "socket"), "SOCKET!");

    const pb = new PBClientFactory();
    reactor.connectTCP("127.0.0.1", port("PB"), pb);
    const root = await pb.getRootObject();
    assertEquals(await root.callRemote("speak", "pb"), "PB!");

    const http = port("JSON-RPC and XML-RPC over HTTP");
    const script = [
      "import json, urllib.request, xmlrpc.client",
      `print(xmlrpc.client.ServerProxy("http://127.0.0.1:${http}/RPC2").speak("xml"))`,
      'body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "speak", "params": ["json"]}).encode()',
      'headers = {"Content-Type": "application/json"}',
      `request = urllib.request.Request("http://127.0.0.1:${http}/jsonrpc", body, headers)`,
      'print(json.load(urllib.request.urlopen(request))["result"])',
    ].join("\n");
    const python = await runToEnd(PYTHON, ["-c", script]);
    assertEquals([python.errors, python.output], ["", "XML!\nJSON!\n"]);

    const program = new URL("speaker_peer.py", import.meta.url).pathname;
    const twisted = await runToEnd(PYTHON, [program, `${port("AMP")}`, `${port("PB")}`, `${http}`]);
    assertEquals([twisted.errors, twisted.output], ["", "TWISTED AMP!\nTWISTED PB!\nPYTHON XML!\n"]);

    const spoken = methodCommand("spoken", { arguments: {}, result: new Integer() });
    assertEquals(await amp.callRemote(spoken), { result: 8 }); // they all spoke to the same one
    amp.transport.loseConnection();
    socket.close();
    pb.disconnect();
    await ampLost;
    await socketLost;
  } finally {
    for (const listening of ports.values()) await listening.stopListening();
    await untilClosed();
  }
});
