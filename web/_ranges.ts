/**
 * The header `Range`: RFC 9110 §14.
 * @module
 */

/** A stretch of a file: the first byte, and just past the last. */
export type ByteRange = readonly [start: number, end: number];

/** More ranges than this, or ranges that overlap so much that the answer outgrows the file, are an attack: all is sent. */
const MAX_RANGES = 32;

/**
 * Reads a `Range`.
 *
 * @param header The header's value.
 * @param size The size of the file.
 * @returns The ranges that can be satisfied (none: 416), or `null` if the header is to be ignored.
 */
export function parseRanges(header: string, size: number): ByteRange[] | null {
  const match = /^bytes[ \t]*=(.*)$/i.exec(header.trim());
  if (match === null) return null;
  const specs = match[1]!.split(",").map((spec) => spec.trim()).filter((spec) => spec !== "");
  if (specs.length === 0 || specs.length > MAX_RANGES) return null;
  const ranges: ByteRange[] = [];
  let total = 0;
  for (const spec of specs) {
    const parts = /^(\d{0,15})-(\d{0,15})$/.exec(spec);
    if (parts === null || spec === "-") return null;
    const [, first, last] = parts as unknown as [string, string, string];
    if (first !== "" && last !== "" && Number(first) > Number(last)) return null;
    const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
    const end = first === "" || last === "" ? size : Math.min(size, Number(last) + 1);
    if (start >= end) continue; // past the end
    ranges.push([start, end]);
    total += end - start;
  }
  return ranges.length > 1 && total > size ? null : ranges;
}
