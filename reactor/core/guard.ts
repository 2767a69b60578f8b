/**
 * Calls of what belongs to a program: whether it throws at once, or is `async` and fails later, somebody is told.
 * @module
 */

/** Calls `f`. What it throws, or what its promise fails with later, goes to `failed`. */
export function guard(f: () => unknown, failed: (error: unknown) => void): void {
  try {
    onRejection(f(), failed);
  } catch (error) {
    failed(error);
  }
}

/** What an `async` function fails with, which returned this, goes to `failed`. Nobody waits for it. */
export function onRejection(returned: unknown, failed: (error: unknown) => void): void {
  if (returned instanceof Promise) returned.then(undefined, failed);
}
