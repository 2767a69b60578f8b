/** What a command printed and how it ended. */
export interface Outcome {
  readonly ok: boolean;
  /** Standard output, then standard error, without colours. */
  readonly text: string;
  readonly stdout: string;
  readonly seconds: number;
}

/** Options of {@linkcode run}. */
export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Shows the output while it comes, too. @default {false} */
  readonly show?: boolean;
  /** Ends the command after this long; it has failed then. @default {Infinity} */
  readonly timeoutSeconds?: number;
}

/** Reads a stream into `parts` until it ends, and shows it on the way. */
async function collect(
  stream: ReadableStream<Uint8Array>,
  parts: string[],
  to: { writeSync(data: Uint8Array): number } | undefined,
): Promise<void> {
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    to?.writeSync(chunk);
    parts.push(decoder.decode(chunk, { stream: true }));
  }
}

/** How long a command that was told to end may take to do so. */
const GRACE_SECONDS = 5;

/** Waits for a promise, or at most so long: then the answer is `undefined`. */
async function within<T>(seconds: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, seconds * 1000, undefined);
  });
  const result = await Promise.race([promise, late]);
  clearTimeout(timer);
  return result;
}

/**
 * Runs a command to its end and keeps what it printed. A command that cannot be started counts as failed.
 *
 * @param command The program and its arguments.
 * @param options Where and how.
 * @returns How it went.
 */
export async function run(command: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const started = performance.now();
  const [program, ...args] = command;
  const out: string[] = [], err: string[] = [];
  function outcome(ok: boolean): Outcome {
    const stdout = out.join("");
    return { ok, text: stdout + err.join(""), stdout, seconds: (performance.now() - started) / 1000 };
  }
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program!, {
      args,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { NO_COLOR: "1", ...options.env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (error) {
    err.push(`Cannot run ${command.join(" ")}: ${(error as Error).message}\n`);
    return outcome(false);
  }
  const ended = Promise.all([
    child.status,
    collect(child.stdout, out, options.show === true ? Deno.stdout : undefined),
    collect(child.stderr, err, options.show === true ? Deno.stderr : undefined),
  ]);
  const { timeoutSeconds = Infinity } = options;
  if (timeoutSeconds === Infinity) return outcome((await ended)[0].success);
  const result = await within(timeoutSeconds, ended);
  if (result !== undefined) return outcome(result[0].success);
  child.kill("SIGTERM");
  // What the command started may outlive it and keep its pipes open: that is not waited for long.
  await within(GRACE_SECONDS, ended);
  err.push(`${command.join(" ")} was ended after ${timeoutSeconds.toFixed(0)} s\n`);
  if (options.show === true) console.error(err.at(-1));
  return outcome(false);
}
