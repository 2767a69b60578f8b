/**
 * IP addresses between text and bytes.
 * @module
 */

/**
 * The four bytes of `"192.0.2.1"`, or `null` if it is no such address in its one usual form.
 *
 * @param text Dotted text.
 */
export function ipv4Bytes(text: string): Uint8Array | null {
  const parts = text.split(".");
  if (parts.length !== 4) return null;
  const bytes = new Uint8Array(4);
  for (let i = 0; i < 4; i++) {
    if (!/^(0|[1-9][0-9]{0,2})$/.test(parts[i]!) || Number(parts[i]) > 255) return null;
    bytes[i] = Number(parts[i]);
  }
  return bytes;
}

/**
 * The sixteen bytes of `"2001:db8::1"`, or `null` if it is no such address.
 *
 * @param text Hexadecimal groups, without brackets and without a scope.
 */
export function ipv6Bytes(text: string): Uint8Array | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const [head, tail] = halves.map(groupsOf) as [number[] | null, number[] | null | undefined];
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (tail === undefined ? missing !== 0 : missing < 1) return null;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail ?? []];
  const bytes = new Uint8Array(16);
  groups.forEach((group, i) => {
    bytes[i * 2] = group >> 8;
    bytes[i * 2 + 1] = group & 255;
  });
  return bytes;
}

/** The text of four bytes. */
export function ipv4Text(bytes: Uint8Array): string {
  return bytes.join(".");
}

/** The text of sixteen bytes, the longest run of zeros left out (RFC 5952). */
export function ipv6Text(bytes: Uint8Array): string {
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(bytes[i]! << 8 | bytes[i + 1]!);
  let [best, length] = [0, 1];
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > length) [best, length] = [i, end - i];
  }
  const text = (from: number, to: number): string =>
    groups.slice(from, to).map((group) => group.toString(16)).join(":");
  return length === 1 ? text(0, 8) : `${text(0, best)}::${text(best + length, 8)}`;
}

// Half an address; the last group of a whole may be an IPv4 address.
function groupsOf(text: string, _index: number): number[] | null {
  if (text === "") return [];
  const parts = text.split(":");
  const groups: number[] = [];
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!;
    if (i === parts.length - 1 && part.includes(".")) {
      const four = ipv4Bytes(part);
      if (four === null) return null;
      groups.push(four[0]! << 8 | four[1]!, four[2]! << 8 | four[3]!);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(parseInt(part, 16));
    else return null;
  }
  return groups;
}
