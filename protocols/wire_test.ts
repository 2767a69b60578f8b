import { assert, assertEquals } from "@std/assert";
import { Chargen, Daytime, Discard, Echo, QOTD, Time } from "./wire.ts";
import { connect } from "./_connect_test.ts";

Deno.test("Echo, Discard, QOTD, Daytime and Time do what they are there for", () => {
  assertEquals(connect(new Echo()).ask("hi"), "hi");
  assertEquals(connect(new Discard()).ask("hi"), "");
  assertEquals(connect(new QOTD(() => "be brief")).transport.text(), "be brief");
  const now = () => new Date(Date.UTC(2020, 0, 1));
  assertEquals(connect(new Daytime(now)).transport.text(), "Wed, 01 Jan 2020 00:00:00 GMT\r\n");
  const { transport } = connect(new Time(now));
  assertEquals([...transport.value()], [0xe1, 0xb6, 0x5f, 0x80]);
  assert(!transport.connected);
});

Deno.test("Chargen sends its pattern until it is told to hold, and lets others have their turn", () => {
  const { transport, clock, protocol } = connect(new Chargen());
  const lines = transport.text().split("\r\n");
  assertEquals(lines.length, 65);
  assertEquals(lines[0], " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefg");
  assert(lines[1]!.startsWith('!"'));
  protocol.pauseProducing();
  transport.clear();
  clock.advance(1);
  assertEquals(transport.text(), "");
  protocol.resumeProducing();
  assert(transport.text().length > 0);
  protocol.stopProducing();
  clock.advance(1);
  assertEquals(clock.getDelayedCalls(), []);
});
