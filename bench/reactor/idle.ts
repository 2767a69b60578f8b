/** Makes idle connections, 5,000 from each source address: `idle.ts PORT CONNECTIONS`. Prints a line when all stand. */
import net from "node:net";

const EACH = 5000;
const AT_ONCE = 100;
const [port, connections] = Deno.args.map(Number) as [number, number];
const open: net.Socket[] = [];
let begun = 0;

function connect(): Promise<void> {
  const localAddress = `127.0.0.${2 + Math.floor(begun++ / EACH)}`;
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: "127.0.0.1", port, localAddress }, resolve);
    socket.on("error", reject);
    open.push(socket);
  });
}

async function some(): Promise<void> {
  while (begun < connections) await connect();
}

await Promise.all(Array.from({ length: AT_ONCE }, some));
console.log("all", open.length);
