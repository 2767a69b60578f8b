/**
 * Load for a server that answers each message with as many bytes: `load.ts PORT CONNECTIONS SECONDS BYTES LINE`.
 *
 * Each connection has one message under way. A message is `BYTES` long, in lines of `LINE` bytes unless that is 0.
 * Prints the number of messages that were answered.
 */
const [port, connections, seconds, bytes, line] = Deno.args.map(Number) as [
  number,
  number,
  number,
  number,
  number,
];
const message = new Uint8Array(bytes).fill(97);
for (let end = line; line > 0 && end <= bytes; end += line) message.set([13, 10], end - 2);

const end = performance.now() + seconds * 1000;
let answered = 0;

async function converse(): Promise<void> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  conn.setNoDelay(true);
  const buffer = new Uint8Array(65_536);
  while (performance.now() < end) {
    // Reading must not wait for the end of a long message: the server may want to be read from before it reads on.
    const sent = send(conn);
    for (let got = 0; got < bytes;) {
      const count = await conn.read(buffer);
      if (count === null) throw new Error("The server has closed the connection");
      got += count;
    }
    await sent;
    answered++;
  }
  conn.close();
}

async function send(conn: Deno.TcpConn): Promise<void> {
  for (let at = 0; at < bytes;) at += await conn.write(at === 0 ? message : message.subarray(at));
}

await Promise.all(Array.from({ length: connections }, converse));
console.log(JSON.stringify(answered));
