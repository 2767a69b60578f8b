/**
 * A client of the key/value store in examples/keyvalue: start `examples/keyvalue/main.ts` first, then
 *
 *     deno run --allow-net examples/tutorial/kv_client.ts --set=color=red --get=color
 *
 * What is new since web_fibonacci.ts: a client for others to use. Its methods are what the server can do, each with a
 * Deferred for its answer; on the wire a queue matches the two, as in client_4.ts.
 */
import { Deferred, fail, type Failure, gatherResults } from "@ropewalk/deferred";
import { LineReceiver } from "@ropewalk/protocols";
import { clientFromString, connectProtocol, reactor } from "@ropewalk/reactor";
import { work } from "./_command.ts";

export class KeyValueClient extends LineReceiver {
  override MAX_LENGTH = 100_000; // more than the longest value
  readonly #waiting: Deferred<string>[] = [];
  #lost: Failure | null = null;

  /** Fires with the server's answer, as it said it. */
  get(key: string): Deferred<string> {
    return this.#ask("get", key);
  }

  /** Fires with the server's answer, as it said it. */
  set(key: string, value: string): Deferred<string> {
    return this.#ask("set", key, value);
  }

  /** Fires with the server's answer, as it said it. */
  delete(key: string): Deferred<string> {
    return this.#ask("delete", key);
  }

  #ask(...words: string[]): Deferred<string> {
    const line = words.join(" ");
    if (/[\r\n]/.test(line)) return fail(new RangeError("keys and values are single lines"));
    if (this.#lost !== null) return fail(this.#lost);
    const answer = new Deferred<string>();
    this.#waiting.push(answer);
    this.sendLine(line);
    return answer;
  }

  override lineReceived(line: string): void {
    const answer = this.#waiting.shift();
    if (answer === undefined) return this.transport.loseConnection(); // nobody asked
    if (!answer.called) answer.callback(line); // else nobody waits for it any more
  }

  override connectionLost(reason: Failure): void {
    this.#lost = reason;
    for (const answer of this.#waiting.splice(0)) if (!answer.called) answer.errback(reason);
  }
}

const HELP = `Sets a key, and gets one, on one connection.

  --server ENDPOINT  (tcp:127.0.0.1:11211)
  --set KEY=VALUE    (color=red)
  --get KEY          (color)`;

if (import.meta.main) {
  Deno.exit(
    await work(
      HELP,
      { server: "tcp:127.0.0.1:11211", set: "color=red", get: "color" },
      ({ server, set, get }) =>
        connectProtocol(clientFromString(reactor, server), new KeyValueClient()).addCallback((client) => {
          const [, key = set, value = ""] = /^([^=]*)=(.*)$/.exec(set) ?? [];
          return gatherResults([client.set(key, value), client.get(get)], { consumeErrors: true });
        }).addCallback((answers) => console.log(answers.join("\n"))),
    ),
  );
}
