/**
 * One end of the Perspective Broker benchmark and of its rivals in JavaScript:
 * `pb_work.ts STACK server` prints its port; `pb_work.ts STACK client PORT PID WORK SECONDS` prints what the server spent.
 * @module
 */
import { PBClientFactory, PBServerFactory, Root } from "@ropewalk/spread";
import { type IPv4Address, reactor } from "@ropewalk/reactor";
import { newRpcSession } from "./_pb_capnweb.ts";

/** A record of about 1 KiB as JSON, and a structure of about 64 KiB. */
const record = (i: number) => ({
  id: i,
  score: i / 7,
  label: `item number ${i}`,
  ok: i % 2 === 0,
  tags: ["x", `y${i % 10}`],
});
const PAYLOADS: Record<string, unknown> = {
  sequential: "hello",
  pipelined: "hello",
  "1KiB": { rows: Array.from({ length: 11 }, (_, i) => record(i)) },
  "64KiB": { rows: Array.from({ length: 720 }, (_, i) => record(i)) },
};
const IN_FLIGHT: Record<string, number> = { sequential: 1, pipelined: 64, "1KiB": 16, "64KiB": 4 };

type Call = (value: unknown, done: () => void) => void;

const stacks: Record<string, { serve(): Promise<number>; connect(port: number): Promise<Call> }> = {
  ropewalk: {
    async serve() {
      class Echo extends Root {
        remote_echo(value: unknown): unknown {
          return value;
        }
      }
      const port = reactor.listenTCP(0, new PBServerFactory(new Echo()), { hostname: "127.0.0.1" });
      await port.ready;
      return (port.getHost() as IPv4Address).port;
    },
    async connect(port) {
      const factory = new PBClientFactory();
      reactor.connectTCP("127.0.0.1", port, factory);
      const root = await factory.getRootObject();
      return (value, done) => void root.callRemote("echo", value).addCallback(done);
    },
  },
  capnweb: {
    serve: () => Promise.resolve(newRpcSession.listen((value) => value)),
    async connect(port) {
      const stub = await newRpcSession.connect(port);
      return (value, done) => void stub.echo(value).then(done);
    },
  },
  grpc: {
    async serve() {
      const grpc = await import("npm:@grpc/grpc-js@^1.14.7");
      const server = new grpc.Server();
      server.addService(await grpcService(), {
        // deno-lint-ignore no-explicit-any -- the rival's own callback types
        echo: (call: any, callback: any) => callback(null, call.request),
      });
      return await new Promise<number>((resolve, reject) =>
        server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
          if (error) reject(error);
          else resolve(port);
        })
      );
    },
    async connect(port) {
      const grpc = await import("npm:@grpc/grpc-js@^1.14.7");
      const Client = grpc.makeGenericClientConstructor(await grpcService(), "Echo");
      const client = new Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
      return (value, done) => void client.echo!(value, done);
    },
  },
};

// Text as bytes in place of protocol buffers: less work for the rival than its usual encoding.
async function grpcService() {
  const { Buffer } = await import("node:buffer");
  const serialize = (value: string) => Buffer.from(value);
  const deserialize = (bytes: Uint8Array) => Buffer.from(bytes).toString();
  return {
    echo: {
      path: "/Echo/echo",
      requestStream: false,
      responseStream: false,
      requestSerialize: serialize,
      requestDeserialize: deserialize,
      responseSerialize: serialize,
      responseDeserialize: deserialize,
    },
  };
}

/** User and system time of a process so far, in seconds (the clock's ticks are 10 ms). */
function cpuSeconds(pid: string): number {
  const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Keeps calls in flight for some seconds; how many were answered. */
function load(call: Call, value: unknown, inFlight: number, seconds: number): Promise<number> {
  return new Promise((resolve) => {
    const until = performance.now() + seconds * 1000;
    let answered = 0;
    let running = inFlight;
    let sinceLooked = 0;
    let over = false;
    const done = () => {
      answered++;
      if (++sinceLooked >= 32 || inFlight < 64) {
        sinceLooked = 0;
        over ||= performance.now() >= until;
      }
      if (!over) call(value, done);
      else if (--running === 0) resolve(answered);
    };
    for (let i = 0; i < inFlight; i++) call(value, done);
  });
}

if (import.meta.main) {
  const [name, role, port, pid, work, seconds] = Deno.args as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const stack = stacks[name]!;
  if (role === "server") console.log(await stack.serve());
  else {
    const call = await stack.connect(Number(port));
    const value = PAYLOADS[work];
    await load(call, value, IN_FLIGHT[work]!, 1);
    const before = cpuSeconds(pid);
    const started = performance.now();
    const calls = await load(call, value, IN_FLIGHT[work]!, Number(seconds));
    const wall = (performance.now() - started) / 1000;
    console.log(JSON.stringify({ calls, cpu: cpuSeconds(pid) - before, wall }));
    Deno.exit();
  }
}
