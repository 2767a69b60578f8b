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
}

async function collect(
  stream: ReadableStream<Uint8Array>,
  to: { writeSync(data: Uint8Array): number } | undefined,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) {
    to?.writeSync(chunk);
    text += decoder.decode(chunk, { stream: true });
  }
  return text;
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
  try {
    const child = new Deno.Command(program!, {
      args,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { NO_COLOR: "1", ...options.env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const [stdout, stderr, status] = await Promise.all([
      collect(child.stdout, options.show === true ? Deno.stdout : undefined),
      collect(child.stderr, options.show === true ? Deno.stderr : undefined),
      child.status,
    ]);
    return {
      ok: status.success,
      text: stdout + stderr,
      stdout,
      seconds: (performance.now() - started) / 1000,
    };
  } catch (error) {
    const text = `Cannot run ${command.join(" ")}: ${(error as Error).message}\n`;
    return { ok: false, text, stdout: "", seconds: (performance.now() - started) / 1000 };
  }
}
