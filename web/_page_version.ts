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
}
