/** Counts the system calls that small writes take, by watching the process with strace. */
import { assertEquals } from "@std/assert";
import { Running } from "../_process.ts";

const SERVER = new URL("one_call_server.ts", import.meta.url).pathname;
/** A call that sends any of the server's writes; then one that begins with the first, and how much it sends. */
const OURS = /\b(?:write|sendto|sendmsg|writev)\(.*"(?:made|data) \d\d\\n/;
const ALL = /"(made|data) 00\\n.*(?:", |iov_len=)(\d+)/;

for (const kind of ["deno", "node"]) {
  Deno.test(`twenty small writes in a turn leave in one system call: the reactor on ${kind}`, async () => {
    await using server = new Running("strace", [
      ..."-f --seccomp-bpf -s 400 -e trace=write,sendto,sendmsg,writev -e signal=none".split(" "),
      Deno.execPath(),
      ..."run -q --no-prompt --allow-net=127.0.0.1 --allow-env --allow-read --allow-sys".split(" "),
      SERVER,
      kind,
    ]);
    const port = Number((await server.line(/^port (\d+)/, 60))[1]);
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    const buffer = new Uint8Array(4096);
    let received = "";
    let asked = false;
    for (let count; (count = await conn.read(buffer)) !== null;) {
      received += new TextDecoder().decode(buffer.subarray(0, count));
      if (asked || !received.endsWith("made 19\n")) continue;
      asked = true;
      await conn.write(new TextEncoder().encode("?"));
    }
    conn.close();
    const lines = (word: string) =>
      Array.from({ length: 20 }, (_, i) => `${word} ${String(i).padStart(2, "0")}\n`).join("");
    assertEquals(received, lines("made") + lines("data"));

    await server.status();
    const sent = server.lines.filter((line) => OURS.test(line)).map((line) =>
      ALL.exec(line)?.slice(1) ?? line
    );
    assertEquals(sent, [["made", "160"], ["data", "160"]]);
  });
}
