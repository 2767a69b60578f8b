/**
 * What a reactor does between the phases "before" and "during" of its shutdown.
 * @module
 */
import { type Deferred, Failure, gatherResults } from "@ropewalk/deferred";
import { ConnectionLost } from "./errors.ts";

/** So often what was given up may begin something else in its place. */
const MOST_ROUNDS = 100;

/** What is open on a reactor. Each takes itself out when it is closed. */
export interface WhatIsOpen {
  /** Connections that are being made. */
  readonly attempts: ReadonlySet<{ stopConnecting(): void }>;
  /** What listens. */
  readonly ports: Iterable<{ stopListening(): Deferred<void> }>;
  /** Connections. */
  readonly connections: Iterable<{ breakOff(reason: Failure): void }>;
}

/**
 * Closes everything: it would keep the process alive, and nobody is left to use it. As in Twisted, connections are not
 * closed in order any more: whoever wants that does it before.
 * The caller sees to it that a connector which is given up does not connect again meanwhile.
 *
 * @returns Fires when the ports are closed.
 */
export function closeAll(open: WhatIsOpen): Deferred<unknown> {
  giveUp(open.attempts);
  const closing = [...open.ports].map((port) => port.stopListening());
  const text = "Connection to the other side was lost: the reactor stops";
  for (const connection of [...open.connections]) connection.breakOff(new Failure(new ConnectionLost(text)));
  // What is begun anew meanwhile, such as the next address of a host, ends as it began.
  for (let round = 0; round < MOST_ROUNDS && open.attempts.size > 0; round++) giveUp(open.attempts);
  return gatherResults(closing);
}

function giveUp(attempts: WhatIsOpen["attempts"]): void {
  for (const attempt of [...attempts]) {
    if (attempts.has(attempt)) attempt.stopConnecting(); // else one before has stopped it
  }
}
