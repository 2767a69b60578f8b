/**
 * Flow: producers, pausing, and bytes that are neither lost nor put in another order.
 * @module
 */
import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { ConnectionDone } from "../core/errors.ts";
import type { PullProducer, Reactor } from "../core/interfaces.ts";
import { SERVER, TRUSTING } from "./certificates.ts";
import { cleaning, type Host } from "./contract.ts";
import { BorrowingChecker, BorrowingEcho, Checker, Keeper, numbered, Pusher } from "./numbered_bytes.ts";
import { connected, HalfClosing, later, overTLS, Recorder, reported, type Ways } from "./recorder.ts";

function underTLS(reactor: Reactor): Ways {
  return overTLS(reactor, SERVER, TRUSTING);
}

/** Declares the tests. */
export function flowContract({ name, make, test: declare }: Host): void {
  const test = cleaning(declare);
  const kinds: [string, typeof Checker, (reactor: Reactor) => Ways][] = [
    ["kept", Checker, () => ({})],
    ["borrowed", BorrowingChecker, () => ({})],
    ["kept, under TLS", Checker, underTLS],
    ["borrowed, under TLS", BorrowingChecker, underTLS],
  ];
  for (const [kind, Kind, ways] of kinds) {
    test(`${name}: random-sized writes both ways arrive whole and in order (${kind})`, async () => {
      const reactor = make();
      const pair = await connected(reactor, () => new Kind(), () => new Kind(), ways(reactor));
      const total = 2_000_000;
      let seed = 1;
      const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
      const ends = [pair.client, pair.server];
      for (const end of ends) {
        const send = (from: number): void => {
          for (let turn = 0; turn < 8 && from < total; turn++) {
            const length = Math.min(total - from, 1 + Math.floor(random() ** 6 * 200_000));
            const bytes = numbered(from, length);
            if (random() < 0.5) end.transport.write(bytes);
            else end.transport.writeSequence([bytes.subarray(0, length >> 1), bytes.subarray(length >> 1)]);
            bytes.fill(0); // `write` has copied it
            from += length;
          }
          if (from < total) end.transport.reactor.callLater(0, send, from);
        };
        send(0);
      }
      while (ends.some((end) => end.count < total)) await later(pair.client.transport.reactor);
      pair.client.transport.loseConnection();
      await pair.server.lost;
      await pair.client.lost;
      for (const end of ends) assertEquals([end.count, end.faults], [total, 0]);
      await pair.close();
    });
  }

  for (const [under, ways] of [["", () => ({})], [" under TLS", underTLS]] as const) {
    test(`${name}: what a borrowing echo passes on${under} arrives whole, when its peer is slow to read too`, async () => {
      const reactor = make();
      const pair = await connected(reactor, () => new BorrowingEcho(), () => new Checker(), ways(reactor));
      const total = 8_000_000; // more than the system keeps for both
      pair.client.transport.pauseProducing();
      new Pusher(pair.client.transport, total).resumeProducing();
      for (let turn = 0; turn < 20; turn++) await later(pair.client.transport.reactor);
      pair.client.transport.resumeProducing();
      while (pair.client.count < total) await later(pair.client.transport.reactor);
      assertEquals([pair.client.count, pair.client.faults], [total, 0]);
      await pair.close();
    });
  }

  test(`${name}: under TLS a paused reader holds up its peer, and hears all and the end when it goes on`, async () => {
    const reactor = make();
    const pair = await connected(reactor, () => new Checker(), () => new Recorder(), underTLS(reactor));
    const total = 50_000_000;
    pair.server.transport.pauseProducing();
    const pusher = new Pusher(pair.client.transport, total);
    pusher.resumeProducing();
    for (let sent = -1, same = 0; same < 20; same = pusher.sent === sent ? same + 1 : 0) {
      sent = pusher.sent;
      await later(reactor);
    }
    assert(pusher.sent < 40_000_000, `${pusher.sent} bytes were sent to a reader that is paused`);
    pair.client.transport.loseConnection(); // once the producer is through
    pair.server.transport.resumeProducing();
    assertInstanceOf(await pair.server.lost, ConnectionDone);
    assertEquals([pair.server.count, pair.server.faults], [total, 0]);
    await pair.close();
  });

  test(`${name}: under TLS the end of a peer is heard by a reader that was paused when it came`, async () => {
    const reactor = make();
    const pair = await connected(reactor, () => new Checker(), () => new Recorder(), underTLS(reactor));
    pair.server.transport.pauseProducing();
    pair.client.transport.write(numbered(0, 200_000)); // more than is held for it
    pair.client.transport.loseConnection();
    for (let turn = 0; turn < 50; turn++) await later(reactor);
    pair.server.transport.resumeProducing();
    assertInstanceOf(await pair.server.lost, ConnectionDone);
    assertEquals([pair.server.count, pair.server.faults], [200_000, 0]);
    await pair.close();
  });

  for (const [under, ways] of [["", () => ({})], [" under TLS", underTLS]] as const) {
    test(`${name}: a borrowing reader that pauses and goes on while it reads keeps what it looks at${under}`, async () => {
      let changed = 0;
      class Hasty extends BorrowingChecker {
        override dataReceived(data: Uint8Array): void {
          const before = data.slice();
          this.transport.pauseProducing();
          this.transport.resumeProducing();
          if (data.some((byte, i) => byte !== before[i])) changed++;
          super.dataReceived(data);
        }
      }
      const reactor = make();
      const pair = await connected(reactor, () => new Hasty(), () => new Recorder(), ways(reactor));
      const total = 1_000_000;
      new Pusher(pair.client.transport, total, 1000).resumeProducing();
      pair.client.transport.loseConnection();
      await pair.server.lost;
      assertEquals([pair.server.count, pair.server.faults, changed], [total, 0, 0]);
      await pair.close();
    });
  }

  test(`${name}: bytes that were delivered are never written to again`, async () => {
    const pair = await connected(make(), () => new Keeper(), () => new Recorder());
    const total = 400_000;
    for (let sent = 0; sent < total; sent += 1000) {
      pair.client.transport.write(numbered(sent, 1000));
      if (sent % 10_000 === 0) await later(pair.client.transport.reactor);
    }
    pair.client.transport.loseConnection();
    await pair.server.lost;
    let at = 0;
    for (const chunk of pair.server.chunks) {
      for (const byte of chunk) if (byte !== at++ % 251) throw new Error(`a byte has changed before ${at}`);
    }
    assertEquals(at, total);
    await pair.close();
  });

  test(`${name}: a push producer is paused above the mark and goes on when all is sent; closing waits for it`, async () => {
    const pair = await connected(make(), () => new BorrowingChecker(), () => new Recorder());
    const total = 8_000_000;
    pair.server.transport.pauseProducing();
    const producer = new Pusher(pair.client.transport, total);
    producer.resumeProducing();
    pair.client.transport.loseConnection();
    assert(producer.pauses === 1 && producer.sent <= 3 * 65_536, `sent ${producer.sent}`);
    pair.server.transport.resumeProducing();
    assertInstanceOf(await pair.server.lost, ConnectionDone);
    assertEquals([pair.server.count, pair.server.faults], [total, 0]);
    assert(!producer.stopped);
    await pair.close();
  });

  test(`${name}: a pull producer is asked for one piece at a time`, async () => {
    const pair = await connected(make());
    let left = 5;
    const producer: PullProducer = {
      resumeProducing() {
        if (left-- > 0) pair.client.transport.write(`piece ${left} `);
        else pair.client.transport.unregisterProducer();
      },
      stopProducing() {},
    };
    pair.client.transport.registerProducer(producer, false);
    pair.client.transport.loseConnection();
    await pair.server.lost;
    assertEquals(pair.server.received, "piece 4 piece 3 piece 2 piece 1 piece 0 ");
    await pair.close();
  });

  test(`${name}: half-closing waits for a producer, and what nobody else may write any more is dropped`, async () => {
    const pair = await connected(make(), () => new HalfClosing(), () => new HalfClosing());
    const { transport } = pair.client;
    const pieces = ["one ", "two "];
    transport.registerProducer({
      resumeProducing() {
        const piece = pieces.shift();
        if (piece !== undefined) transport.write(piece);
        else transport.unregisterProducer();
      },
      stopProducing() {},
    }, false);
    transport.loseWriteConnection();
    await pair.client.writeLost;
    transport.write("too late");
    await pair.server.readLost;
    assertEquals(pair.server.received, "one two ");
    pair.server.transport.write("still heard");
    await pair.client.heard("still heard");
    await pair.close();
  });

  test(`${name}: a second producer is refused, and one on a dead connection is stopped`, async () => {
    const pair = await connected(make());
    const idle = () => ({
      stopped: 0,
      resumeProducing() {},
      pauseProducing() {},
      stopProducing() {
        this.stopped++;
      },
    });
    const [first, second] = [idle(), idle()];
    pair.client.transport.registerProducer(first, true);
    assertThrows(() => pair.client.transport.registerProducer(second, true), TypeError);
    pair.server.transport.abortConnection();
    pair.client.transport.abortConnection();
    await pair.client.lost;
    assertEquals(first.stopped, 1);
    pair.client.transport.registerProducer(second, true);
    assertEquals(second.stopped, 1);
    await pair.close();
  });

  for (const method of ["pauseProducing", "resumeProducing"] as const) {
    test(`${name}: a producer that throws in ${method} is reported, and costs its connection`, async () => {
      const pair = await connected(make());
      const producer = {
        stopped: 0,
        pauseProducing() {
          if (method === "pauseProducing") throw new Error(method);
        },
        resumeProducing() {
          throw new Error(method);
        },
        stopProducing() {
          this.stopped++;
        },
      };
      const errors = await reported(async () => {
        pair.client.transport.registerProducer(producer, true);
        pair.client.transport.write(new Uint8Array(100_000));
        assertEquals(String(await pair.client.lost), `Error: ${method}`);
      });
      assertEquals([errors.map(String), producer.stopped], [[`Error: ${method}`], 1]);
      await pair.server.lost;
      await pair.close();
    });
  }

  for (const streaming of [true, false]) {
    const kind = streaming ? "push" : "pull";
    test(`${name}: a ${kind} producer is stopped when the peer has finished, and the connection ends in order`, async () => {
      const pair = await connected(make());
      const events: string[] = [];
      const producer = {
        resumeProducing() {},
        pauseProducing() {},
        stopProducing() {
          events.push(`stopped, disconnecting: ${pair.server.transport.disconnecting}`);
        },
      };
      pair.server.transport.registerProducer(producer, streaming);
      pair.client.transport.loseWriteConnection();
      assertInstanceOf(await pair.server.lost, ConnectionDone);
      assertEquals(events, ["stopped, disconnecting: false"]);
      await pair.client.lost;
      await pair.close();
    });
  }

  test(`${name}: a producer that closing waits for goes on when the peer finishes meanwhile`, async () => {
    const reactor = make();
    const pair = await connected(reactor, () => new Recorder(), () => new HalfClosing());
    let stopped = 0;
    pair.server.transport.registerProducer(
      { resumeProducing() {}, pauseProducing() {}, stopProducing: () => void stopped++ },
      true,
    );
    await later(reactor, 0.01); // a read is under way
    pair.server.transport.loseConnection();
    pair.client.transport.loseWriteConnection();
    await later(reactor, 0.02);
    assertEquals(stopped, 0);
    pair.server.transport.write("the rest");
    pair.server.transport.unregisterProducer();
    await pair.client.readLost;
    assertEquals(pair.client.received, "the rest");
    await pair.close();
  });

  test(`${name}: a paused reader gets nothing, then everything`, async () => {
    const reactor = make();
    const pair = await connected(reactor, () => new HalfClosing());
    pair.server.transport.pauseProducing();
    pair.client.transport.write("one");
    await later(reactor, 0.02);
    pair.client.transport.write("two");
    pair.client.transport.loseWriteConnection();
    await later(reactor, 0.02);
    assertEquals(pair.server.received, "");
    pair.server.transport.resumeProducing();
    await pair.server.heard("onetwo");
    await pair.server.readLost;
    await pair.close();
  });

  test(`${name}: pausing inside dataReceived holds what comes next`, async () => {
    class Pausing extends Recorder {
      override dataReceived(data: Uint8Array): void {
        super.dataReceived(data);
        this.transport.pauseProducing();
      }
    }
    const reactor = make();
    const pair = await connected(reactor, () => new Pausing());
    pair.client.transport.write("a");
    await pair.server.heard("a");
    pair.client.transport.write("b");
    await later(reactor, 0.02);
    assertEquals(pair.server.received, "a");
    pair.server.transport.resumeProducing();
    pair.server.transport.resumeProducing();
    await pair.server.heard("ab");
    await pair.close();
  });

  test(`${name}: reading does not begin again once the connection is closing`, async () => {
    const reactor = make();
    const pair = await connected(reactor);
    pair.server.transport.pauseProducing();
    pair.client.transport.write("unheard");
    pair.server.transport.loseConnection();
    pair.server.transport.resumeProducing();
    await pair.server.lost;
    assertEquals(pair.server.received, "");
    await pair.close();
  });
}
