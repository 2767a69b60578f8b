// A stock client library (npm:memcached), which says what it got as JSON.
import process from "node:process";
import { promisify } from "node:util";
import Memcached from "npm:memcached@^2.2.2";

const client = new Memcached(process.argv[2], { retries: 0 });
const call = (name, ...args) => promisify(client[name]).call(client, ...args);

(async () => {
  const got = {};
  got.set = await call("set", "a", "välue", 100);
  got.get = await call("get", "a");
  got.add = await call("add", "a", "x", 100).then(() => "stored", () => "refused");
  await call("set", "n", 41, 0);
  got.incr = await call("incr", "n", 1);
  const multi = await call("getMulti", ["a", "n", "none"]);
  got.multi = { a: multi.a, n: Number(multi.n) };
  const { cas } = await call("gets", "a");
  got.cas = await call("cas", "a", "välue", cas, 100);
  await call("append", "a", "+");
  got.append = await call("get", "a");
  got.del = await call("del", "a");
  got.gone = (await call("get", "a")) === undefined;
  console.log(JSON.stringify(got));
  client.end();
})();
