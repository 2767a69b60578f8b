import type { PushProducer } from "@ropewalk/reactor/core";
import type { StringTransport } from "@ropewalk/testing";
import { assert, assertEquals } from "@std/assert";
import { concatBytes } from "../bytes.ts";
import { Protocol } from "../protocol.ts";
import { AMP } from "./amp.ts";
import { Command } from "./command.ts";
import { String_ } from "./arguments.ts";

import { box, connect } from "./_helpers_test.ts";

class Fetch extends Command {
  static override response = { page: new String_() };
}

class Away extends Command {}

const ASK = box(["_ask", "1"], ["_command", "Fetch"]);
const PAGE = { page: new Uint8Array(10_000) };

/** A peer whose reading can be stopped: the transport has more to send than it may hold. */
function asking(maxUnreadBytes: number) {
  const { amp, transport } = connect(new AMP({ maxUnreadBytes }));
  amp.respond(Fetch, () => PAGE);
  const ask = (times: number) => amp.dataReceived(concatBytes(new Array(times).fill(ASK)));
  return { amp, transport, ask, reader: stopReading(transport) };
}

function stopReading(transport: StringTransport) {
  const reader = { reads: false };
  const register = transport.registerProducer.bind(transport);
  transport.registerProducer = (producer, streaming) => {
    register(producer, streaming);
    if (!reader.reads) (producer as PushProducer).pauseProducing();
  };
  return reader;
}

Deno.test("AMP cuts off a peer that asks on and on and reads no answers", () => {
  const { transport, ask } = asking(1_000_000);
  ask(90);
  assert(!transport.aborting);
  ask(20);
  assert(transport.aborting);
});

Deno.test("AMP answers a peer that reads as much as it asks for", () => {
  const { transport, ask, reader } = asking(1_000_000);
  for (let i = 0; i < 20; i++) {
    ask(50);
    (transport.producer as PushProducer | null)?.resumeProducing(); // it has caught up
    assertEquals(transport.producer, null);
  }
  reader.reads = true;
  for (let i = 0; i < 20; i++) ask(50);
  assert(!transport.aborting);
  assertEquals(transport.producer, null);
});

Deno.test("AMP leaves the transport to a producer of the program's, and to the protocol in its place", () => {
  const producer: PushProducer = { pauseProducing() {}, resumeProducing() {}, stopProducing() {} };
  const own = asking(1_000_000);
  own.transport.registerProducer(producer, true);
  own.ask(200);
  assert(!own.transport.aborting);
  const other = asking(1_000_000);
  other.amp.respondBySwitching(Away, () => new Protocol());
  other.ask(20);
  assert(other.transport.producer !== null);
  other.amp.dataReceived(box(["_ask", "2"], ["_command", "Away"]));
  other.transport.registerProducer(producer, true);
  assertEquals(other.transport.producer, producer);
});
