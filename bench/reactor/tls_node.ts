/** Echo on Deno's `node:tls`: `tls_node.ts PORT`. */
import { createServer } from "node:tls";
import { SERVER } from "../../reactor/_contract/certificates.ts";

const server = createServer({ ...SERVER, noDelay: true }, (socket) => {
  socket.on("data", (data) => socket.write(data));
  socket.on("error", () => {});
});
server.listen(Number(Deno.args[0]), "127.0.0.1");
