/** Echo on Deno's own sockets, the naive way: `echo_bare.ts PORT`. */
async function echo(conn: Deno.TcpConn): Promise<void> {
  conn.setNoDelay(true);
  const buffer = new Uint8Array(65_536);
  try {
    for (let count; (count = await conn.read(buffer)) !== null;) {
      for (let at = 0; at < count;) at += await conn.write(buffer.subarray(at, count));
    }
  } catch { /* the peer has gone */ }
  conn.close();
}

for await (const conn of Deno.listen({ port: Number(Deno.args[0]), hostname: "127.0.0.1" })) void echo(conn);
