/**
 * Gets keys from memcached, all at once on one connection.
 *
 *     memcached &
 *     deno run --allow-net examples/tutorial/memget.ts --keys="color shape"
 *
 * What is new since ipc.ts: a protocol that others wrote, in the library. The questions are sent without waiting; each answer
 * comes in its own Deferred.
 */
import { type Deferred, gatherResults } from "@ropewalk/deferred";
import { MemCacheProtocol } from "@ropewalk/protocols/memcache";
import { clientFromString, connectProtocol, reactor } from "@ropewalk/reactor";
import { work } from "./_command.ts";

/** A line for each key. */
export function getAll(cache: MemCacheProtocol, keys: readonly string[]): Deferred<string[]> {
  const decoder = new TextDecoder();
  const lines = keys.map((key) =>
    cache.get(key).addCallback(([, value]) =>
      `${key}: ${value === null ? "(not there)" : decoder.decode(value)}`
    )
  );
  return gatherResults(lines, { consumeErrors: true });
}

const HELP = `Gets keys from memcached.

  --server ENDPOINT  (tcp:127.0.0.1:11211)
  --keys WORDS       ("color shape")`;

if (import.meta.main) {
  Deno.exit(
    await work(
      HELP,
      { server: "tcp:127.0.0.1:11211", keys: "color shape" },
      ({ server, keys }) =>
        connectProtocol(clientFromString(reactor, server), new MemCacheProtocol({ timeoutSeconds: 5 }))
          .addCallback((cache) => getAll(cache, keys.split(" ")))
          .addCallback((lines) => console.log(lines.join("\n"))),
    ),
  );
}
