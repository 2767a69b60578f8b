/**
 * Who keeps connections.
 * @module
 */
import type { HTTPConnection } from "./connection.ts";

/** Who keeps a connection while it is not used. */
export interface ConnectionOwner {
  /** It is there. */
  connectionReady(connection: HTTPConnection): void;
  /** A response is complete and the connection can be used again. The owner keeps it or closes it. */
  connectionIdle(connection: HTTPConnection): void;
  /** It is gone, or will be: it cannot be used any more. Called once. */
  connectionGone(connection: HTTPConnection): void;
}
