// Echo on node:net: `node echo_node.mjs PORT`.
import net from "node:net";

const server = net.createServer({ noDelay: true }, (socket) => {
  socket.on("data", (data) => socket.write(data));
  socket.on("error", () => {});
});
server.listen(Number(process.argv[2]), "127.0.0.1");
