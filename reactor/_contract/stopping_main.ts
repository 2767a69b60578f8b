/** A program with everything open that keeps a process alive. It ends by itself once its reactor has stopped. */
import { connected } from "./recorder.ts";
import { LoopingCall } from "../core/task/looping_call.ts";
import { DenoReactor } from "../deno/deno_reactor.ts";

const reactor = new DenoReactor();
const handler = { makeConnection() {}, datagramReceived() {}, doStart() {}, doStop() {} };
reactor.listenUDP(0, handler as never, { hostname: "127.0.0.1" });
const loop = new LoopingCall(() => {});
loop.clock = reactor;
loop.start(0.01);
reactor.callLater(3600, () => {});
reactor.callWhenRunning(async () => {
  await connected(reactor);
  console.log("running");
});
await reactor.run();
console.log("over");
