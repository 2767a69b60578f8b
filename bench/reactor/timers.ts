/** A million timers: `timers.ts ours|host cancel|fire`. Prints nanoseconds of wall time for each. */
import { type DelayedCall, reactor } from "@ropewalk/reactor";

const COUNT = 1_000_000;
const FAR = 1000; // seconds
const [side, what] = Deno.args as ["ours" | "host", "cancel" | "fire"];

/** Deterministic delays in no order, between 0 and 1: made beforehand, as they are not what is measured. */
const delays = new Float64Array(COUNT);
for (let i = 0, seed = 1; i < COUNT; i++) {
  seed = (seed * 48_271) % 2_147_483_647;
  delays[i] = seed / 2_147_483_647;
}

function cancelled(): void {
  if (side === "ours") {
    const calls = new Array<DelayedCall>(COUNT);
    for (let i = 0; i < COUNT; i++) calls[i] = reactor.callLater(FAR * delays[i]! + FAR, () => {});
    for (const call of calls) call.cancel();
  } else {
    const timers = new Array<ReturnType<typeof setTimeout>>(COUNT);
    for (let i = 0; i < COUNT; i++) timers[i] = setTimeout(() => {}, 1000 * (FAR * delays[i]! + FAR));
    for (const timer of timers) clearTimeout(timer);
  }
}

function fired(): Promise<void> {
  return new Promise((resolve) => {
    let left = COUNT;
    const fire = () => {
      if (--left === 0) resolve();
    };
    for (let i = 0; i < COUNT; i++) {
      if (side === "ours") reactor.callLater(delays[i]! / 10, fire);
      else setTimeout(fire, delays[i]! * 100);
    }
  });
}

reactor.callWhenRunning(async () => {
  const began = performance.now();
  await (what === "cancel" ? cancelled() : fired());
  console.log(JSON.stringify((performance.now() - began) / COUNT * 1e6));
  Deno.exit();
});
await reactor.run();
