/**
 * Asks the server once, and has the answer as the result of a Deferred.
 *
 *     deno run --allow-net examples/tutorial/client_2.ts --text=hello
 *
 * What is new since client_1.ts: a Deferred ties the answer to the request, and whoever asks need not know of protocols.
 * A connection that is refused, and one that is lost too early, both make it fail. It prints nothing itself.
 */
import { Deferred, type Failure } from "@ropewalk/deferred";
import { LineReceiver } from "@ropewalk/protocols";
import { type ClientEndpoint, clientFromString, connectProtocol, reactor } from "@ropewalk/reactor";
import { work } from "./_command.ts";

class Asker extends LineReceiver {
  readonly #answer = new Deferred<string>();

  ask(text: string): Deferred<string> {
    this.sendLine(text);
    return this.#answer;
  }

  override lineReceived(line: string): void {
    this.#answer.callback(line);
    this.transport.loseConnection();
  }

  override connectionLost(reason: Failure): void {
    if (!this.#answer.called) this.#answer.errback(reason);
  }
}

/** What a server answers to a line; each question has a connection of its own. */
export function ask(server: ClientEndpoint, text: string): Deferred<string> {
  return connectProtocol(server, new Asker()).addCallback((asker) => asker.ask(text));
}

const HELP = `Asks once, and prints the answer.

  --server ENDPOINT  (tcp:127.0.0.1:8007)
  --text TEXT        (hello)`;

if (import.meta.main) {
  Deno.exit(
    await work(
      HELP,
      { server: "tcp:127.0.0.1:8007", text: "hello" },
      ({ server, text }) => ask(clientFromString(reactor, server), text).addCallback(console.log),
    ),
  );
}
