/**
 * Python's dates and times, which have no zone and count microseconds, and its decimals. They come in as these and
 * travel back equal.
 * @module
 */
import { JellyError } from "./errors.ts";

function parts(text: string, count: number): number[] {
  const words = text.split(" ");
  const numbers = words.map(Number);
  if (words.length !== count || !numbers.every(Number.isSafeInteger) || words.includes("")) {
    throw new JellyError("A date or time is malformed");
  }
  return numbers;
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, "0");
}

/** A Python `datetime.datetime` without zone. */
export class DateTime {
  /**
   * Makes one.
   *
   * @param year 1 to 9999.
   * @param month 1 to 12.
   * @param day From 1.
   */
  constructor(
    readonly year: number,
    readonly month: number,
    readonly day: number,
    readonly hour = 0,
    readonly minute = 0,
    readonly second = 0,
    readonly microsecond = 0,
  ) {}
  /** The UTC fields of a platform Date. */
  static fromDate(date: Date): DateTime {
    return new DateTime(
      date.getUTCFullYear(),
      date.getUTCMonth() + 1,
      date.getUTCDate(),
      date.getUTCHours(),
      date.getUTCMinutes(),
      date.getUTCSeconds(),
      date.getUTCMilliseconds() * 1000,
    );
  }
  /** A platform Date, the fields taken as UTC; microseconds are cut to milliseconds. */
  toDate(): Date {
    const date = new Date(0);
    date.setUTCFullYear(this.year, this.month - 1, this.day);
    date.setUTCHours(this.hour, this.minute, this.second, Math.floor(this.microsecond / 1000));
    return date;
  }
  /** As it stands on the wire: `2012 7 5 1 2 3 4`. */
  toWire(): string {
    const { year, month, day, hour, minute, second, microsecond } = this;
    return [year, month, day, hour, minute, second, microsecond].join(" ");
  }
  /** The reverse of {@linkcode toWire}. */
  static fromWire(text: string): DateTime {
    const [year, month, day, ...rest] = parts(text, 7) as [number, number, number, ...number[]];
    return new DateTime(year, month, day, ...rest);
  }
  /** `2012-07-05T01:02:03.000004` */
  toString(): string {
    return `${new CalendarDate(this.year, this.month, this.day)}T${new TimeOfDay(
      this.hour,
      this.minute,
      this.second,
      this.microsecond,
    )}`;
  }
}

/** A Python `datetime.date`. */
export class CalendarDate {
  /**
   * Makes one.
   *
   * @param year 1 to 9999.
   * @param month 1 to 12.
   * @param day From 1.
   */
  constructor(readonly year: number, readonly month: number, readonly day: number) {}
  /** As it stands on the wire: `2012 7 5`. */
  toWire(): string {
    return `${this.year} ${this.month} ${this.day}`;
  }
  /** The reverse of {@linkcode toWire}. */
  static fromWire(text: string): CalendarDate {
    const [year, month, day] = parts(text, 3) as [number, number, number];
    return new CalendarDate(year, month, day);
  }
  /** `2012-07-05` */
  toString(): string {
    return `${pad(this.year, 4)}-${pad(this.month, 2)}-${pad(this.day, 2)}`;
  }
}

/** A Python `datetime.time` without zone. */
export class TimeOfDay {
  /**
   * Makes one.
   *
   * @param hour 0 to 23.
   */
  constructor(
    readonly hour: number,
    readonly minute = 0,
    readonly second = 0,
    readonly microsecond = 0,
  ) {}
  /** As it stands on the wire: `1 2 3 4`. */
  toWire(): string {
    return `${this.hour} ${this.minute} ${this.second} ${this.microsecond}`;
  }
  /** The reverse of {@linkcode toWire}. */
  static fromWire(text: string): TimeOfDay {
    const [hour, ...rest] = parts(text, 4) as [number, ...number[]];
    return new TimeOfDay(hour, ...rest);
  }
  /** `01:02:03.000004` */
  toString(): string {
    const whole = `${pad(this.hour, 2)}:${pad(this.minute, 2)}:${pad(this.second, 2)}`;
    return this.microsecond === 0 ? whole : `${whole}.${pad(this.microsecond, 6)}`;
  }
}

/** A Python `datetime.timedelta`: a span of time. Only the days may be negative. */
export class TimeDelta {
  /** Makes one. */
  constructor(readonly days: number, readonly seconds = 0, readonly microseconds = 0) {}
  /** As it stands on the wire: `1 2 3`. */
  toWire(): string {
    return `${this.days} ${this.seconds} ${this.microseconds}`;
  }
  /** The reverse of {@linkcode toWire}. */
  static fromWire(text: string): TimeDelta {
    const [days, ...rest] = parts(text, 3) as [number, ...number[]];
    return new TimeDelta(days, ...rest);
  }
  /** The whole span in seconds. */
  totalSeconds(): number {
    return this.days * 86400 + this.seconds + this.microseconds / 1e6;
  }
  /** `1 d 2.000003 s` */
  toString(): string {
    return `${this.days} d ${this.seconds + this.microseconds / 1e6} s`;
  }
}

/**
 * A Python `decimal.Decimal`: `value` × 10^`exponent`. `Decimal.parse("1.50")` keeps its two places.
 *
 * @example
 * ```ts
 * import { Decimal } from "@ropewalk/spread";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(Decimal.parse("-1.50"), new Decimal(-150n, -2));
 * assertEquals(String(new Decimal(-150n, -2)), "-1.50");
 * ```
 */
export class Decimal {
  /**
   * Makes one.
   *
   * @param value All digits as one whole number.
   * @param exponent How far the point stands to the right of the last digit; negative: to the left.
   */
  constructor(readonly value: bigint, readonly exponent: number) {}
  /**
   * Reads decimal text.
   * @throws {SyntaxError} If it is none; NaN and the infinities cannot be sent either.
   */
  static parse(text: string): Decimal {
    const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text);
    const whole = match?.[2] ?? "";
    const places = match?.[3] ?? "";
    if (match === null || whole + places === "") throw new SyntaxError(`Cannot read "${text}" as a decimal`);
    const value = BigInt(whole + places);
    return new Decimal(match[1] === "-" ? -value : value, Number(match[4] ?? 0) - places.length);
  }
  /** `-1.50`; with an exponent where it stands for zeros that were not written. */
  toString(): string {
    const negative = this.value < 0n;
    const digits = String(negative ? -this.value : this.value);
    const sign = negative ? "-" : "";
    if (this.exponent > 0) return `${sign}${digits}E+${this.exponent}`;
    if (this.exponent === 0) return sign + digits;
    const places = -this.exponent;
    if (places > digits.length + 6) return `${sign}${digits}E${this.exponent}`;
    const padded = digits.padStart(places + 1, "0");
    return `${sign}${padded.slice(0, -places)}.${padded.slice(-places)}`;
  }
}
