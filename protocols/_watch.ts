/**
 * Handlers that are async: what they fail with is reported and costs the connection, as if they had thrown.
 * @module
 */
import { Failure, reportError } from "@ropewalk/deferred";
import { onRejection } from "@ropewalk/reactor/core";
import type { Protocol } from "./protocol.ts";

/**
 * Looks after what a handler returned.
 *
 * @param protocol Whose handler it is.
 * @param name Its name.
 * @param returned A promise, if it is async.
 */
export function watch(protocol: Pick<Protocol, "transport">, name: string, returned: unknown): void {
  onRejection(returned, (error) => {
    reportError(error, `Error in ${name} of a protocol`);
    protocol.transport?.abortConnection(new Failure(error));
  });
}
