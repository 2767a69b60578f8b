/**
 * `Factory`: makes the protocol of each connection, and keeps what they share.
 * @module
 */
import type { Failure } from "@ropewalk/deferred";
import type {
  Address,
  ClientProtocolFactory,
  Connector,
  ProtocolFactory,
  StreamProtocol,
} from "@ropewalk/reactor/core";

/** A protocol as a factory sees it: it can be told who made it. */
type Built = StreamProtocol & { factory?: unknown };

/** A factory that builds protocols of one type: what {@linkcode Factory.forProtocol} returns. */
export interface FactoryOf<P extends StreamProtocol> {
  /** A protocol for a new connection. */
  buildProtocol(address?: Address): P;
}

/**
 * Makes a protocol for every connection.
 *
 * @example
 * ```ts
 * import { Factory, Protocol } from "@ropewalk/protocols";
 *
 * class Counter extends Factory {
 *   connections = 0;
 *   override buildProtocol() {
 *     this.connections++;
 *     return new Protocol();
 *   }
 * }
 * ```
 */
export class Factory implements ProtocolFactory {
  /** How many ports and connectors use this factory. */
  numPorts = 0;
  /** The class of its protocols, for {@linkcode buildProtocol}. */
  protocol: (new () => StreamProtocol) | null = null;

  #make: (() => StreamProtocol) | null = null;

  /**
   * A factory whose connections are handled by instances of `P`. Called on a subclass it makes one of that, whose own
   * {@linkcode buildProtocol} may go by `super.buildProtocol()`.
   *
   * @param P A class of protocols.
   * @param args Given to its constructor, each time.
   * @returns The factory, which knows the type of what it builds.
   *
   * @example
   * ```ts
   * import { Factory, Protocol } from "@ropewalk/protocols";
   * import { assertEquals } from "@std/assert";
   *
   * class Named extends Protocol {
   *   constructor(readonly name: string) {
   *     super();
   *   }
   * }
   *
   * const factory = Factory.forProtocol(Named, "rope");
   * assertEquals(factory.buildProtocol().name, "rope"); // a Named, and the compiler knows
   * ```
   */
  static forProtocol<F extends Factory, P extends StreamProtocol, A extends unknown[]>(
    this: new () => F,
    P: new (...args: A) => P,
    ...args: A
  ): FactoryOf<P> & F {
    const factory = new this();
    factory.#make = () => new P(...args);
    return factory as FactoryOf<P> & F;
  }

  /** A port or connector begins to use the factory; {@linkcode startFactory} is called the first time. */
  doStart(): void {
    if (this.numPorts++ === 0) return this.startFactory();
  }

  /** A port or connector has stopped using it; {@linkcode stopFactory} is called the last time. */
  doStop(): void {
    if (this.numPorts === 0) return;
    if (--this.numPorts === 0) return this.stopFactory();
  }

  /** Called before the first port listens or the first connection is tried. */
  startFactory(): void {}

  /** Called after the last one has ended. */
  stopFactory(): void {}

  /**
   * A protocol for a new connection, its `factory` set to this one.
   *
   * @param _address The peer's.
   * @returns `null` to refuse the connection.
   */
  buildProtocol(_address?: Address): StreamProtocol | null {
    if (this.#make !== null) return this.adopt(this.#make());
    if (this.protocol === null) {
      throw new TypeError("Cannot build a protocol: the factory has no `protocol` class");
    }
    return this.adopt(new this.protocol());
  }

  /** Sets the protocol's `factory`. */
  protected adopt<P extends StreamProtocol>(protocol: P): P {
    (protocol as Built).factory = this;
    return protocol;
  }
}

/** A factory for ports; the same as {@linkcode Factory}, under the name that says so. */
export class ServerFactory extends Factory {}

/** A factory for connections that we make: it hears how they go. */
export class ClientFactory extends Factory implements ClientProtocolFactory {
  /** An attempt begins. */
  startedConnecting(_connector: Connector): void {}

  /** The attempt failed. */
  clientConnectionFailed(_connector: Connector, _reason: Failure): void {}

  /** The connection it made was lost. */
  clientConnectionLost(_connector: Connector, _reason: Failure): void {}
}
