/**
 * `ZonedDate`: a moment, with the zone it was told in, to the microsecond.
 * @module
 */

const WIRE = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.(\d{6})([+-])(\d\d):(\d\d)$/;

const pad = (value: number, digits: number) => String(value).padStart(digits, "0");

/**
 * A `Date` that keeps what a `Date` forgets: the offset from UTC in which the moment was written, and microseconds.
 *
 * @example
 * ```ts
 * import { ZonedDate } from "@ropewalk/protocols/amp";
 * import { assertEquals } from "@std/assert";
 *
 * const date = ZonedDate.fromWire("2012-01-23T12:34:56.054321+01:00");
 * assertEquals(date.toISOString(), "2012-01-23T11:34:56.054Z");
 * assertEquals(date.offsetMinutes, 60);
 * assertEquals(date.toWire(), "2012-01-23T12:34:56.054321+01:00");
 * ```
 */
export class ZonedDate extends Date {
  /** Minutes east of UTC. */
  readonly offsetMinutes: number;
  /** What is beyond whole milliseconds: 0 to 999. */
  readonly microseconds: number;

  /**
   * A moment.
   *
   * @param time Milliseconds since 1970, or a date.
   * @param offsetMinutes Minutes east of UTC.
   * @param microseconds What is beyond whole milliseconds: 0 to 999.
   */
  constructor(time: number | Date, offsetMinutes = 0, microseconds = 0) {
    super(time);
    this.offsetMinutes = offsetMinutes;
    this.microseconds = microseconds;
  }

  /**
   * Reads the 32 characters that AMP sends.
   *
   * @throws {RangeError} If it is anything else.
   */
  static fromWire(text: string): ZonedDate {
    const match = WIRE.exec(text);
    if (match === null) throw new RangeError(`Cannot read a date: ${JSON.stringify(text)}`);
    const [year, month, day, hour, minute, second, micro] = match.slice(1, 8).map(Number) as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const offset = (Number(match[9]) * 60 + Number(match[10])) * (match[8] === "-" ? -1 : 1) || 0;
    const date = new Date(0);
    date.setUTCFullYear(year, month - 1, day);
    date.setUTCHours(hour, minute, second, Math.trunc(micro / 1000));
    if (
      date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day || hour > 23 || minute > 59 || second > 59
    ) {
      throw new RangeError(`Cannot read a date: ${text} does not exist`);
    }
    return new ZonedDate(date.getTime() - offset * 60_000, offset, micro % 1000);
  }

  /** The 32 characters that AMP sends. */
  toWire(): string {
    const local = new Date(this.getTime() + this.offsetMinutes * 60_000);
    const year = local.getUTCFullYear();
    if (!(year >= 1 && year <= 9999)) throw new RangeError("Cannot send a date: its year is not 1 to 9999");
    const offset = Math.abs(this.offsetMinutes);
    return `${pad(year, 4)}-${pad(local.getUTCMonth() + 1, 2)}-${pad(local.getUTCDate(), 2)}T` +
      `${pad(local.getUTCHours(), 2)}:${pad(local.getUTCMinutes(), 2)}:${pad(local.getUTCSeconds(), 2)}.` +
      `${pad(local.getUTCMilliseconds(), 3)}${pad(this.microseconds, 3)}` +
      `${this.offsetMinutes < 0 ? "-" : "+"}${pad(Math.trunc(offset / 60), 2)}:${pad(offset % 60, 2)}`;
  }
}
