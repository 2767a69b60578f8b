/**
 * Asks a multicast group who is there, and takes the answers of one second.
 *
 *     deno run --allow-net examples/reactor/who_is_there.ts --name=alice      # answers until Ctrl-C; start several
 *     deno run --allow-net examples/reactor/who_is_there.ts --ask=1
 *
 * UDP keeps the bounds of what is sent, and promises nothing else: who asks sets a time, not a number of answers.
 */
import { Deferred } from "@ropewalk/deferred";
import { DatagramProtocol } from "@ropewalk/protocols";
import { deferLater, type IPv4Address, type ReactorTime } from "@ropewalk/reactor/core";
import type { Reactor } from "@ropewalk/reactor/core";
import { work } from "../tutorial/_command.ts";

export const GROUP = "239.255.80.20";
export const PORT = 8021;
const QUESTION = "who is there?";

/** Tells its name to whoever asks. */
export class Answerer extends DatagramProtocol {
  constructor(readonly name: string) {
    super();
  }

  override startProtocol(): void {
    this.transport.joinGroup(GROUP).addErrback((failure) => {
      console.error(`Cannot join the group: ${failure.getErrorMessage()}`);
    });
  }

  override datagramReceived(data: Uint8Array, from: IPv4Address): void {
    if (new TextDecoder().decode(data) === QUESTION) this.transport.write(this.name, from);
  }
}

/** Asks once. */
export class Asker extends DatagramProtocol {
  /** The names that came: a datagram may come twice. */
  readonly names: Set<string> = new Set();

  override startProtocol(): void {
    this.transport.setTTL(1); // no further than this network
    this.transport.write(QUESTION, { host: GROUP, port: PORT });
  }

  override datagramReceived(data: Uint8Array): void {
    this.names.add(new TextDecoder().decode(data));
  }
}

/**
 * Who is there.
 *
 * @param reactor Does the asking.
 * @param seconds How long answers are waited for.
 * @returns The names, sorted. Cancelled, it closes the port.
 */
export function ask(
  reactor: ReactorTime & Pick<Reactor, "listenMulticast">,
  seconds: number,
): Deferred<string[]> {
  const asker = new Asker();
  const port = reactor.listenMulticast(0, asker);
  return port.ready
    .addCallback(() => deferLater(reactor, seconds, () => [...asker.names].sort()))
    .addBoth((result) => port.stopListening().addCallback(() => result)) as Deferred<string[]>;
}

const HELP = `Tells a name to whoever asks, or asks.

  --name NAME        who to be (nobody)
  --ask SECONDS      ask, and wait so long for answers (0: answer)`;

if (import.meta.main) {
  const { reactor } = await import("@ropewalk/reactor");
  Deno.exit(
    await work(HELP, { name: "nobody", ask: 0 }, ({ name, ask: seconds }) => {
      if (seconds > 0) return ask(reactor, seconds).addCallback((names) => console.log(names.join("\n")));
      const port = reactor.listenMulticast(PORT, new Answerer(name), { listenMultiple: true });
      return port.ready.addCallback(() => new Deferred(() => port.stopListening()));
    }),
  );
}
