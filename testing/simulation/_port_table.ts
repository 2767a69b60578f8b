/**
 * Which ports of a host are taken.
 * @module
 */
import { type Address, CannotListenError, ipAddress, UNIXAddress } from "@ropewalk/reactor/core";
import { checkPort } from "../_check_port.ts";
import type { SimulatedHost } from "./simulated_host.ts";

const WILDCARDS = ["0.0.0.0", "::", ""];
const FIRST_EPHEMERAL = 49_152;

/** A table of the ports of one kind, `host:port` to whoever is bound there. */
export class PortTable<P extends object> {
  readonly #bound = new Map<string, P[]>();
  readonly #where = new Map<P, string>();
  #nextEphemeral = FIRST_EPHEMERAL;

  constructor(readonly kind: "TCP" | "UDP") {}

  /**
   * Binds a port.
   *
   * @param port 0 takes one that is free.
   * @param shared Whether others may be bound there too, if they all say so.
   * @throws {CannotListenError} If it is taken, or the address is not the host's.
   */
  bind(host: SimulatedHost, hostname: string, port: number, owner: P, shared = false): Address {
    checkPort(port, "listen");
    const address = hostname === "localhost" ? "127.0.0.1" : hostname;
    const isOurs = WILDCARDS.includes(address) || address === "127.0.0.1" || address === "::1" ||
      host.has(address) || this.kind === "UDP" && /^(22[4-9]|23\d)\./.test(address);
    if (!isOurs) throw new CannotListenError(hostname, port, new Error("the address is not this host's"));
    const chosen = port === 0 ? this.#free() : port;
    const there = [...this.#at(chosen)].filter(([where]) => overlaps(where, address));
    if (there.length > 0 && !shared) {
      throw new CannotListenError(hostname, port, new Error("the port is in use"));
    }
    const key = `${address}|${chosen}`;
    const owners = this.#bound.get(key);
    if (owners) owners.push(owner);
    else this.#bound.set(key, [owner]);
    this.#where.set(owner, key);
    return ipAddress(this.kind, address === "" ? "0.0.0.0" : address, chosen);
  }

  /** Takes a binding back. */
  unbind(owner: P): void {
    const key = this.#where.get(owner);
    if (key === undefined) return;
    this.#where.delete(owner);
    const owners = this.#bound.get(key)!.filter((other) => other !== owner);
    if (owners.length === 0) this.#bound.delete(key);
    else this.#bound.set(key, owners);
  }

  /** Who hears what comes for an address and port; a binding to the address goes before one to all of them. */
  find(address: string, port: number): readonly P[] {
    for (const where of [address, ...WILDCARDS]) {
      const owners = this.#bound.get(`${where}|${port}`);
      if (owners !== undefined) return owners;
    }
    return [];
  }

  /** A port number that is free for an outgoing connection. */
  ephemeral(): number {
    const port = this.#nextEphemeral++;
    if (this.#nextEphemeral > 65_535) this.#nextEphemeral = FIRST_EPHEMERAL;
    return port;
  }

  /** Everybody who is bound. */
  all(): P[] {
    return [...this.#where.keys()];
  }

  #free(): number {
    for (let tries = 65_536 - FIRST_EPHEMERAL; tries > 0; tries--) {
      const port = this.ephemeral();
      if (this.#at(port).next().done) return port;
    }
    throw new CannotListenError("", 0, new Error("every port is in use"));
  }

  *#at(port: number): Generator<[string, P[]]> {
    for (const [key, owners] of this.#bound) {
      const [where, number] = key.split("|") as [string, string];
      if (Number(number) === port) yield [where, owners];
    }
  }

  /** The same for the paths of UNIX sockets. */
  static bindPath<P>(paths: Map<string, P>, path: string, owner: P): Address {
    if (paths.has(path)) throw new CannotListenError("", path, new Error("the path is in use"));
    paths.set(path, owner);
    return new UNIXAddress(path);
  }
}

function overlaps(a: string, b: string): boolean {
  return a === b || WILDCARDS.includes(a) || WILDCARDS.includes(b);
}
