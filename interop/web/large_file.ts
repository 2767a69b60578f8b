/**
 * A file of 4 GiB through `File`: how much the server's process grows while curl takes all of it, takes it slowly, and
 * takes a range near its end.
 *
 *     deno run -A --lock=peers.lock interop/web/large_file.ts [MiB] [seconds of the slow reader]
 *
 * Prints a table; ends with an error if something is wrong.
 * @module
 */
import { assertEquals } from "@std/assert";
import { Running, runToEnd } from "../_process.ts";

/** What came of it. */
export interface LargeFileReport {
  /** The idle process, in bytes. */
  readonly idle: number;
  /** The most it had while all of the file was taken. */
  readonly whole: number;
  /** The most it had with four readers that are slow. */
  readonly slow: number;
  /** How many bytes came. */
  readonly bytes: number;
}

/** What the system says of a process; by `cat`, as Deno keeps `/proc` to programs that may do everything. */
async function residentBytes(pid: number): Promise<number> {
  const { output } = await runToEnd("cat", [`/proc/${pid}/status`]);
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(output)![1]) * 1024;
}

/** The most that a process has until something is done. */
async function peakWhile(pid: number, work: Promise<unknown>): Promise<number> {
  let over = false;
  const done = work.finally(() => over = true);
  let peak = 0;
  while (!over) {
    peak = Math.max(peak, await residentBytes(pid));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await done;
  return Math.max(peak, await residentBytes(pid));
}

async function curl(args: string[], timeoutSeconds = 120): Promise<string> {
  const { code, output, errors } = await runToEnd("curl", ["-sS", ...args], { timeoutSeconds });
  assertEquals([code, errors], [0, ""]);
  return output;
}

/** Serves a sparse file of so many bytes with an end that is known, and takes it in three ways. */
export async function largeFile(bytes: number, slowSeconds: number): Promise<LargeFileReport> {
  const folder = await Deno.makeTempDir();
  try {
    const end = new TextEncoder().encode("the end of it");
    using file = await Deno.open(`${folder}/large.bin`, { write: true, create: true });
    await file.truncate(bytes - end.length);
    await file.seek(bytes - end.length, Deno.SeekMode.Start);
    await file.write(end);
    await Deno.writeTextFile(`${folder}/small.txt`, "small\n");

    const program = new URL("./load_server.ts", import.meta.url).pathname;
    const flags = ["run", "-A", "--lock=peers.lock", "--v8-flags=--expose-gc", "--no-check", program, folder];
    await using server = new Running(Deno.execPath(), flags);
    const base = `http://127.0.0.1:${(await server.line(/^port (\d+)/))[1]}`;
    // Idle is: it has answered before, and has collected.
    assertEquals(await curl([`${base}/files/small.txt`]), "small\n");
    await curl([`${base}/report`]);
    const idle = await residentBytes(server.pid);

    const url = `${base}/files/large.bin`;
    const counted = ["-o", "/dev/null", "-w", "%{http_code} %{size_download}"];
    let said = "";
    const whole = await peakWhile(server.pid, curl([...counted, url]).then((text) => said = text));
    assertEquals(said, `200 ${bytes}`);
    assertEquals(await curl(["-r", `${bytes - end.length}-`, url]), "the end of it");
    assertEquals(await curl(["-r", "-6", url]), " of it");
    assertEquals(
      await curl([...counted, "-r", `${bytes - (1 << 20)}-`, url]),
      `206 ${1 << 20}`,
    );

    // Slow readers: what they do not take must not be read from the disk into memory.
    const slowly = ["--limit-rate", "1M", "--max-time", String(slowSeconds), "-o", "/dev/null", url];
    const readers = Array.from({ length: 4 }, () => runToEnd("curl", ["-sS", ...slowly]));
    const slow = await peakWhile(server.pid, Promise.all(readers));
    for (const { code } of await Promise.all(readers)) {
      assertEquals(code, 28, "it took too long, as was meant");
    }
    assertEquals(await curl([`${base}/files/small.txt`]), "small\n");
    return { idle, whole, slow, bytes };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) {
  const [size = "4096", seconds = "10"] = Deno.args;
  const { idle, whole, slow, bytes } = await largeFile(Number(size) * 2 ** 20, Number(seconds));
  const mebibytes = (count: number) => (count / 2 ** 20).toFixed(1);
  console.log(`file ${mebibytes(bytes)} MiB; process idle ${mebibytes(idle)} MiB`);
  console.log(`all of it by curl: ${mebibytes(whole)} MiB, ${mebibytes(whole - idle)} more`);
  console.log(`four slow readers: ${mebibytes(slow)} MiB, ${mebibytes(slow - idle)} more`);
  if (Math.max(whole, slow) - idle >= 64 * 2 ** 20) {
    throw new Error("The process has grown by 64 MiB or more");
  }
}
