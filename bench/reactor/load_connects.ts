/**
 * Many connections at once, each with one message, its echo and the end: `load_connects.ts PORT CONNECTIONS TIMES BYTES`.
 *
 * One that is refused, or lost before its echo, ends the program with an error. Prints how many connections were served.
 */
const [port, connections, times, bytes] = Deno.args.map(Number) as [number, number, number, number];
const message = new Uint8Array(bytes).fill(97);

async function visit(): Promise<void> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  await conn.write(message);
  const buffer = new Uint8Array(bytes);
  for (let got = 0; got < bytes;) {
    const count = await conn.read(buffer);
    if (count === null) throw new Error("The server has closed the connection");
    got += count;
  }
  conn.close();
}

for (let round = 0; round < times; round++) await Promise.all(Array.from({ length: connections }, visit));
console.log(JSON.stringify(connections * times));
