import { Clock, StringTransport } from "@ropewalk/testing";
import { assert, assertEquals } from "@std/assert";
import { DO, IAC, Telnet } from "./telnet/mod.ts";
import { WebSocketConnection } from "./websocket/connection.ts";

/** Sends a peer's chunk again and again, until the connection is aborted; how many bytes were answered. */
function answered(reads: boolean, connect: (transport: StringTransport) => void, send: () => void): number {
  const transport = new StringTransport({ reactor: new Clock() });
  connect(transport);
  const unsent = (): number => reads ? 0 : transport.value().length;
  Object.defineProperty(transport, "unsentBytes", { get: unsent });
  for (let i = 0; i < 400 && !transport.aborting; i++) send();
  assertEquals(transport.aborting, !reads);
  return transport.value().length;
}

Deno.test("a far end that asks for options and does not read the answers is cut off", () => {
  const telnet = new Telnet();
  const asks = new Uint8Array(3000);
  for (let i = 0; i < asks.length; i += 3) asks.set([IAC, DO, 99], i);
  const ask = () => telnet.dataReceived(asks);
  assert(answered(false, (transport) => telnet.makeConnection(transport), ask) < 200_000);
  const patient = new Telnet();
  const all = answered(
    true,
    (transport) => patient.makeConnection(transport),
    () => patient.dataReceived(asks),
  );
  assertEquals(all, 400 * asks.length);
});

Deno.test("a peer that pings and does not read the pongs is cut off", () => {
  const ping = new Uint8Array(131); // masked, with 125 bytes of zeros
  ping.set([0x89, 0x80 | 125]);
  const pings = new Uint8Array(131 * 100);
  for (let i = 0; i < pings.length; i += 131) pings.set(ping, i);
  for (const reads of [false, true]) {
    const connection = new WebSocketConnection(true);
    const pongs = answered(
      reads,
      (transport) => connection.makeConnection(transport),
      () => connection.dataReceived(pings),
    );
    if (reads) assertEquals(pongs, 400 * 100 * 127);
    else assert(pongs < 1_300_000);
  }
});
