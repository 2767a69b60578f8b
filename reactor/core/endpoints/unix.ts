/**
 * UNIX socket endpoints.
 * @module
 */
import type { Deferred } from "@ropewalk/deferred";
import type {
  ListeningPort,
  ListenUNIXOptions,
  ProtocolFactory,
  ReactorUNIX,
  StreamProtocol,
} from "../interfaces.ts";
import {
  type ClientEndpoint,
  connectWith,
  type FactoryOf,
  listenWith,
  type ServerEndpoint,
} from "./endpoint.ts";

/** Listens on a path. */
export class UNIXServerEndpoint implements ServerEndpoint {
  /**
   * Makes one.
   *
   * @param reactor Does the listening.
   * @param path The socket file.
   * @param options Mode, backlog and the like.
   */
  constructor(
    protected readonly reactor: ReactorUNIX,
    readonly path: string,
    readonly options: ListenUNIXOptions = {},
  ) {}

  /** Listens; see {@linkcode ServerEndpoint.listen}. */
  listen(factory: ProtocolFactory): Deferred<ListeningPort> {
    return listenWith(() => this.reactor.listenUNIX(this.path, factory, this.options));
  }
}

/** Connects to a path. */
export class UNIXClientEndpoint implements ClientEndpoint {
  /**
   * Makes one.
   *
   * @param reactor Does the connecting.
   * @param path The socket file.
   * @param options Time-out.
   */
  constructor(
    protected readonly reactor: ReactorUNIX,
    readonly path: string,
    readonly options: { timeoutSeconds?: number } = {},
  ) {}

  /** Connects; see {@linkcode ClientEndpoint.connect}. */
  connect<P extends StreamProtocol>(factory: FactoryOf<P>): Deferred<P> {
    return connectWith((watched) => this.reactor.connectUNIX(this.path, watched, this.options), factory);
  }
}
