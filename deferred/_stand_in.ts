/**
 * Copies of errors that hold on to nothing.
 *
 * V8 keeps the frames of an error's stack with the `this` of each method. If the error was thrown in a callback, one of
 * them is `callback` of the very Deferred it was left in: whoever keeps the error keeps the Deferred from being
 * collected. (Node lets go of the frames once `stack` was read; Deno 2.9 never does.)
 * @module
 */
import { Failure } from "./failure.ts";

const MAX_DEPTH = 8;

/**
 * An object of the same class with the same own properties, `stack` among them as text; so are its `cause` and other
 * errors in it. What is no error and no Failure is returned as it is.
 */
export function standInFor(value: unknown, depth = 0): unknown {
  if (depth > MAX_DEPTH || typeof value !== "object" || value === null) return value;
  if (Failure.is(value)) {
    const inner = standInFor(value.value, depth + 1);
    return value instanceof Failure ? value.withValue(inner) : new Failure(inner); // another copy may be an older one
  }
  if (Array.isArray(value)) return value.map((item) => standInFor(item, depth + 1));
  return value instanceof Error ? copyOf(value, depth) : value;
}

function copyOf(error: Error, depth: number): unknown {
  const copy: object = Object.create(Object.getPrototypeOf(error));
  for (const key of Reflect.ownKeys(error)) {
    const { enumerable = false } = Object.getOwnPropertyDescriptor(error, key) ?? {};
    let value: unknown;
    try {
      value = standInFor((error as unknown as Record<PropertyKey, unknown>)[key], depth + 1);
    } catch {
      continue; // a getter of the user's
    }
    Object.defineProperty(copy, key, { value, enumerable, writable: true, configurable: true });
  }
  return copy;
}
