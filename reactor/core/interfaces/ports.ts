/**
 * What listens, and what connects.
 * @module
 */
import type { Deferred } from "@ropewalk/deferred";
import type { Address } from "../addresses.ts";
import type { ReactorTime } from "./time.ts";

/** A port that listens. */
export interface ListeningPort extends AsyncDisposable {
  /** Fires when the port is bound, or fails with `CannotListenError`. */
  readonly ready: Deferred<ListeningPort>;
  /** Starts again after {@linkcode stopListening}. */
  startListening(): void;
  /** Stops accepting. Fires when the port is closed; connections that were accepted live on. */
  stopListening(): Deferred<void>;
  /** The address it is bound to: with port 0 asked for, the one that the system chose. */
  getHost(): Address;
}

/** An attempt to connect, and the connection that comes of it. */
export interface Connector {
  /** The reactor that connects: what tries again takes its time from it. A double in a test may have none. */
  readonly reactor?: ReactorTime;
  /** Where to. */
  getDestination(): Address;
  /** Connects again, after the connection failed or was lost. */
  connect(): void;
  /** Gives up: stops the attempt (which fails with `UserError`), or closes the connection. */
  disconnect(): void;
  /** Stops the attempt. */
  stopConnecting(): void;
}
