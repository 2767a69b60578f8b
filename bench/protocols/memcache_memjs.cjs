// Gets and sets by npm:memjs under Node, 64 at a time, and says how much CPU it took.
const memjs = require("memjs");
const [port, count] = process.argv.slice(2).map(Number);
const cache = memjs.Client.create(`127.0.0.1:${port}`);
const value = "v".repeat(100);

async function run(operations) {
  let started = 0;
  await Promise.all(Array.from({ length: 64 }, async () => {
    while (started < operations) {
      const i = started++;
      if (i % 10 === 0) await cache.set(`key${i % 1000}`, value, { expires: 600 });
      else await cache.get(`key${i % 1000}`);
    }
  }));
}

(async () => {
  await run(count / 4);
  const before = process.cpuUsage();
  await run(count);
  const { user, system } = process.cpuUsage(before);
  console.log("cpu", (user + system) / count);
  process.exit();
})();
