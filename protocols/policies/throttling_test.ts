import type { PushProducer } from "@ropewalk/reactor/core";
import { Clock } from "@ropewalk/testing";
import { assertEquals } from "@std/assert";
import { Factory } from "../factory.ts";
import { ThrottlingFactory } from "./throttling.ts";
import { Echo, open, peer } from "./_helpers_test.ts";

Deno.test("ThrottlingFactory refuses connections beyond maxConnectionCount", () => {
  const factory = new ThrottlingFactory(Factory.forProtocol(Echo), { maxConnectionCount: 1 });
  const { transport } = open(factory);
  assertEquals(factory.buildProtocol(peer("1.1.1.1")), null);
  transport.loseConnection();
  open(factory);
});

Deno.test("ThrottlingFactory stops reading for as long as the surplus would have taken", () => {
  const clock = new Clock();
  const factory = new ThrottlingFactory(Factory.forProtocol(Echo), { readLimit: 10 });
  const { transport, wrapper, inner } = open(factory, { clock });
  wrapper.dataReceived(new Uint8Array(10));
  clock.advance(1);
  assertEquals(transport.producerState, "producing");
  wrapper.dataReceived(new Uint8Array(18));
  clock.advance(1);
  assertEquals(transport.producerState, "paused");
  const late = open(factory, { clock }); // one that comes meanwhile waits, too
  assertEquals(late.transport.producerState, "paused");
  clock.advance(0.7);
  assertEquals(transport.producerState, "paused");
  inner.transport.pauseProducing(); // the protocol wants to wait by itself
  clock.advance(0.1);
  assertEquals(transport.producerState, "paused");
  assertEquals(late.transport.producerState, "producing");
  inner.transport.resumeProducing();
  assertEquals(transport.producerState, "producing");
  transport.loseConnection();
  late.transport.loseConnection();
  assertEquals(clock.getDelayedCalls(), []);
});

class Source implements PushProducer {
  calls: string[] = [];
  pauseProducing() {
    this.calls.push("pause");
  }
  resumeProducing() {
    this.calls.push("resume");
  }
  stopProducing() {
    this.calls.push("stop");
  }
}

Deno.test("ThrottlingFactory holds producers that wrote too much, beside the transport's own pauses", () => {
  const clock = new Clock();
  const factory = new ThrottlingFactory(Factory.forProtocol(Echo), { writeLimit: 10 });
  const { transport, inner } = open(factory, { clock });
  const source = new Source();
  inner.transport.registerProducer(source, true);
  inner.transport.write("x".repeat(15));
  inner.transport.writeSequence(["é", "é".repeat(2)]); // 6 bytes
  clock.advance(1);
  assertEquals(source.calls, ["pause"]);
  transport.producer!.resumeProducing(); // the transport has room: not yet
  assertEquals(source.calls, ["pause"]);
  clock.advance(1.1);
  assertEquals(source.calls, ["pause", "resume"]);
  inner.transport.unregisterProducer();
  transport.loseConnection();
});

Deno.test("ThrottlingFactory lets a pull producer wait for its next turn", () => {
  const clock = new Clock();
  const factory = new ThrottlingFactory(Factory.forProtocol(Echo), { writeLimit: 10 });
  const { transport, inner } = open(factory, { clock });
  let asked = 0;
  inner.transport.registerProducer({ resumeProducing: () => void asked++, stopProducing() {} }, false);
  inner.transport.write("x".repeat(20));
  clock.advance(1);
  transport.producer!.resumeProducing();
  assertEquals(asked, 0);
  clock.advance(1);
  assertEquals(asked, 1);
  transport.producer!.resumeProducing();
  assertEquals(asked, 2);
});

Deno.test("ThrottlingFactory forgets no pull producer that was asked between two seconds beyond the limit", () => {
  const clock = new Clock();
  const factory = new ThrottlingFactory(Factory.forProtocol(Echo), { writeLimit: 10 });
  const { transport, inner } = open(factory, { clock });
  const other = open(factory, { clock });
  let asked = 0;
  inner.transport.registerProducer({ resumeProducing: () => void asked++, stopProducing() {} }, false);
  other.inner.transport.write("x".repeat(35));
  clock.advance(1); // wait for 2.5 s
  transport.producer!.resumeProducing(); // has sent all there is, and asks once
  other.inner.transport.write("x".repeat(35));
  clock.advance(1); // once more
  assertEquals(asked, 0);
  clock.advance(2.5);
  assertEquals(asked, 1);
  inner.transport.unregisterProducer();
  for (const each of [transport, other.transport]) each.loseConnection();
  assertEquals(clock.getDelayedCalls(), []);
});
