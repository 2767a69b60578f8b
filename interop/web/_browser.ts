/**
 * Chromium, without a window.
 * @module
 */
import { assertEquals } from "@std/assert";
import { runToEnd } from "../_process.ts";

/** The page as the browser has it when its scripts have run for a while; each visit is by a browser of its own. */
export async function visit(url: string, width: number): Promise<string> {
  const profile = await Deno.makeTempDir();
  try {
    const { code, output } = await runToEnd("chromium", [
      ..."--headless --no-sandbox --disable-gpu --virtual-time-budget=3000 --dump-dom".split(" "),
      `--user-data-dir=${profile}`,
      `--window-size=${width},844`,
      url,
    ], { timeoutSeconds: 40 });
    assertEquals(code, 0);
    return output;
  } finally {
    await Deno.remove(profile, { recursive: true });
  }
}
