/**
 * Starts the programs of the interop tests, reads what they say, and ends them by their own process id.
 */
import { TextLineStream } from "./_lines.ts";

/** A program that is running. */
export class Running implements AsyncDisposable {
  /** Every line it has written so far, standard output and error together. */
  readonly lines: string[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #readers: Promise<void>[];
  #waiters: (() => void)[] = [];

  constructor(command: string, args: string[], options: { cwd?: string; env?: Record<string, string> } = {}) {
    this.#child = new Deno.Command(command, {
      args,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      ...options,
    }).spawn();
    this.#readers = [this.#read(this.#child.stdout), this.#read(this.#child.stderr)];
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Waits until the program has written a line that matches, and returns the match. */
  async line(pattern: RegExp, timeoutSeconds = 20): Promise<RegExpExecArray> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#wake();
    }, timeoutSeconds * 1000);
    let ended = false;
    this.#child.status.then(() => Promise.all(this.#readers)).then(() => {
      ended = true;
      this.#wake();
    });
    try {
      for (;;) {
        for (const line of this.lines) {
          const match = pattern.exec(line);
          if (match) return match;
        }
        if (late || ended) {
          throw new Error(
            `${ended ? "It ended" : "Too late"} without a line like ${pattern}:\n${this.lines.join("\n")}`,
          );
        }
        await new Promise<void>((resolve) => this.#waiters.push(resolve));
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends a signal and waits for the end. */
  async stop(signal: Deno.Signal = "SIGTERM"): Promise<Deno.CommandStatus> {
    try {
      this.#child.kill(signal);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it has ended already
    }
    return await this.status();
  }

  /** Waits for the end. */
  async status(): Promise<Deno.CommandStatus> {
    const status = await this.#child.status;
    await Promise.all(this.#readers);
    return status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGKILL");
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    for await (const line of stream.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())) {
      this.lines.push(line);
      this.#wake();
    }
  }
}

/** Runs a program to its end, and returns its exit code and all it wrote. */
export async function runToEnd(
  command: string,
  args: string[],
  options: { stdin?: string; cwd?: string; env?: Record<string, string>; timeoutSeconds?: number } = {},
): Promise<{ code: number; output: string; errors: string }> {
  const { stdin, timeoutSeconds = 30, ...rest } = options;
  const child = new Deno.Command(command, {
    args,
    stdin: stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
    ...rest,
  }).spawn();
  const timer = setTimeout(() => child.kill("SIGKILL"), timeoutSeconds * 1000);
  if (stdin !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(stdin));
    await writer.close();
  }
  const { code, stdout, stderr } = await child.output();
  clearTimeout(timer);
  return { code, output: new TextDecoder().decode(stdout), errors: new TextDecoder().decode(stderr) };
}

/** The Python that Debian's `python3-twisted` belongs to. */
export const PYTHON = "/usr/bin/python3";
