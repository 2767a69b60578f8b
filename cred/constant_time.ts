/**
 * Comparing secrets in a time that tells nothing about where they differ.
 * @module
 */
const encoder = new TextEncoder();

/**
 * Whether two secrets are the same. The time depends on the length of `given` alone.
 *
 * @param given What the other side gave.
 * @param expected The secret.
 */
export function sameSecret(given: string | Uint8Array, expected: string | Uint8Array): boolean {
  const a = typeof given === "string" ? encoder.encode(given) : given;
  const b = typeof expected === "string" ? encoder.encode(expected) : expected;
  let difference = a.length ^ b.length;
  // An empty secret is compared with zeros.
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ (b.length === 0 ? 0 : b[i % b.length]!);
  return difference === 0;
}
