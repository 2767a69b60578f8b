import { Failure } from "@ropewalk/deferred";
import { ConnectionDone, IPv4Address } from "@ropewalk/reactor/core";
import { StringTransport, successResultOf } from "@ropewalk/testing";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { encodeUtf8 } from "../bytes.ts";
import { FakeReactor } from "./_fake_reactor_test.ts";
import { FTPClient } from "./client.ts";
import { MemoryFTPShell } from "./memory_shell.ts";
import { FTPFileError } from "./shell.ts";

const gc = (globalThis as { gc?: () => void }).gc;
const PIECES = 200_000;

function usedBytes(): number {
  assert(gc !== undefined, "run with --v8-flags=--expose-gc, as `deno task test` does");
  gc();
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

Deno.test("MemoryFTPShell takes no more for a file in tiny pieces than for one in large ones", () => {
  const shell = new MemoryFTPShell();
  const writer = shell.write(["tiny"], 0);
  const before = usedBytes();
  for (let i = 0; i < PIECES; i++) writer.write(Uint8Array.of(i & 255));
  assert(usedBytes() - before < 10 * PIECES, "a byte took ten and more");
  writer.close(true);
  const read = shell.read(["tiny"], 0).read(PIECES) as Uint8Array;
  assertEquals([read.length, read[1], read[300]], [PIECES, 1, 300 & 255]);
});

Deno.test("FTPClient takes no more for a file in tiny pieces than for one in large ones", () => {
  const reactor = new FakeReactor();
  const ftp = new FTPClient({ reactor });
  const peer = new IPv4Address("TCP", "10.0.0.1", 21);
  ftp.makeConnection(new StringTransport({ reactor, peer, lenient: true }));
  const say = (line: string) => ftp.dataReceived(encodeUtf8(`${line}\r\n`));
  const file = ftp.retrieve("f");
  say("220 hi");
  say("229 Entering (|||5000|)");
  const data = reactor.data(reactor.connecting[0]!.factory)!;
  say("150 coming");
  const before = usedBytes();
  for (let i = 0; i < PIECES; i++) data.protocol.dataReceived(Uint8Array.of(i & 255));
  assert(usedBytes() - before < 10 * PIECES, "a byte took ten and more");
  data.protocol.connectionLost(new Failure(new ConnectionDone()));
  say("226 done");
  const whole = successResultOf(file);
  assertEquals([whole.length, whole[1], whole[300]], [PIECES, 1, 300 & 255]);
});

Deno.test("MemoryFTPShell counts the names, too", () => {
  const shell = new MemoryFTPShell(undefined, 10_000);
  const long = "x".repeat(4000);
  shell.makeFolder([`a${long}`]);
  shell.makeFolder([`b${long}`]);
  assertThrows(() => shell.makeFolder([`c${long}`]), FTPFileError, "No space left");
  assertThrows(() => shell.write([`c${long}`], 0), FTPFileError, "No space left");
  shell.write(["c"], 0).close(true);
  assertThrows(() => shell.rename(["c"], [`c${long}`]), FTPFileError, "No space left");
  assertEquals(shell.list([]).length, 3);
  shell.rename([`b${long}`], ["b"]);
  shell.rename(["c"], [`c${long}`]);
  shell.rename([`c${long}`], ["c"]);
  shell.rename(["c"], [`c${long}`]);
  shell.removeFolder([`a${long}`]);
  const writer = shell.write([`d${long}`], 0);
  writer.write(new Uint8Array(1000));
  writer.close(false);
  for (let i = 0; i < 10; i++) {
    shell.write([`d${long}`], 0).close(true);
    shell.removeFile([`d${long}`]);
  }
});
