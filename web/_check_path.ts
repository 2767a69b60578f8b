/**
 * Paths that have to be `FilePath`s.
 * @module
 */

/**
 * Refuses what is no `FilePath`: at once, and with what to write in its place.
 *
 * @param path What was given.
 * @param action What cannot be done with it: `"serve"`.
 */
export function checkPath(path: unknown, action: string): void {
  if (typeof (path as { open?: unknown } | null | undefined)?.open === "function") return;
  const given = typeof path === "string" ? JSON.stringify(path) : String(path);
  throw new TypeError(
    `Cannot ${action} ${given}: give a FilePath, new FilePath(path) of @ropewalk/reactor/filepath`,
  );
}
