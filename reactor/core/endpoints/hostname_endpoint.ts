/**
 * `HostnameEndpoint`: the addresses of a name, raced as RFC 8305 says.
 *
 * ```text
 *   2001:db8::1  ├───────── … ────────────────┤ gives up when another is through
 *   192.0.2.1        ├── fails ┤
 *   2001:db8::2                ├────── through ┤      a failure starts the next at once, silence after 0.25 s
 * ```
 * @module
 */
import { Deferred, type Failure } from "@ropewalk/deferred";
import { ConnectingCancelledError, DNSLookupError } from "../errors.ts";
import type {
  ConnectTCPOptions,
  DelayedCall,
  ReactorTCP,
  ReactorTime,
  StreamProtocol,
} from "../interfaces.ts";
import { type ClientEndpoint, connectWith, type FactoryOf } from "./endpoint.ts";

/** What {@linkcode HostnameEndpoint} needs of a reactor. One that cannot resolve is asked to connect by name. */
export interface ResolvingReactor extends Pick<ReactorTCP, "connectTCP">, ReactorTime {
  /** The addresses of a name, preferred first. */
  resolveHost?(name: string): Deferred<string[]>;
}

/** Options of {@linkcode HostnameEndpoint}. */
export interface HostnameEndpointOptions extends ConnectTCPOptions {
  /** How long one attempt is alone before the next begins. @default 0.25 */
  attemptDelaySeconds?: number;
}

/** Connects to whichever address of a name answers first. */
export class HostnameEndpoint implements ClientEndpoint {
  readonly #reactor: ResolvingReactor;
  readonly #delay: number;
  readonly #options: ConnectTCPOptions;

  /**
   * Makes one.
   *
   * @param reactor Does the connecting.
   * @param host A name, or an address. International names are taken.
   * @param port 1 to 65535.
   * @param options Time-outs and local address.
   */
  constructor(
    reactor: ResolvingReactor,
    readonly host: string,
    readonly port: number,
    options: HostnameEndpointOptions = {},
  ) {
    const { attemptDelaySeconds = 0.25, ...rest } = options;
    this.#reactor = reactor;
    this.#delay = attemptDelaySeconds;
    this.#options = rest;
  }

  /** Connects; see {@linkcode ClientEndpoint.connect}. */
  connect<P extends StreamProtocol>(factory: FactoryOf<P>): Deferred<P> {
    let host: string;
    try {
      host = /[:%]/.test(this.host) ? this.host : encodeHost(this.host);
    } catch {
      const failed = new Deferred<P>();
      failed.errback(new DNSLookupError(`Cannot resolve ${JSON.stringify(this.host)}: it is no host name`));
      return failed;
    }
    const one = (address: string): Deferred<P> =>
      connectWith((watched) => this.#reactor.connectTCP(address, this.port, watched, this.#options), factory);
    if (this.#reactor.resolveHost === undefined) return one(host);
    return new Race<P>(this.#reactor, this.#delay, `${this.host}:${this.port}`, one).run(
      this.#reactor.resolveHost(host),
    );
  }
}

function encodeHost(host: string): string {
  if (host === "" || /[\s/?#@\\]/.test(host)) throw new TypeError("no host name");
  return new URL(`http://${host}`).hostname;
}

/** Addresses of both families in turn, each family in the order given. */
export function interleave(addresses: readonly string[]): string[] {
  const isSix = (address: string): boolean => address.includes(":");
  const first = addresses.filter((address) => isSix(address) === isSix(addresses[0] ?? ""));
  const second = addresses.filter((address) => !first.includes(address));
  return Array.from({ length: Math.max(first.length, second.length) }, (_, i) => [first[i], second[i]]).flat()
    .filter((address) => address !== undefined);
}

class Race<P extends StreamProtocol> {
  readonly #done: Deferred<P>;
  readonly #running = new Set<Deferred<P>>();
  #addresses: string[] = [];
  #resolving: Deferred<unknown> | null = null;
  #next: DelayedCall | null = null;
  #last: Failure | Error | null = null;
  #cancelled = false;

  constructor(
    readonly reactor: ReactorTime,
    readonly delay: number,
    readonly where: string,
    readonly attempt: (address: string) => Deferred<P>,
  ) {
    this.#done = new Deferred<P>((d) => {
      this.#stop();
      d.errback(new ConnectingCancelledError(where));
    });
  }

  run(resolving: Deferred<string[]>): Deferred<P> {
    this.#resolving = resolving;
    resolving.addCallbacks((addresses) => {
      this.#resolving = null;
      this.#addresses = interleave(addresses);
      this.#last = new DNSLookupError(`Cannot resolve ${this.where}: it has no address`);
      this.#start();
    }, (failure) => {
      if (!this.#cancelled) this.#done.errback(failure);
    });
    return this.#done;
  }

  #start(): void {
    if (this.#next?.active()) this.#next.cancel();
    this.#next = null;
    if (this.#cancelled) return;
    const address = this.#addresses.shift();
    if (address === undefined) {
      if (this.#running.size === 0) this.#done.errback(this.#last!);
      return;
    }
    if (this.#addresses.length > 0) this.#next = this.reactor.callLater(this.delay, () => this.#start());
    const attempt = this.attempt(address);
    this.#running.add(attempt);
    attempt.addCallbacks((protocol) => {
      this.#running.delete(attempt);
      this.#stop();
      this.#done.callback(protocol);
    }, (failure) => {
      this.#running.delete(attempt);
      if (this.#cancelled) return;
      this.#last = failure;
      this.#start();
    });
  }

  #stop(): void {
    this.#cancelled = true;
    if (this.#next?.active()) this.#next.cancel();
    this.#resolving?.cancel();
    for (const attempt of [...this.#running]) attempt.cancel();
  }
}
