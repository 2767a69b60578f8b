/** Gets and sets by our client, 64 at a time, and says how much CPU it took. */
import process from "node:process";
import { ClientCreator } from "@ropewalk/protocols";
import { MemCacheProtocol } from "@ropewalk/protocols/memcache";
import { reactor } from "@ropewalk/reactor";

const [port, count] = Deno.args.map(Number) as [number, number];
const cache = await new ClientCreator(reactor, MemCacheProtocol).connectTCP("127.0.0.1", port);
const value = "v".repeat(100);

async function run(operations: number): Promise<void> {
  let started = 0;
  await Promise.all(Array.from({ length: 64 }, async () => {
    while (started < operations) {
      const i = started++;
      if (i % 10 === 0) await cache.set(`key${i % 1000}`, value);
      else await cache.get(`key${i % 1000}`);
    }
  }));
}

await run(count / 4);
const before = process.cpuUsage();
await run(count);
const { user, system } = process.cpuUsage(before);
console.log("cpu", (user + system) / count);
Deno.exit();
