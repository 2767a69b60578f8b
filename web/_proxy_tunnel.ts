/**
 * Two connections that are one: what comes by one goes out by the other, as fast as that takes it.
 * @module
 */
import type { Failure } from "@ropewalk/deferred";
import { Proxy } from "@ropewalk/protocols/portforward";

/** One side. The sides may be connected in any order; what comes before both are is kept. */
export class TunnelSide extends Proxy<unknown> {
  #other: TunnelSide | null = null;
  #early: Uint8Array[] = [];
  #over = false;

  /** Two sides that belong together. */
  static pair(): [TunnelSide, TunnelSide] {
    const near = new TunnelSide();
    const far = new TunnelSide();
    near.#other = far;
    far.#other = near;
    return [near, far];
  }

  /** Connected: if the other side is, too, they are tied together. */
  override connectionMade(): void {
    const other = this.#other!;
    if (this.#over || other.#over) return this.transport.loseConnection();
    if (!other.connected) return;
    this.join(other);
    for (const bytes of other.#early) this.transport.write(bytes);
    other.#early = [];
  }

  /** Passes some bytes on, or keeps them until there is somebody to pass them to. */
  override dataReceived(data: Uint8Array): void {
    if (this.peer === null && !this.#over) this.#early.push(data.slice());
    else super.dataReceived(data);
  }

  /** The other side goes, too. */
  override connectionLost(reason: Failure): void {
    this.#over = true;
    if (this.#other !== null) this.#other.#over = true;
    super.connectionLost(reason);
  }

  /** There will be no other side. */
  giveUp(): void {
    this.#over = true;
    this.#early = [];
    if (this.connected) this.transport.abortConnection();
  }
}
