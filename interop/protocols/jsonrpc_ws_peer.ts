/**
 * JSON-RPC over a WebSocket by programs nobody here wrote (npm:json-rpc-2.0 over npm:ws): `server` serves some methods,
 * `client PORT` calls those of the test and says what it got. Both may be called, too.
 */
import process from "node:process";
import {
  JSONRPCClient,
  JSONRPCErrorException,
  JSONRPCServer,
  JSONRPCServerAndClient,
} from "npm:json-rpc-2.0@^1.7.1";
import WebSocket, { WebSocketServer } from "npm:ws@^8.18.0";

function peer(socket: WebSocket): JSONRPCServerAndClient {
  const server = new JSONRPCServer({ errorListener: () => {} });
  const client = new JSONRPCClient((request) => socket.send(JSON.stringify(request)));
  const both = new JSONRPCServerAndClient(server, client, { errorListener: () => {} });
  both.addMethod("add", ([a, b]: number[]) => a! + b!);
  both.addMethod("upper", ({ text }: { text: string }) => text.toUpperCase());
  both.addMethod("fail", () => {
    throw new JSONRPCErrorException("not today", 501, { why: "rain" });
  });
  both.addMethod("ask back", async () => await both.request("add", [20, 22]));
  socket.on("message", (data: { toString(): string }) => both.receiveAndSend(JSON.parse(data.toString())));
  return both;
}

if (Deno.args[0] === "server") {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  server.on("listening", () => console.log("port", (server.address() as { port: number }).port));
  server.on("connection", (socket: WebSocket) => void peer(socket));
} else {
  const socket = new WebSocket(`ws://127.0.0.1:${Deno.args[1]}/`);
  socket.on("open", async () => {
    const both = peer(socket);
    console.log("add", await both.request("add", [2, 3]));
    console.log("upper", await both.request("upper", { text: "żółw" }));
    for (const method of ["fail", "missing"]) {
      try {
        await both.request(method, []);
      } catch (error) {
        console.log(method, (error as JSONRPCErrorException).code, (error as Error).message);
      }
    }
    both.notify("note", ["seen"]);
    console.log("notes", await both.request("notes", []));
    console.log("back", await both.request("ask back", []));
    const batch = await both.client.requestAdvanced([
      { jsonrpc: "2.0", id: 1001, method: "add", params: [1, 1] },
      { jsonrpc: "2.0", id: 1002, method: "upper", params: { text: "b" } },
    ]);
    console.log("batch", batch.map(({ result }) => result).join(" "));
    socket.on("close", (code: number) => {
      console.log("closed", code);
      process.exit(0);
    });
    socket.close(1000);
  });
}
