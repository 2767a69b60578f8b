/**
 * `DenoReactor`: the reactor on Deno.
 * @module
 */
import type { DatagramHandler, DatagramTransport, ListenUDPOptions } from "../core/interfaces.ts";
import { StreamReactor } from "../core/stream_reactor.ts";
import { bindUDP } from "../node/udp_port.ts";
import { DenoNetwork } from "./deno_network.ts";

/** A reactor on Deno. Making one opens nothing. */
export class DenoReactor extends StreamReactor {
  /** Whether the host is Deno. */
  static readonly isHere: boolean = typeof Deno !== "undefined";

  /** Makes a reactor of its own; most programs want the default one. */
  constructor() {
    super({
      seconds: () => performance.now() / 1000,
      set: (f, milliseconds) => setTimeout(f, milliseconds),
      clear: (id) => clearTimeout(id as number),
      unref: (id) => Deno.unrefTimer(id as number),
    }, new DenoNetwork());
  }

  /** Binds a UDP port. */
  override listenUDP(
    port: number,
    protocol: DatagramHandler,
    options: ListenUDPOptions = {},
  ): DatagramTransport {
    return bindUDP(this, port, protocol, options, false);
  }

  /** Binds a UDP port for multicast. */
  override listenMulticast(
    port: number,
    protocol: DatagramHandler,
    options: ListenUDPOptions & { listenMultiple?: boolean } = {},
  ): DatagramTransport {
    return bindUDP(this, port, protocol, options, options.listenMultiple ?? false);
  }

  /** Calls `stop` on SIGINT and SIGTERM, or SIGBREAK on Windows. */
  protected override handleSignals(stop: () => void): () => void {
    const signals: Deno.Signal[] = Deno.build.os === "windows"
      ? ["SIGINT", "SIGBREAK"]
      : ["SIGINT", "SIGTERM"];
    for (const signal of signals) Deno.addSignalListener(signal, stop);
    return () => {
      for (const signal of signals) Deno.removeSignalListener(signal, stop);
    };
  }
}
