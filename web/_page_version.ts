/**
 * Which version of a page a response has.
 * @module
 */

/** What `setETag` and `setLastModified` said. */
export class PageVersion {
  /** The tag, with its quotes; empty if there is none. */
  etag = "";
  /** Seconds since the epoch; -1 if that was not said. */
  lastModified = -1;

  /** Takes a tag, with or without its quotes. @returns It with them. */
  setTag(etag: string): string {
    return this.etag = /^(?:W\/)?"/.test(etag) ? etag : `"${etag}"`;
  }

  /** Takes a time: seconds since the epoch, or a `Date`. @returns True if it is later than those before. */
  setTime(when: number | Date): boolean {
    const seconds = Math.floor(typeof when === "number" ? when : when.getTime() / 1000);
    if (!(seconds > this.lastModified)) return false;
    this.lastModified = seconds;
    return true;
  }
}
