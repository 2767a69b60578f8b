/**
 * Does what a reader of the README does first: runs its command that starts the key/value store, uses the store
 * by hand, and ends it with Ctrl-C. The ports are those the README names, so nothing else may hold them.
 *
 * ```sh
 * deno task start:check
 * ```
 * @module
 */
import { readmeCommand } from "./ok.ts";

/** From a machine without Deno it has to be downloaded first. */
const START_SECONDS = 60;
/** Requests in progress may take five seconds. */
const STOP_SECONDS = 10;

function within<T>(seconds: number, what: string, promise: Promise<T>): Promise<T> {
  const late = AbortSignal.timeout(seconds * 1000);
  return Promise.race([
    promise,
    new Promise<never>((_resolve, reject) =>
      late.addEventListener("abort", () => reject(new Error(`${what} took over ${seconds} s`)))
    ),
  ]);
}

/** The program's output, which it keeps writing while it runs. */
class Screen {
  text = "";
  readonly ended: Promise<void>;
  #changed = Promise.withResolvers<void>();

  constructor(stream: ReadableStream<Uint8Array>) {
    this.ended = this.#read(stream);
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    for await (const part of stream.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string>)) {
      this.text += part;
      this.#turn();
    }
    this.#turn();
  }

  #turn(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** Waits until the output matches, or has ended. */
  async shows(pattern: RegExp): Promise<RegExpExecArray> {
    let over = false;
    const ended = this.ended.then(() => void (over = true));
    for (;;) {
      const match = pattern.exec(this.text);
      if (match !== null) return match;
      if (over) throw new Error(`${pattern} was never shown:\n${this.text}`);
      await Promise.race([this.#changed.promise, ended]);
    }
  }
}

/** Sends lines as `nc -N` does, all at once and then the end, and reads what comes back. */
async function talk(port: number, lines: string): Promise<string> {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  await conn.write(new TextEncoder().encode(lines));
  await conn.closeWrite();
  return await new Response(conn.readable).text();
}

function expect(what: string, actual: string, expected: string | RegExp): void {
  const fits = typeof expected === "string" ? actual === expected : expected.test(actual);
  if (!fits) throw new Error(`${what}: ${JSON.stringify(actual)} instead of ${expected}`);
  console.log(`ok  ${what}`);
}

async function use(screen: Screen): Promise<void> {
  const linePort = Number((await screen.shows(/lines\s+127\.0\.0\.1:(\d+)/))[1]);
  const web = (await screen.shows(/(http:\/\/127\.0\.0\.1:\d+\/)/))[1]!;
  const answer = await talk(linePort, "set color red\r\nget color\r\nget shape\r\n");
  expect("lines", answer, "STORED\r\nVALUE color red\r\nGET_NOT_FOUND shape\r\n");
  expect("web, what lines set", await (await fetch(`${web}get?key=color`)).text(), /red/);
  await (await fetch(`${web}set?key=shape&value=round`)).body?.cancel();
  expect("lines, what web set", await talk(linePort, "get shape\r\n"), "VALUE shape round\r\n");
  const status = await fetch(`${web}status.json`);
  expect("status", JSON.stringify(await status.json()), /color/);
}

/**
 * Starts the program, uses it, and ends it.
 *
 * @param command How to start it.
 * @param signal What ends it.
 * @param codes The exit codes that are right.
 */
async function startAndEnd(
  command: readonly string[],
  signal: Deno.Signal,
  codes: readonly number[],
): Promise<void> {
  const started = performance.now();
  // In a process group of its own: Ctrl-C reaches all of a terminal's group, npx and deno alike.
  const child = new Deno.Command(command[0]!, {
    args: command.slice(1),
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
    detached: true,
  }).spawn();
  const screen = new Screen(child.stdout);
  try {
    await within(START_SECONDS, "starting", screen.shows(/Ctrl-C stops/));
    console.log(`ok  ${command.join(" ")}: up after ${((performance.now() - started) / 1000).toFixed(1)} s`);
    await within(STOP_SECONDS, "using it", use(screen));
    Deno.kill(-child.pid, signal);
    const [{ code }] = await within(STOP_SECONDS, "ending", Promise.all([child.status, screen.ended]));
    expect(`${signal} ends it`, `exit code ${code}`, new RegExp(`^exit code (${codes.join("|")})$`));
  } catch (error) {
    throw new Error(`${(error as Error).message}\nThe program had printed:\n${screen.text}`);
  } finally {
    killGroup(child.pid);
  }
}

function killGroup(pid: number): void {
  try {
    Deno.kill(-pid, "SIGKILL");
  } catch {
    // All of them are gone, as they should be.
  }
}

async function main(): Promise<number> {
  const command = readmeCommand(await Deno.readTextFile("README.md"), "start");
  try {
    // npx dies of SIGINT itself, whatever the program says: 130 is its code.
    await startAndEnd(command, "SIGINT", [0, 130]);
    // Without it in between the code is the program's; and the ports are free again.
    await startAndEnd(["deno", ...command.slice(command.indexOf("task"))], "SIGTERM", [0]);
    return 0;
  } catch (error) {
    console.error(`FAILED  ${(error as Error).message}`);
    return 1;
  }
}

if (import.meta.main) Deno.exit(await main());
