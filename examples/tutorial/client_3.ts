/**
 * Asks several things at once, prints the answers in the order of the questions, and stops when all are there.
 *
 *     deno run --allow-net examples/tutorial/client_3.ts --texts="one two three"
 *
 * What is new since client_2.ts: a `DeferredList` waits for many, and tells which failed; none of them takes the others
 * along, and with `consumeErrors` nobody else has to deal with them. `reactor.stop()` then ends the program (`work` calls it when the list has fired).
 */
import { type Deferred, DeferredList } from "@ropewalk/deferred";
import { clientFromString, reactor } from "@ropewalk/reactor";
import { work } from "./_command.ts";
import { ask } from "./client_2.ts";

/** A line for each text. */
export function askAll(
  texts: readonly string[],
  askOne: (text: string) => Deferred<string>,
): Deferred<string[]> {
  return new DeferredList(texts.map((text) => askOne(text)), { consumeErrors: true }).addCallback((results) =>
    results.map(([ok, result], i) => `${texts[i]}: ${ok ? result : `no answer (${result.type})`}`)
  );
}

const HELP = `Asks several things at once.

  --server ENDPOINT  (tcp:127.0.0.1:8007)
  --texts WORDS      ("one two three")`;

if (import.meta.main) {
  Deno.exit(
    await work(HELP, { server: "tcp:127.0.0.1:8007", texts: "one two three" }, ({ server, texts }) => {
      const endpoint = clientFromString(reactor, server);
      return askAll(texts.split(" "), (text) => ask(endpoint, text))
        .addCallback((lines) => console.log(lines.join("\n")));
    }),
  );
}
