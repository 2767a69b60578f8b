/**
 * What every program of the tutorial does around its own part: it reads options, tells errors in words, and ends on
 * Ctrl-C. It is no part of what there is to learn.
 */
import { type Deferred, maybeDeferred } from "@ropewalk/deferred";
import { CannotListenError, type ListeningPort, reactor } from "@ropewalk/reactor";
import { readCommandLine } from "../keyvalue/command_line.ts";

type Options = Record<string, string | number>;

/** Reads the options; a number is the exit code of a program that has nothing more to do. */
function read<T extends Options>(help: string, defaults: T): T | number {
  const text = `${help}\n  --help             this text`;
  try {
    const options = readCommandLine(Deno.args, defaults);
    if (options !== "help") return options;
    console.log(text);
    return 0;
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${text}`);
    return 2;
  }
}

/**
 * Listens until Ctrl-C.
 *
 * @returns The exit code.
 */
export async function serve<T extends Options>(
  help: string,
  defaults: T,
  start: (options: T) => ListeningPort,
): Promise<number> {
  const options = read(help, defaults);
  if (typeof options === "number") return options;
  try {
    const port = start(options);
    await port.ready;
    console.log(`Listening on ${port.getHost()}. Ctrl-C stops.`);
  } catch (error) {
    if (!(error instanceof CannotListenError)) throw error;
    console.error(`${error.message}. Choose another port with --port.`);
    return 1;
  }
  await reactor.run();
  return 0;
}

/**
 * Works until it is done, or until Ctrl-C.
 *
 * @returns The exit code: 1 if the work failed, which is told in a line.
 */
export async function work<T extends Options>(
  help: string,
  defaults: T,
  start: (options: T) => Deferred<unknown>,
): Promise<number> {
  const options = read(help, defaults);
  if (typeof options === "number") return options;
  let code = 0;
  let stopping = false;
  reactor.addSystemEventTrigger("before", "shutdown", () => void (stopping = true));
  reactor.callWhenRunning(() => {
    maybeDeferred(start, options).addErrback((failure) => {
      if (stopping) return;
      console.error(`${failure.type}: ${failure.getErrorMessage()}`);
      code = 1;
    }).addBoth(() => {
      if (!stopping) reactor.stop();
    });
  });
  await reactor.run();
  return code;
}
