// Echo of lines with npm:split2 on node:net: `node lines_split2.cjs PORT`.
const net = require("node:net");
const split = require("split2");

const server = net.createServer({ noDelay: true }, (socket) => {
  socket.pipe(split("\r\n")).on("data", (line) => socket.write(`${line}\r\n`));
  socket.on("error", () => {});
});
server.listen(Number(process.argv[2]), "127.0.0.1");
