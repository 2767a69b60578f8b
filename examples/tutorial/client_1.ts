/**
 * Sends one line to the server, prints what comes back, and ends.
 *
 *     deno run --allow-net examples/tutorial/client_1.ts --text=hello
 *
 * What is new since upper_server.ts: the other side. An _endpoint_ says where to, in a string that a user can give; a
 * protocol says what. `connectProtocol` brings the two together. Start upper_server.ts first, here as in all clients.
 */
import { Deferred, type Failure } from "@ropewalk/deferred";
import { LineReceiver } from "@ropewalk/protocols";
import { clientFromString, connectProtocol, reactor } from "@ropewalk/reactor";
import { work } from "./_command.ts";

export class Once extends LineReceiver {
  /** Fires when the connection is gone. */
  readonly ended = new Deferred<void>();

  constructor(readonly text: string, readonly print: (line: string) => void) {
    super();
  }

  override connectionMade(): void {
    this.sendLine(this.text);
  }

  override lineReceived(line: string): void {
    this.print(line);
    this.transport.loseConnection();
  }

  override connectionLost(_reason: Failure): void {
    this.ended.callback();
  }
}

const HELP = `Sends a line, and prints the answer.

  --server ENDPOINT  (tcp:127.0.0.1:8007)
  --text TEXT        (hello)`;

if (import.meta.main) {
  Deno.exit(
    await work(
      HELP,
      { server: "tcp:127.0.0.1:8007", text: "hello" },
      ({ server, text }) =>
        connectProtocol(clientFromString(reactor, server), new Once(text, console.log))
          .addCallback((protocol) => protocol.ended),
    ),
  );
}
