/**
 * `NodeReactor`: the reactor on Node.
 * @module
 */
import process from "node:process";
import type { DatagramHandler, DatagramTransport, ListenUDPOptions } from "../core/interfaces.ts";
import { StreamReactor } from "../core/stream_reactor.ts";
import { NodeNetwork } from "./node_network.ts";
import { bindUDP } from "./udp_port.ts";

/** A reactor on Node's modules; it runs under Deno as well. Making one opens nothing. */
export class NodeReactor extends StreamReactor {
  /** Makes a reactor of its own; most programs want the default one. */
  constructor() {
    super({
      seconds: () => performance.now() / 1000,
      set: (f, milliseconds) => setTimeout(f, milliseconds),
      clear: (timer) => clearTimeout(timer as number),
      unref: (timer) => (timer as { unref?: () => void }).unref?.(), // under Deno it is a number
    }, new NodeNetwork());
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
    const signals = process.platform === "win32"
      ? ["SIGINT", "SIGBREAK"] as const
      : ["SIGINT", "SIGTERM"] as const;
    for (const signal of signals) process.on(signal, stop);
    return () => {
      for (const signal of signals) process.off(signal, stop);
    };
  }
}
