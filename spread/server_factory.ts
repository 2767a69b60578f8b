/**
 * `PBServerFactory`: serves a root object, or logs users in through a portal.
 * @module
 */
import type { Portal } from "@ropewalk/cred";
import { ServerFactory } from "@ropewalk/protocols";
import type { Address } from "@ropewalk/reactor/core";
import { Broker } from "./broker.ts";
import type { BrokerOptions } from "./broker_options.ts";
import { PortalRoot } from "./login.ts";
import type { CallTarget } from "./referenceable.ts";

/** What has a root object for each connection. */
export interface RootSource {
  /** The root for one connection. */
  rootObject(broker: Broker): CallTarget;
}

/**
 * A factory for ports that speak Perspective Broker.
 *
 * @example
 * ```ts
 * import { PBServerFactory, Root } from "@ropewalk/spread";
 *
 * class Echoer extends Root {
 *   remote_echo(text: string): string {
 *     return text;
 *   }
 * }
 * const factory = new PBServerFactory(new Echoer());
 * // reactor.listenTCP(8789, factory);
 * ```
 */
export class PBServerFactory extends ServerFactory {
  readonly #root: RootSource | CallTarget;
  readonly #options: BrokerOptions;

  /**
   * Makes one.
   *
   * @param root What clients get from `getRootObject`: a `Root` or another referenceable; or a `Portal`, for `login`.
   * @param options For each connection.
   */
  constructor(root: RootSource | CallTarget | Portal, options: BrokerOptions = {}) {
    super();
    this.#root = isPortal(root) ? new PortalRoot(root) : root;
    this.#options = options;
  }

  /** Whether peers get the stacks of our errors. */
  get unsafeTracebacks(): boolean {
    return this.#options.unsafeTracebacks ?? false;
  }

  /** A broker with the root in it. */
  override buildProtocol(_address?: Address): Broker {
    const broker = new Broker(false, this.#options);
    const root = this.#root;
    broker.setNameForLocal("root", "rootObject" in root ? root.rootObject(broker) : root);
    return this.adopt(broker);
  }
}

function isPortal(root: object): root is Portal {
  const { rootObject, login } = root as { rootObject?: unknown; login?: unknown };
  return typeof login === "function" && typeof rootObject !== "function";
}
