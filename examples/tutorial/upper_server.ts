/**
 * Answers every line in upper case. A line `?` asks how many are connected.
 *
 *     deno run --allow-net examples/tutorial/upper_server.ts
 *     printf 'hello\n?\n' | nc -N 127.0.0.1 8007
 *
 * What is new: a _protocol_ is made for each connection, and only hears what comes in. The _factory_ makes them, and
 * keeps what they share.
 */
import { Factory, LineReceiver } from "@ropewalk/protocols";
import { reactor } from "@ropewalk/reactor";
import { serve } from "./_command.ts";

export class Upper extends LineReceiver<UpperFactory> {
  override acceptBareLF = true; // as nc sends them

  override connectionMade(): void {
    this.factory.connected++;
    this.factory.total++;
  }

  override lineReceived(line: string): void {
    const { connected, total } = this.factory;
    this.sendLine(line === "?" ? `${connected} connected, ${total} so far` : line.toUpperCase());
  }

  /** The client has said all it will: it still gets its answers. */
  readConnectionLost(): void {
    this.transport.loseConnection();
  }

  override connectionLost(): void {
    this.factory.connected--;
  }
}

export class UpperFactory extends Factory {
  connected = 0;
  total = 0;

  override buildProtocol(): Upper {
    return this.adopt(new Upper());
  }
}

const HELP = `Answers every line in upper case.

  --port PORT        (8007)`;

if (import.meta.main) {
  Deno.exit(
    await serve(
      HELP,
      { port: 8007 },
      ({ port }) => reactor.listenTCP(port, new UpperFactory(), { hostname: "127.0.0.1" }),
    ),
  );
}
