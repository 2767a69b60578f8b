import { Failure } from "@ropewalk/deferred";
import { ConnectionLost, type PushProducer } from "@ropewalk/reactor/core";
import { Clock, StringTransport } from "@ropewalk/testing";
import { assert, assertEquals } from "@std/assert";
import { concatBytes } from "../bytes.ts";
import { Protocol } from "../protocol.ts";
import { AMP } from "./amp.ts";
import { Command } from "./command.ts";
import { RemoteAmpError } from "./errors.ts";
import { String_ } from "./arguments.ts";

import { stopReading } from "./_not_reading_test.ts";
import { box } from "./_helpers_test.ts";

class Fetch extends Command {
  static override response = { page: new String_() };
}

class Away extends Command {}

class Crash extends Command {}

const ASK = box(["_ask", "1"], ["_command", "Fetch"]);
const PAGE = { page: new Uint8Array(10_000) };
const ANSWER_BYTES = box(["_answer", "1"], ["page", "x".repeat(10_000)]).length;

/** A peer whose reading can be stopped: the transport has more to send than it may hold. */
function asking(maxUnreadBytes: number, clock = new Clock()) {
  const amp = new AMP({ maxUnreadBytes });
  const transport = new StringTransport({ reactor: clock });
  amp.makeConnection(transport);
  amp.respond(Fetch, () => PAGE);
  const ask = (times: number) => amp.dataReceived(concatBytes(new Array(times).fill(ASK)));
  return { amp, transport, ask, reader: stopReading(transport) };
}

Deno.test("AMP hears no more questions of a peer that has not read the answers, and then all of them", () => {
  const { amp, transport, ask } = asking(1_000_000);
  ask(90);
  assertEquals(transport.producerState, "producing");
  ask(30);
  ask(30);
  assertEquals(transport.producerState, "paused");
  assert(transport.value().length < 1_100_000);
  for (let i = 0; i < 3; i++) (transport.producer as PushProducer | null)?.resumeProducing();
  assertEquals(transport.value().length, 150 * ANSWER_BYTES);
  assertEquals(transport.producerState, "producing");
  amp.connectionLost(new Failure(new ConnectionLost()));
});

Deno.test("AMP cuts off a peer that asks on and on and reads no answers for a minute", () => {
  const clock = new Clock();
  const { amp, transport, ask } = asking(1_000_000, clock);
  ask(120);
  clock.advance(30);
  (transport.producer as PushProducer).resumeProducing();
  ask(120);
  clock.advance(59);
  assert(!transport.aborting);
  clock.advance(1);
  assert(transport.aborting);
  amp.connectionLost(new Failure(new ConnectionLost()));
  const lost = asking(1_000_000, clock);
  lost.ask(120);
  lost.amp.connectionLost(new Failure(new ConnectionLost()));
  assertEquals(clock.getDelayedCalls(), []);
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
  assertEquals(own.transport.producerState, "producing");
  const other = asking(1_000_000);
  other.amp.respondBySwitching(Away, () => new Protocol());
  other.ask(20);
  assert(other.transport.producer !== null);
  other.amp.dataReceived(box(["_ask", "2"], ["_command", "Away"]));
  other.transport.registerProducer(producer, true);
  assertEquals(other.transport.producer, producer);
  const late = asking(14 * ANSWER_BYTES); // the answer that switches is too much
  late.amp.respondBySwitching(Away, () => new Protocol());
  late.amp.dataReceived(
    concatBytes([...new Array(14).fill(ASK), box(["_ask", "2"], ["_command", "Away"]), ASK]),
  );
  assertEquals([late.transport.producerState, late.transport.producer], ["producing", null]);
  assertEquals(late.transport.value().length, 14 * ANSWER_BYTES + box(["_answer", "2"]).length);
});

Deno.test("AMP that is closing asks for no more pauses", () => {
  const { amp, transport, ask } = asking(100_000);
  ask(7);
  amp.respond(Crash, () => {
    throw new RemoteAmpError("CRASH", "", true);
  });
  amp.dataReceived(concatBytes([box(["_ask", "3"], ["_command", "Crash"]), ...new Array(10).fill(ASK)]));
  assert(transport.disconnecting);
});
