/**
 * undici's side of `web_client.bench.ts`, for Node: the same work as in `web_client_work.ts`.
 *
 *     node web_client_undici.mjs URL COUNT (path of undici)
 */
const IN_FLIGHT = 64;
const [url, countText, undici] = process.argv.slice(2);
const count = Number(countText);
const { Pool } = await import(undici);
const { origin, pathname } = new URL(url);
const pool = new Pool(origin, { connections: IN_FLIGHT, pipelining: 1 });

async function run(n) {
  let left = n;
  async function worker() {
    while (left-- > 0) {
      const { body } = await pool.request({ path: pathname, method: "GET" });
      const text = await body.text();
      if (text !== "hello, world\n") throw new Error(`Another answer than expected: ${JSON.stringify(text)}`);
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
}

await run(Math.min(20_000, count)); // warm
const before = process.cpuUsage();
const started = performance.now();
await run(count);
const wall = performance.now() - started;
const { user, system } = process.cpuUsage(before);
console.log(JSON.stringify({ cpu: (user + system) / count, perSecond: count / (wall / 1000) }));
process.exit(0);
