/**
 * Ports for programs that have to be told one before they start.
 */
import type { Running } from "./_process.ts";

/** The system gives ports from 32768 on to whoever connects, or asks for any: these are below. */
const [LOWEST, HIGHEST] = [20_000, 32_000];

/**
 * A port that is free now, and that the system gives to nobody else meanwhile. One from the system's own range would be
 * free, too, but anybody's next connection may have it; even that which looks whether the program is there yet, since a
 * connection from a port to itself succeeds.
 */
export function quietPort(): number {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    try {
      Deno.listen({ port, hostname: "127.0.0.1" }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}

/**
 * Waits until a program listens.
 *
 * @throws {Error} With what the program said, if it ends before, or is too late.
 */
export async function untilListening(program: Running, port: number, timeoutSeconds = 20): Promise<void> {
  let ended = false;
  program.status().then(() => void (ended = true));
  const end = Date.now() + timeoutSeconds * 1000;
  for (;;) {
    try {
      (await Deno.connect({ port, hostname: "127.0.0.1" })).close();
      return;
    } catch (cause) {
      if (!ended && Date.now() < end) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        continue;
      }
      const why = ended ? "the program has ended" : "too late";
      throw new Error(`Nobody listens on ${port}: ${why}\n${program.lines.join("\n")}`, { cause });
    }
  }
}
