/**
 * Asks several things on one connection, without waiting for an answer before the next question, and tells how long
 * each took.
 *
 *     deno run --allow-net examples/tutorial/client_4.ts --texts="one two three"
 *
 * What is new since client_3.ts: answers come in the order of the questions, so a queue of Deferreds is all it takes to
 * match them. When the connection is lost, whoever still waits must hear of it.
 */
import { Deferred, fail, type Failure } from "@ropewalk/deferred";
import { LineReceiver } from "@ropewalk/protocols";
import { clientFromString, connectProtocol, type DelayedCall, reactor } from "@ropewalk/reactor";
import { work } from "./_command.ts";
import { askAll } from "./client_3.ts";

/** The longest that a server may be silent while it owes an answer. */
export const PATIENCE_SECONDS = 10;

export class Pipeline extends LineReceiver {
  readonly #waiting: Deferred<string>[] = [];
  #lost: Failure | null = null;
  #patience: DelayedCall | null = null;

  /** Fires with the answer and the time it took. */
  ask(text: string): Deferred<string> {
    if (this.#lost !== null) return fail(this.#lost);
    const began = this.reactor.seconds();
    const answer = new Deferred<string>();
    this.#waiting.push(answer);
    this.#patience ??= this.reactor.callLater(PATIENCE_SECONDS, () => this.transport.abortConnection());
    this.sendLine(text);
    return answer.addCallback((line) =>
      `${line} (${Math.round((this.reactor.seconds() - began) * 1000)} ms)`
    );
  }

  override lineReceived(line: string): void {
    const answer = this.#waiting.shift();
    if (answer === undefined) return this.transport.loseConnection(); // nobody asked
    if (this.#waiting.length > 0) this.#patience!.reset(PATIENCE_SECONDS);
    else this.#rest();
    answer.callback(line);
  }

  override connectionLost(reason: Failure): void {
    this.#lost = reason;
    this.#rest();
    for (const answer of this.#waiting.splice(0)) answer.errback(reason);
  }

  #rest(): void {
    if (this.#patience?.active()) this.#patience.cancel();
    this.#patience = null;
  }
}

const HELP = `Asks several things on one connection.

  --server ENDPOINT  (tcp:127.0.0.1:8007)
  --texts WORDS      ("one two three")`;

if (import.meta.main) {
  Deno.exit(
    await work(
      HELP,
      { server: "tcp:127.0.0.1:8007", texts: "one two three" },
      ({ server, texts }) =>
        connectProtocol(clientFromString(reactor, server), new Pipeline())
          .addCallback((pipeline) => askAll(texts.split(" "), (text) => pipeline.ask(text)))
          .addCallback((lines) => console.log(lines.join("\n"))),
    ),
  );
}
