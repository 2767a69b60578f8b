/** As `load.ts`, under TLS: `load_tls.ts PORT CONNECTIONS SECONDS BYTES`. Prints how many messages were answered. */
import { AUTHORITY } from "../../reactor/_contract/certificates.ts";

const [port, connections, seconds, bytes] = Deno.args.map(Number) as [number, number, number, number];
const message = new Uint8Array(bytes).fill(97);
const end = performance.now() + seconds * 1000;
let answered = 0;

async function converse(): Promise<void> {
  const conn = await Deno.connectTls({ hostname: "localhost", port, caCerts: [AUTHORITY] });
  const buffer = new Uint8Array(65_536);
  while (performance.now() < end) {
    for (let at = 0; at < bytes;) at += await conn.write(message.subarray(at));
    for (let got = 0; got < bytes;) {
      const count = await conn.read(buffer);
      if (count === null) throw new Error("The server has closed the connection");
      got += count;
    }
    answered++;
  }
  conn.close();
}

await Promise.all(Array.from({ length: connections }, converse));
console.log(JSON.stringify(answered));
