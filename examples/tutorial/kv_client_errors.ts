/**
 * The client of kv_client.ts, with what the server says read: a value, or an error of its own class.
 *
 *     deno run --allow-net examples/tutorial/kv_client_errors.ts --key=shape
 *
 * What is new since kv_client.ts: "not found" is a failure. Who asks can `trap` it, and let those that mean something else
 * (a lost connection, a server that talks nonsense) go on. The same class serves the store itself, so code does not change
 * when the store moves to another process.
 */
import type { Deferred } from "@ropewalk/deferred";
import { clientFromString, connectProtocol, reactor } from "@ropewalk/reactor";
import { KeyError, ValueError } from "../keyvalue/store.ts";
import { work } from "./_command.ts";
import { KeyValueClient } from "./kv_client.ts";

/** The server's answer is none that it should give. */
export class Nonsense extends Error {}

export class StrictClient extends KeyValueClient {
  /** Fires with the value, or fails with `KeyError`. */
  override get(key: string): Deferred<string> {
    return super.get(key).addCallback((line) => {
      const value = `VALUE ${key} `;
      if (line.startsWith(value)) return line.slice(value.length);
      throw problem(line, key);
    });
  }

  /** Fires when it is stored. */
  override set(key: string, value: string): Deferred<string> {
    return super.set(key, value).addCallback((line) => {
      if (line === "STORED") return value;
      throw problem(line, key);
    });
  }
}

function problem(line: string, key: string): Error {
  if (line === `GET_NOT_FOUND ${key}`) return new KeyError(key);
  if (line.startsWith("ERROR ")) return new ValueError(line.slice("ERROR ".length));
  return new Nonsense(`the server said "${line}"`);
}

/** The value, or what stands in for one that is not there. */
export function getOr(client: StrictClient, key: string, fallback: string): Deferred<string> {
  return client.get(key).addErrback((failure) => {
    failure.trap(KeyError);
    return fallback;
  });
}

const HELP = `Gets a key, or says that there is none.

  --server ENDPOINT  (tcp:127.0.0.1:11211)
  --key KEY          (shape)`;

if (import.meta.main) {
  Deno.exit(
    await work(
      HELP,
      { server: "tcp:127.0.0.1:11211", key: "shape" },
      ({ server, key }) =>
        connectProtocol(clientFromString(reactor, server), new StrictClient())
          .addCallback((client) => getOr(client, key, `(there is no ${key})`))
          .addCallback((text) => console.log(text)),
    ),
  );
}
