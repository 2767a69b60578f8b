/**
 * An independent WebSocket implementation: `server` (npm:ws) echoes, `driver` (npm:websocket-driver) echoes,
 * `client PORT` (npm:ws) sends messages to an echo and says whether they came back.
 */
import { Buffer } from "node:buffer";
import { createServer, type Socket } from "node:net";
import process from "node:process";
import WebSocket, { WebSocketServer } from "npm:ws@^8.18.0";
// @deno-types="./websocket_driver.d.ts"
import driver from "npm:websocket-driver@^0.7.4";

const [mode, port] = Deno.args;
const deflate = Deno.args.includes("deflate");

if (mode === "server") {
  const server = new WebSocketServer({
    port: 0,
    host: "127.0.0.1",
    perMessageDeflate: deflate ? { threshold: 100 } : false,
    handleProtocols: (offered: Set<string>) => offered.has("chat") ? "chat" : false,
  });
  server.on("listening", () => console.log("port", (server.address() as { port: number }).port));
  server.on("connection", (socket: WebSocket) => {
    socket.on("message", (data: Buffer, isBinary: boolean) => socket.send(data, { binary: isBinary }));
    socket.on("close", (code: number, reason: Buffer) => console.log("closed", code, reason.toString()));
  });
} else if (mode === "driver") {
  const server = createServer((socket: Socket) => {
    const ws = driver.server();
    ws.on("connect", () => ws.start());
    ws.messages.on("data", (message) => typeof message === "string" ? ws.text(message) : ws.binary(message));
    ws.on("close", ({ code, reason }) => console.log("closed", code, reason));
    socket.pipe(ws.io).pipe(socket);
  });
  server.listen(0, "127.0.0.1", () => console.log("port", (server.address() as { port: number }).port));
} else {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/path?q=1`, ["other", "chat"], {
    perMessageDeflate: deflate ? { threshold: 100 } : false,
  });
  const messages = [
    "",
    "hello",
    "żółw ".repeat(5000),
    Buffer.from(Uint8Array.from({ length: 70_000 }, (_, i) => i)),
  ];
  const got: unknown[] = [];
  socket.on("open", () => {
    console.log("open", socket.protocol, socket.extensions.split(";")[0]);
    for (const message of messages) socket.send(message);
    socket.send("frag", { fin: false });
    socket.ping("inside");
    socket.send("ments", { fin: true });
  });
  socket.on("pong", (data: Buffer) => console.log("pong", data.toString()));
  socket.on("message", (data: Buffer, isBinary: boolean) => {
    got.push(isBinary ? data : data.toString());
    if (got.length < messages.length + 1) return;
    const same = [...messages, "fragments"].every((message, i) =>
      typeof message === "string" ? message === got[i] : Buffer.compare(message, got[i] as Buffer) === 0
    );
    console.log("same", same);
    socket.close(3333, "enough");
  });
  socket.on("close", (code: number, reason: Buffer) => {
    console.log("closed", code, reason.toString());
    process.exit(0);
  });
}
