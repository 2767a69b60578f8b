/**
 * The store of another process, over PB: the same interface, its answers on the way. It connects again whenever the
 * connection is lost; meanwhile every question fails with `StoreUnreachable`. So does one that is not answered in time:
 * a host that is gone does not say so, and that connection is given up.
 */
import { type Deferred, fail, type Failure, TimeoutError } from "@ropewalk/deferred";
import type { Connector, DelayedCall, Reactor } from "@ropewalk/reactor/core";
import {
  type Broker,
  DeadReferenceError,
  PBClientFactory,
  PBConnectionLost,
  type RemoteReference,
} from "@ropewalk/spread";
import type { KeyValueRoot } from "./pb_service.ts";
import { type Entry, type Store, StoreUnreachable } from "./store.ts";

const RETRY_SECONDS = 1;
const PATIENCE_SECONDS = 5;

export class RemoteStore extends PBClientFactory implements Store {
  #root: RemoteReference<KeyValueRoot> | null = null;
  #retry: DelayedCall | null = null;
  #stopped = false;

  constructor(readonly reactor: Reactor, host: string, port: number) {
    super();
    reactor.connectTCP(host, port, this, { timeoutSeconds: 5 });
  }

  get(key: string): Deferred<string> {
    return this.#ask((root) => root.callRemote("get", key));
  }

  set(key: string, value: string): Deferred<void> {
    return this.#ask((root) => root.callRemote("set", key, value).addCallback(() => {}));
  }

  delete(key: string): Deferred<void> {
    return this.#ask((root) => root.callRemote("delete", key).addCallback(() => {}));
  }

  entries(): Deferred<Entry[]> {
    return this.#ask((root) => root.callRemote("entries"));
  }

  /** Gives the connection up for good. */
  stop(): void {
    this.#stopped = true;
    if (this.#retry?.active()) this.#retry.cancel();
    this.disconnect();
  }

  #ask<T>(question: (root: RemoteReference<KeyValueRoot>) => Deferred<T>): Deferred<T> {
    if (this.#root === null) return fail(new StoreUnreachable());
    const { broker } = this.#root;
    return question(this.#root).addTimeout(PATIENCE_SECONDS, this.reactor).addErrback((failure) => {
      if (
        failure.trap(PBConnectionLost, DeadReferenceError, TimeoutError) === TimeoutError &&
        !broker.disconnected
      ) {
        broker.transport.abortConnection();
      }
      throw new StoreUnreachable({ cause: failure.value });
    });
  }

  override clientConnectionMade(broker: Broker): void {
    super.clientConnectionMade(broker);
    this.getRootObject<KeyValueRoot>().addCallback((root) => void (this.#root = root));
  }

  override clientConnectionFailed(connector: Connector, reason: Failure): void {
    super.clientConnectionFailed(connector, reason);
    this.#again(connector);
  }

  override clientConnectionLost(connector: Connector, reason: Failure): void {
    this.#root = null;
    super.clientConnectionLost(connector, reason);
    this.#again(connector);
  }

  #again(connector: Connector): void {
    if (!this.#stopped) this.#retry = this.reactor.callLater(RETRY_SECONDS, () => connector.connect());
  }
}
