/**
 * Reactors whose time and signals are the test's.
 * @module
 */
import { Clock } from "@ropewalk/testing";
import { type HostClock, ReactorBase } from "./reactor_base.ts";

/** A clock of the tests, as a host's. */
export function hostClock(clock: Clock): HostClock {
  return {
    seconds: () => clock.seconds(),
    set: (f, milliseconds) => clock.callLater(milliseconds / 1000, f),
    clear: (call) => (call as ReturnType<Clock["callLater"]>).cancel(),
  };
}

/** A reactor without sockets. */
export class ToldReactor extends ReactorBase {
  /** Sends it a signal; `null` while it does not listen to any. */
  signal: (() => void) | null = null;

  constructor(readonly time: Clock = new Clock()) {
    super(hostClock(time));
  }

  protected override handleSignals(stop: () => void): () => void {
    this.signal = stop;
    return () => this.signal = null;
  }
}

/** For what does no TLS. */
export const noUpgrades = {
  serveTLS: () => Promise.reject(new Error("not here")),
  connectTLS: () => Promise.reject(new Error("not here")),
};

/** Lets promises run. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}
