/**
 * Listening on a socket that somebody else has opened.
 * @module
 */
import type { Deferred } from "@ropewalk/deferred";
import type { ListeningPort, ProtocolFactory } from "../interfaces.ts";
import { listenWith, type ServerEndpoint } from "./endpoint.ts";

/** A reactor that may be able to adopt a socket. */
export interface AdoptingReactor {
  /** Listens on a socket that is bound and listens already. */
  adoptStreamPort(fd: number, factory: ProtocolFactory): ListeningPort;
}

/** Listens on a socket that was inherited. */
export class AdoptedStreamServerEndpoint implements ServerEndpoint {
  /**
   * Makes one.
   *
   * @param reactor Does the listening.
   * @param fd The number of the socket.
   */
  constructor(private readonly reactor: AdoptingReactor, readonly fd: number) {}

  /** Listens; fails with `NotSupportedError` where the host cannot adopt a socket. */
  listen(factory: ProtocolFactory): Deferred<ListeningPort> {
    return listenWith(() => this.reactor.adoptStreamPort(this.fd, factory));
  }
}
