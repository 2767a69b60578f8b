/**
 * An echo server whose conversation is one loop.
 *
 *     deno run --allow-net examples/tutorial/coroutine_echo.ts
 *     printf 'hello\nbye\n' | nc -N 127.0.0.1 8008
 *
 * What is new since inline_callbacks.ts: `Lines` turns a protocol's calls into something to loop over, with the transport
 * held while the loop is busy. `for await` ends when the peer hangs up; leaving the loop closes the connection.
 */
import { DeferredQueue, Failure, reportError } from "@ropewalk/deferred";
import { Factory, LineReceiver } from "@ropewalk/protocols";
import { ConnectionDone, reactor } from "@ropewalk/reactor";
import { serve } from "./_command.ts";

type Conversation = (lines: Lines) => Promise<void>;

/** The lines of a connection, for one loop. */
export class Lines extends LineReceiver implements AsyncIterable<string> {
  override acceptBareLF = true;
  readonly #queue = new DeferredQueue<string | Failure>(); // a Failure makes `get` fail;

  constructor(readonly conversation: Conversation) {
    super();
  }

  override connectionMade(): void {
    this.conversation(this)
      .catch((error) => reportError(error, "A conversation failed"))
      .finally(() => this.transport.loseConnection());
  }

  override lineReceived(line: string): void {
    this.pauseProducing(); // until the loop comes back for more
    this.#queue.put(line);
  }

  readConnectionLost(): void {
    this.#queue.put(new Failure(new ConnectionDone()));
  }

  override connectionLost(reason: Failure): void {
    this.#queue.put(reason);
  }

  /** Ends when the peer closes; throws what broke the connection otherwise. */
  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    try {
      for (;;) {
        yield (await this.#queue.get()) as string;
        this.resumeProducing();
      }
    } catch (error) {
      if (!(error instanceof ConnectionDone)) throw error;
    }
  }
}

/** Says every line again, with its number, until one says "bye". */
export async function echo(lines: Lines): Promise<void> {
  let count = 0;
  for await (const line of lines) {
    lines.sendLine(`${++count}: ${line}`);
    if (line === "bye") break;
  }
}

const HELP = `Says every line again.

  --port PORT        (8008)`;

if (import.meta.main) {
  Deno.exit(
    await serve(
      HELP,
      { port: 8008 },
      ({ port }) => reactor.listenTCP(port, Factory.forProtocol(Lines, echo), { hostname: "127.0.0.1" }),
    ),
  );
}
