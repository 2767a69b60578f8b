/**
 * `ringSink`: the last lines of a log, kept in memory.
 * @module
 */

/** What a sink is given: the part of LogTape's `LogRecord` that is used. */
export interface SinkRecord {
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  /** How important it is. */
  readonly level: string;
  /** Who says it. */
  readonly category: readonly string[];
  /** What, in pieces: text and values in turn. */
  readonly message: readonly unknown[];
}

/** A line of a log. */
export interface LogLine {
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** How important it is: `"info"`. */
  readonly level: string;
  /** Who says it: `"ropewalk.web"`. */
  readonly category: string;
  /** What. */
  readonly message: string;
}

/** A sink of LogTape that keeps the last lines. */
export interface RingSink {
  /** Takes a record. */
  (record: SinkRecord): void;
  /** What was kept, the oldest first. */
  lines(): LogLine[];
}

let latest: RingSink | null = null;

/** @ignore The sink that was made last: what a status page shows. */
export function latestRingSink(): RingSink | null {
  return latest;
}

/**
 * A sink for the logging configuration that keeps the last lines in memory, for a status page to show.
 *
 * @param size How many lines.
 *
 * @example
 * ```ts
 * import { configure } from "@logtape/logtape";
 * import { ringSink } from "@ropewalk/web";
 *
 * await configure({
 *   sinks: { ring: ringSink(200) },
 *   loggers: [{ category: [], sinks: ["ring"], lowestLevel: "info" }],
 *   reset: true,
 * });
 * ```
 */
export function ringSink(size: number): RingSink {
  if (!Number.isInteger(size) || size < 1) throw new RangeError(`Cannot keep ${size} lines of log`);
  const ring: LogLine[] = [];
  let next = 0;
  const sink = (record: SinkRecord): void => {
    ring[next] = {
      time: record.timestamp,
      level: record.level,
      category: record.category.join("."),
      message: messageOf(record),
    };
    next = (next + 1) % size;
  };
  return latest = Object.assign(sink, { lines: () => [...ring.slice(next), ...ring.slice(0, next)] });
}

const LONGEST = 2000; // characters of a line

function messageOf(record: SinkRecord): string {
  let text = "";
  for (const part of record.message) {
    try {
      text += typeof part === "string"
        ? part
        : part instanceof Error
        ? part.stack ?? String(part)
        : String(part);
    } catch {
      text += "?";
    }
  }
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
