/** A million timers: `timers.ts ours|host cancel|fire`. Prints nanoseconds of wall time for each. */
import { reactor } from "@ropewalk/reactor";

const COUNT = 1_000_000;
const FAR = 1000; // seconds
const [side, what] = Deno.args as ["ours" | "host", "cancel" | "fire"];

/** Deterministic delays in no order, between 0 and 1. */
let seed = 1;
function random(): number {
  seed = (seed * 48_271) % 2_147_483_647;
  return seed / 2_147_483_647;
}

async function cancelled(): Promise<void> {
  if (side === "ours") {
    const calls = Array.from({ length: COUNT }, () => reactor.callLater(FAR * random() + FAR, () => {}));
    for (const call of calls) call.cancel();
  } else {
    const timers = Array.from({ length: COUNT }, () => setTimeout(() => {}, 1000 * (FAR * random() + FAR)));
    for (const timer of timers) clearTimeout(timer);
  }
  await Promise.resolve();
}

function fired(): Promise<void> {
  return new Promise((resolve) => {
    let left = COUNT;
    const fire = () => {
      if (--left === 0) resolve();
    };
    for (let i = 0; i < COUNT; i++) {
      if (side === "ours") reactor.callLater(random() / 10, fire);
      else setTimeout(fire, random() * 100);
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
