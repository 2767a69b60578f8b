/**
 * Passes bytes between anything that can be listened to and anything that can be connected to.
 *
 *     deno run --allow-net examples/reactor/relay.ts --listen=tcp:8022:interface=127.0.0.1 --to=tcp:example.org:80
 *     deno run -A examples/reactor/relay.ts --listen=unix:/tmp/relay.sock --to=tls:example.org:443
 *
 * An endpoint is a place, apart from what is spoken there; one that is described in text can come from a command line.
 * Each side is the other's producer, so a slow reader holds up the writer at the far end.
 */
import { type Deferred, type Failure, reportError } from "@ropewalk/deferred";
import { Factory, Protocol } from "@ropewalk/protocols";
import { type ClientEndpoint, ConnectingCancelledError, connectProtocol } from "@ropewalk/reactor/core";

class Side<F = Factory> extends Protocol<F> {
  /** The other side. */
  other: Side<unknown> | null = null;

  /** Ties two sides together: each may write as fast as the other takes it. */
  join(other: Side<unknown>): void {
    this.other = other;
    other.other = this;
    this.transport.registerProducer(other.transport, true);
    other.transport.registerProducer(this.transport, true);
  }

  override dataReceived(data: Uint8Array): void {
    this.other?.transport.write(data);
  }

  /** The other side goes too, once it has sent what came before. */
  override connectionLost(_reason: Failure): void {
    const { other } = this;
    this.other = null;
    if (other === null || other.other === null) return;
    other.other = null;
    other.transport.unregisterProducer();
    other.transport.loseConnection();
  }
}

/** The side that was accepted: it reads nothing until the other is there. */
export class Relay extends Side<RelayFactory> {
  #connecting: Deferred<void> | null = null;

  override connectionMade(): void {
    this.transport.pauseProducing();
    this.#connecting = connectProtocol(this.factory.to, new Side()).addCallbacks((far) => {
      this.#connecting = null;
      this.join(far);
      this.transport.resumeProducing();
    }, (failure) => {
      this.#connecting = null;
      if (!failure.check(ConnectingCancelledError)) this.factory.failed(failure);
      this.transport.loseConnection();
    });
  }

  override connectionLost(reason: Failure): void {
    this.#connecting?.cancel(); // nobody waits for it
    super.connectionLost(reason);
  }
}

/** Relays each connection to one endpoint. */
export class RelayFactory extends Factory {
  override protocol = Relay;

  /**
   * Makes one.
   *
   * @param to Where to.
   * @param failed Told of each attempt to connect that fails.
   */
  constructor(
    readonly to: ClientEndpoint,
    readonly failed: (failure: Failure) => void = (failure) => reportError(failure, "Cannot relay"),
  ) {
    super();
  }
}

if (import.meta.main) {
  const { clientFromString, react, serverFromString, SystemExit } = await import("@ropewalk/reactor");
  const { readCommandLine } = await import("../keyvalue/command_line.ts");
  const HELP = `Passes bytes between two endpoints.

  --listen ENDPOINT  where connections come from (tcp:8022:interface=127.0.0.1)
  --to ENDPOINT      where they go (tcp:127.0.0.1:8000)`;
  await react(async (reactor) => {
    try {
      const options = readCommandLine(Deno.args, {
        listen: "tcp:8022:interface=127.0.0.1",
        to: "tcp:127.0.0.1:8000",
      });
      if (options === "help") return console.log(HELP);
      const factory = new RelayFactory(
        clientFromString(reactor, options.to),
        (failure) => console.error(failure.getErrorMessage()),
      );
      const port = await serverFromString(reactor, options.listen).listen(factory);
      console.log(`Listening on ${port.getHost()}. Ctrl-C stops.`);
    } catch (error) {
      console.error(`${(error as Error).message}\n\n${HELP}`);
      throw new SystemExit(2);
    }
    await new Promise(() => {}); // until Ctrl-C
  }, []);
}
