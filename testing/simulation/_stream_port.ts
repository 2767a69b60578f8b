/**
 * A listening port of a simulated host.
 * @module
 */
import { Deferred, succeed } from "@ropewalk/deferred";
import { guard } from "@ropewalk/reactor/core";
import type {
  Address,
  ListeningPort,
  ProtocolFactory,
  StreamProtocol,
  TLSServerOptions,
} from "@ropewalk/reactor/core";
import type { SimulatedReactor } from "./_simulated_reactor.ts";

/** How a port is tied to its number or path. */
export interface Binding {
  bind(port: SimulatedPort): Address;
  unbind(port: SimulatedPort): void;
}

/** A port that accepts connections for a factory. */
export class SimulatedPort implements ListeningPort {
  readonly ready = new Deferred<ListeningPort>();
  #address: Address | null = null;
  #listens = false;

  constructor(
    readonly reactor: SimulatedReactor,
    readonly factory: ProtocolFactory,
    readonly tls: TLSServerOptions | null,
    readonly binding: Binding,
  ) {}

  startListening(): void {
    if (this.#listens) throw new TypeError("Cannot listen: the port listens already");
    this.#address = this.binding.bind(this);
    this.#listens = true;
    this.factory.doStart();
    if (!this.ready.called) this.ready.callback(this);
  }

  stopListening(): Deferred<void> {
    if (this.#listens) {
      this.#listens = false;
      this.binding.unbind(this);
      guard(() => this.factory.doStop(), (error) => this.reactor._report(error, "doStop failed"));
    }
    return succeed();
  }

  getHost(): Address {
    return this.#address!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopListening();
  }

  /** A protocol for a new connection, or `null` if the factory refuses it or throws. */
  build(peer: Address): StreamProtocol | null {
    try {
      return this.factory.buildProtocol(peer);
    } catch (error) {
      this.reactor._report(error, "buildProtocol failed");
      return null;
    }
  }
}
