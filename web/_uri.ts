/**
 * Paths of requests, taken apart.
 * @module
 */
import { decodeUtf8 } from "@ropewalk/protocols/bytes";

const utf8 = new TextEncoder();

/**
 * Undoes percent-encoding; what is malformed stays as it is, and bytes that are not UTF-8 become U+FFFD.
 *
 * @param text One segment of a path.
 */
export function percentDecode(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch { // malformed, or not UTF-8
    const bytes = utf8.encode(text);
    let length = 0;
    for (let i = 0; i < bytes.length; i++) {
      const digits = text.slice(i + 1, i + 3); // the target is ASCII: bytes and characters go together
      if (bytes[i] === 0x25 && /^[0-9a-f]{2}$/i.test(digits)) {
        bytes[length++] = parseInt(digits, 16);
        i += 2;
      } else bytes[length++] = bytes[i]!;
    }
    return decodeUtf8(bytes.subarray(0, length));
  }
}

/** The decoded segments of a path; `"/a/"` has two, the second empty. */
export function segmentsOf(path: string): string[] {
  if (path.charCodeAt(0) !== 0x2f) return [];
  const segments: string[] = [];
  let from = 1;
  for (let to; (to = path.indexOf("/", from)) >= 0; from = to + 1) segments.push(path.slice(from, to));
  segments.push(path.slice(from)); // by hand: to split costs three times as much
  if (path.includes("%")) {
    for (let i = 0; i < segments.length; i++) segments[i] = percentDecode(segments[i]!);
  }
  return segments;
}

/** The origin-form of a request target: what follows scheme and host in the absolute form. */
export function originForm(target: string): string {
  const first = target.charCodeAt(0);
  if (first === 0x2f || first === 0x2a) return target;
  const scheme = target.indexOf("://");
  if (scheme < 0) return target;
  const at = target.slice(scheme + 3).search(/[/?]/);
  if (at < 0) return "/";
  const rest = target.slice(scheme + 3 + at);
  return rest.startsWith("?") ? `/${rest}` : rest;
}

/** The path of a request target, taken apart. Requests for one path share it, whatever their queries. */
export interface ParsedTarget {
  /** The path, still encoded. */
  readonly path: string;
  /** The decoded segments of the path. */
  readonly segments: readonly string[];
}

/**
 * Takes the path of a request target apart.
 *
 * @param target The target.
 * @param last The path of another: it is returned if it is the same.
 */
export function parseTarget(target: string, last: ParsedTarget = ROOT): ParsedTarget {
  const { path: known } = last;
  if (
    target.startsWith(known) && (target.length === known.length || target.charCodeAt(known.length) === 0x3f)
  ) return last;
  const origin = originForm(target);
  const mark = origin.indexOf("?");
  const path = mark < 0 ? origin : origin.slice(0, mark);
  return path === "/" ? ROOT : { path, segments: segmentsOf(path) };
}

/**
 * The query of a request target, without the `?`.
 *
 * @param target The target.
 * @param path Its path.
 */
export function queryOf(target: string, path: string): string {
  const origin = target.charCodeAt(0) === 0x2f ? target : originForm(target);
  return origin.length > path.length ? origin.slice(path.length + 1) : "";
}

const ROOT: ParsedTarget = { path: "/", segments: [""] };
