/**
 * One side of `web_client.bench.ts`: keeps 64 GETs in flight over 64 connections, and prints its CPU time for each.
 *
 *     web_client_work.ts (callbacks | await | fetch) URL COUNT
 */
import process from "node:process";

const IN_FLIGHT = 64;
const [side, url, countText] = Deno.args as [string, string, string];
const count = Number(countText);

type Get = () => PromiseLike<string>;

async function makeGet(): Promise<Get> {
  if (side === "fetch") return async () => await (await fetch(url)).text();
  const agent = await makeAgent();
  return async () => await (await agent.request("GET", url)).text();
}

async function makeAgent() {
  const { reactor } = await import("@ropewalk/reactor");
  const { Agent, HTTPConnectionPool } = await import("@ropewalk/web/client");
  return new Agent(reactor, { pool: new HTTPConnectionPool(reactor, { maxPersistentPerHost: IN_FLIGHT }) });
}

/** Makes `n` requests by promises. */
async function byPromises(get: Get, n: number): Promise<void> {
  let left = n;
  async function worker(): Promise<void> {
    while (left-- > 0) check(await get());
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
}

/** Makes requests by callbacks, as programs of Ropewalk do. */
async function byCallbacks(): Promise<(n: number) => Promise<void>> {
  const agent = await makeAgent();
  return (n) =>
    new Promise((resolve) => {
      let left = n;
      let open = n;
      const done = (text: string) => {
        check(text);
        if (--open === 0) resolve();
        else next();
      };
      const read = (response: { text(): { addCallback(f: (text: string) => void): unknown } }) => {
        response.text().addCallback(done);
      };
      const next = () => {
        if (left-- > 0) agent.request("GET", url).addCallback(read);
      };
      for (let i = 0; i < IN_FLIGHT; i++) next();
    });
}

function check(text: string): void {
  if (text !== "hello, world\n") throw new Error(`Another answer than expected: ${JSON.stringify(text)}`);
}

let run: (n: number) => Promise<void>;
if (side === "callbacks") run = await byCallbacks();
else {
  const get = await makeGet();
  run = (n) => byPromises(get, n);
}
await run(Math.min(20_000, count)); // warm
const before = process.cpuUsage();
const started = performance.now();
await run(count);
const wall = performance.now() - started;
const { user, system } = process.cpuUsage(before);
console.log(JSON.stringify({ cpu: (user + system) / count, perSecond: count / (wall / 1000) }));
Deno.exit(0);
