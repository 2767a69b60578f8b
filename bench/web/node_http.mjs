/** The same by `node:http`: `node_http.mjs`; it prints its port. */
import { createServer } from "node:http";

const headers = { "content-type": "text/plain" };
const server = createServer((request, response) => {
  const url = new URL(request.url, "http://localhost");
  if (request.method === "POST") {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
      const args = new URLSearchParams(Buffer.concat(parts).toString());
      response.writeHead(200, headers).end(`${args.get("name")}\n`);
    });
  } else if (url.pathname === "/") response.writeHead(200, headers).end("hello, world\n");
  else response.writeHead(404, headers).end("not found\n");
});
server.listen(0, "127.0.0.1", () => console.log("port", server.address().port));
