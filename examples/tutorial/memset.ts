/**
 * Sets a key in memcached, and gives up if that takes too long.
 *
 *     deno run --allow-net examples/tutorial/memset.ts --key=color --value=red --timeout=2
 *
 * What is new since memget.ts: `addTimeout` on the whole chain, connecting and all. What is under way is cancelled, whichever
 * step it is, and the failure says what we want it to say.
 */
import { type Deferred, TimeoutError } from "@ropewalk/deferred";
import { MemCacheProtocol } from "@ropewalk/protocols/memcache";
import {
  type ClientEndpoint,
  clientFromString,
  connectProtocol,
  reactor,
  type ReactorTime,
} from "@ropewalk/reactor";
import { work } from "./_command.ts";

/** Fires when it is stored, and the connection is closed; fails if it is not, or not in time. */
export function setOnce(
  clock: ReactorTime,
  server: ClientEndpoint,
  key: string,
  value: string,
  timeoutSeconds: number,
): Deferred<string> {
  const cache = new MemCacheProtocol();
  return connectProtocol(server, cache)
    .addCallback(() => cache.set(key, value))
    .addCallback((stored) => stored ? `${key} is ${value}` : `${key} was not stored`)
    .addTimeout(timeoutSeconds, clock, () => {
      throw new TimeoutError(timeoutSeconds, `${key} was not stored in ${timeoutSeconds} s`);
    })
    .addBoth((result) => {
      if (cache.connected) cache.transport.abortConnection();
      return result;
    });
}

const HELP = `Sets a key in memcached.

  --server ENDPOINT  (tcp:127.0.0.1:11211)
  --key KEY          (color)
  --value TEXT       (red)
  --timeout SECONDS  (2)`;

if (import.meta.main) {
  Deno.exit(
    await work(
      HELP,
      { server: "tcp:127.0.0.1:11211", key: "color", value: "red", timeout: 2 },
      ({ server, key, value, timeout }) =>
        setOnce(reactor, clientFromString(reactor, server), key, value, timeout)
          .addCallback((text) => console.log(text)),
    ),
  );
}
