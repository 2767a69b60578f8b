/**
 * Our client and server and Twisted's, in all four pairs, over every case. Both ends of Twisted are `peer.py` under a real
 * Twisted; `bad` lines and missing cases fail.
 */
import { reactor } from "@ropewalk/reactor";
import { setErrorReporter } from "@ropewalk/deferred";
import { PBClientFactory } from "@ropewalk/spread";
import { assertEquals } from "@std/assert";
import type { IPv4Address } from "@ropewalk/reactor/core";
import { CASES, World } from "./cases.ts";
import { serve } from "./server.ts";

const PYTHON = "/usr/bin/python3";
const PEER = new URL("./peer.py", import.meta.url).pathname;

/** Runs `use` with the four ports of a Twisted server. */
async function withTwistedServer(use: (ports: number[]) => Promise<void>): Promise<void> {
  const child = new Deno.Command(PYTHON, { args: [PEER, "server"], stdout: "piped", stderr: "null" }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  try {
    let text = "";
    while (!text.includes("\n")) {
      const { value, done } = await reader.read();
      if (done) throw new Error("The Twisted server ended before it told its ports");
      text += value;
    }
    await use(text.trim().split(" ").slice(1).map(Number));
  } finally {
    child.kill("SIGKILL");
    await reader.cancel();
    await child.status;
  }
}

/** Runs `use` with the four ports of our own server; the errors that the cases provoke there are not news. */
async function withOurServer(use: (ports: number[]) => Promise<void>): Promise<void> {
  const listening = serve(reactor);
  const previous = setErrorReporter(() => {});
  try {
    await use(listening.map((port) => (port.getHost() as IPv4Address).port));
  } finally {
    for (const port of listening) await port.stopListening();
    await quiet();
    setErrorReporter(previous);
  }
}

/** Waits until every connection of this process is closed, so that none is left to the next test. */
async function quiet(): Promise<void> {
  while (reactor.stats().connections > 0) {
    await new Promise<void>((resolve) => reactor.callLater(0.01, resolve));
  }
}

/** Our client, all cases. */
async function runOurCases(t: Deno.TestContext, ports: number[], ropewalk: boolean): Promise<void> {
  const factory = new PBClientFactory();
  reactor.connectTCP("127.0.0.1", ports[0]!, factory);
  const root = await factory.getRootObject();
  const world = new World(reactor, ports, root);
  for (const [name, run] of Object.entries(CASES)) await t.step(name, () => run(world));
  await t.step("pipelining, which only another Ropewalk hears of", async () => {
    const first = await root.pipeline("counter").callRemote("add", 1) as number;
    assertEquals(await root.pipeline("counter").callRemote("add", 1), first + 1);
    assertEquals(root.broker.agreed, ropewalk);
  });
  factory.disconnect();
  await quiet();
}

/** Twisted's client, all cases. */
async function runTwistedCases(t: Deno.TestContext, ports: number[]): Promise<void> {
  const { stdout, stderr } = await new Deno.Command(PYTHON, { args: [PEER, "client", ...ports.map(String)] })
    .output();
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  for (const name of Object.keys(CASES)) {
    await t.step(name, () => {
      const line = lines.find((line) => line === `ok ${name}` || line.startsWith(`bad ${name}:`));
      assertEquals(line ?? new TextDecoder().decode(stderr).slice(-2000), `ok ${name}`);
    });
  }
  assertEquals(lines.filter((line) => line.startsWith("bad")), []);
}

Deno.test("our client and Twisted's server", (t) =>
  withTwistedServer((ports) => runOurCases(t, ports, false)));
Deno.test("our client and our server", (t) => withOurServer((ports) => runOurCases(t, ports, true)));
Deno.test("Twisted's client and our server", (t) => withOurServer((ports) => runTwistedCases(t, ports)));
Deno.test("Twisted's client and Twisted's server", (t) =>
  withTwistedServer((ports) => runTwistedCases(t, ports)));
