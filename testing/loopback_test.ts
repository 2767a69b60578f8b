import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import type { Failure } from "@ropewalk/deferred";
import { Protocol } from "@ropewalk/protocols";
import type { PullProducer, TLSServerOptions } from "@ropewalk/reactor/core";
import { connectedServerAndClient, type Cut } from "./loopback.ts";
import type { MemoryTransport } from "./memory_transport.ts";

const text = (data: Uint8Array) => new TextDecoder().decode(data);

class Talker extends Protocol {
  readonly events: string[] = [];
  heard = "";
  chunks = 0;
  get io() {
    return this.transport as MemoryTransport;
  }
  override connectionMade() {
    this.events.push("made");
  }
  override dataReceived(data: Uint8Array) {
    this.heard += text(data);
    this.chunks++;
  }
  override connectionLost(reason: Failure) {
    this.events.push(reason.type);
  }
}

class HalfCloser extends Talker {
  readConnectionLost() {
    this.events.push("no more to read");
  }
  writeConnectionLost() {
    this.events.push("no more to write");
  }
}

class Echo extends Talker {
  override dataReceived(data: Uint8Array) {
    this.transport.write(data);
  }
}

Deno.test("the pump delivers nothing until it is worked, and keeps the order", () => {
  const { server, client, pump } = connectedServerAndClient(Talker, Talker);
  client.transport.write("one ");
  client.transport.writeSequence(["two ", "three"]);
  server.transport.write("hello");
  assertEquals([server.heard, client.heard], ["", ""]);
  assert(pump.pump());
  assertEquals([server.heard, client.heard, server.chunks], ["one two three", "hello", 1]);
  assertFalse(pump.flush() && pump.pump());
});

Deno.test("connectedServerAndClient takes classes, makers and protocols", () => {
  const echo = new Echo();
  const { server, client, pump } = connectedServerAndClient(() => echo, new Talker());
  assert(server === echo);
  client.transport.write("hi");
  pump.flush();
  assertEquals(client.heard, "hi");
  assertEquals(`${client.transport.getPeer()}`, `${server.transport.getHost()}`);
});

Deno.test("the pump delivers the greeting of a connection unless it is told not to", () => {
  class Greeter extends Talker {
    override connectionMade() {
      this.transport.write("welcome");
    }
  }
  assertEquals(connectedServerAndClient(Greeter, Talker).client.heard, "welcome");
  assertEquals(connectedServerAndClient(Greeter, Talker, { greet: false }).client.heard, "");
});

Deno.test("the pump cuts bytes singly, or at random in a way that its seed decides", () => {
  const message = "x".repeat(100);
  const sizes = (cut: Cut) => {
    const lengths: number[] = [];
    class Measure extends Talker {
      override dataReceived(data: Uint8Array) {
        lengths.push(data.length);
      }
    }
    const { client, pump } = connectedServerAndClient(Measure, Talker, { cut });
    for (let i = 0; i < 5; i++) {
      client.transport.write(message);
      pump.flush();
    }
    assertEquals(lengths.reduce((a, b) => a + b), 500);
    return lengths;
  };
  assertEquals(sizes("bytes").length, 500);
  assertEquals(sizes("whole"), [100, 100, 100, 100, 100]);
  assertEquals(sizes({ seed: 3 }), sizes({ seed: 3 }));
  assert(sizes({ seed: 3 }).join() !== sizes({ seed: 4 }).join());
});

Deno.test("loseConnection sends what was written, then both ends hear that it is done", () => {
  const { server, client, pump } = connectedServerAndClient(Talker, Talker);
  server.transport.write("bye");
  server.transport.loseConnection();
  server.transport.write("never sent");
  assertEquals(server.events, ["made"]);
  pump.flush();
  assertEquals(client.heard, "bye");
  assertEquals([server.events, client.events], [["made", "ConnectionDone"], ["made", "ConnectionDone"]]);
  assertEquals(text(server.io.late), "never sent");
});

Deno.test("an end that closes reads no more", () => {
  const { server, client, pump } = connectedServerAndClient(Talker, Talker);
  client.transport.write("unheard");
  server.transport.loseConnection();
  pump.flush();
  assertEquals(server.heard, "");
  assertEquals(client.events, ["made", "ConnectionDone"]);
});

Deno.test("abortConnection drops what was not sent and tells each end in its own words, in a later turn", () => {
  const { server, client, pump } = connectedServerAndClient(Talker, Talker);
  server.transport.write("never sent");
  server.transport.abortConnection();
  server.transport.abortConnection();
  assertEquals(server.events, ["made"]);
  pump.flush();
  assertEquals([server.events, client.events], [["made", "ConnectionAborted"], ["made", "ConnectionLost"]]);
  assertEquals(client.heard, "");
});

Deno.test("a half-close is heard by a protocol that knows of it, and ends the connection when both sides did", () => {
  const { server, client, pump } = connectedServerAndClient(HalfCloser, HalfCloser);
  client.transport.write("question");
  client.transport.loseWriteConnection();
  pump.flush();
  assertEquals(server.events, ["made", "no more to read"]);
  assertEquals(client.events, ["made", "no more to write"]);
  server.transport.write("answer");
  server.transport.loseConnection();
  pump.flush();
  assertEquals([server.heard, client.heard], ["question", "answer"]);
  assertEquals(server.events.at(-1), "ConnectionDone");
  assertEquals(client.events.slice(2), ["no more to read", "ConnectionDone"]);
});

Deno.test("a half-close ends the connection of a protocol that does not know of it", () => {
  const { server, client, pump } = connectedServerAndClient(Talker, HalfCloser);
  client.transport.loseWriteConnection();
  pump.flush();
  assertEquals(server.events, ["made", "ConnectionDone"]);
  assertEquals(client.events, ["made", "no more to write", "no more to read", "ConnectionDone"]);
});

Deno.test("loseConnection after a half-close is told in a later turn", () => {
  const { client, pump } = connectedServerAndClient(HalfCloser, HalfCloser);
  client.transport.loseWriteConnection();
  pump.flush();
  client.transport.loseConnection();
  assertEquals(client.events.at(-1), "no more to write");
  pump.flush();
  assertEquals(client.events.at(-1), "ConnectionDone");
});

Deno.test("bytes for an end that is gone come back as a reset", () => {
  const { server, client, pump } = connectedServerAndClient(Talker, HalfCloser);
  server.transport.loseConnection();
  pump.flush();
  assertEquals(client.events, ["made", "no more to read"]);
  client.transport.write("anybody?");
  pump.flush();
  assertEquals(client.events.at(-1), "ConnectionLost");
});

Deno.test("an end that has paused is sent nothing until it resumes, and the sender's producer holds", () => {
  const calls: string[] = [];
  const { server, client, pump } = connectedServerAndClient(Talker, Talker);
  server.transport.pauseProducing();
  client.transport.registerProducer({
    pauseProducing: () => void calls.push("pause"),
    resumeProducing: () => void calls.push("resume"),
    stopProducing: () => void calls.push("stop"),
  }, true);
  client.transport.write(new Uint8Array(70_000));
  pump.flush();
  assertEquals([server.chunks, calls], [0, ["pause"]]);
  server.transport.resumeProducing();
  pump.flush();
  assertEquals([server.heard.length, calls], [70_000, ["pause", "resume"]]);
});

Deno.test("an end that pauses in the middle of a chunk gets the rest when it resumes", () => {
  class OneByOne extends Talker {
    override dataReceived(data: Uint8Array) {
      super.dataReceived(data);
      this.transport.pauseProducing();
    }
  }
  const { server, client, pump } = connectedServerAndClient(OneByOne, Talker, { cut: "bytes" });
  client.transport.write("abc");
  client.transport.loseConnection();
  for (const expected of ["a", "ab", "abc"]) {
    pump.flush();
    assertEquals(server.heard, expected);
    assertEquals(server.events, ["made"]);
    server.transport.resumeProducing();
  }
  pump.flush();
  assertEquals(server.events, ["made", "ConnectionDone"]);
});

Deno.test("a pull producer is asked at once and again each time everything has left", () => {
  const { server, client, pump } = connectedServerAndClient(Talker, Talker);
  let left = 4;
  const producer: PullProducer = {
    resumeProducing() {
      client.transport.write(`${left}`);
      if (--left === 0) client.transport.unregisterProducer();
    },
    stopProducing() {},
  };
  client.transport.registerProducer(producer, false);
  client.transport.loseConnection();
  pump.pump();
  assertEquals(server.heard, "4");
  pump.flush();
  assertEquals(server.heard, "4321");
  assertEquals(server.events.at(-1), "ConnectionDone");
});

Deno.test("a protocol that throws loses its connection, and the pump throws the error to the test", () => {
  class Fragile extends Talker {
    override dataReceived() {
      throw new RangeError("cannot take this");
    }
  }
  const { server, client, pump } = connectedServerAndClient(Fragile, Talker);
  client.transport.write("boo");
  assertThrows(() => pump.flush(), RangeError, "cannot take this");
  assertEquals(server.events, ["made", "RangeError"]);
  pump.flush();
  assertEquals(client.events, ["made", "ConnectionDone"]);
});

Deno.test("a protocol that borrows its data and keeps it all the same is found out", () => {
  class Keeper extends Talker {
    readonly borrowsData = true;
    kept: Uint8Array = new Uint8Array();
    override dataReceived(data: Uint8Array) {
      this.heard = text(data);
      this.kept = data;
    }
  }
  const { server, client, pump } = connectedServerAndClient(Keeper, Talker);
  client.transport.write("abc");
  pump.flush();
  assertEquals(server.heard, "abc");
  assert(text(server.kept) !== "abc");
});

Deno.test("protocols that never stop talking give an error in place of a hang", () => {
  const { client, pump } = connectedServerAndClient(Echo, Echo);
  client.transport.write("x");
  assertThrows(() => pump.flush(), Error, "still talk");
});

const certificate: TLSServerOptions = { cert: "…", key: "…", alpnProtocols: ["h2", "imap"] };

class StartTLSServer extends Talker {
  override dataReceived(data: Uint8Array) {
    super.dataReceived(data);
    if (this.heard !== "STARTTLS\r\n") return;
    this.transport.write("go ahead\r\n");
    this.transport.startTLS(certificate);
    this.transport.write("secret greeting");
  }
}

class StartTLSClient extends Talker {
  override connectionMade() {
    super.connectionMade();
    this.transport.write("STARTTLS\r\n");
  }
  override dataReceived(data: Uint8Array) {
    super.dataReceived(data);
    if (this.heard !== "go ahead\r\n") return;
    this.transport.startTLS({ alpnProtocols: ["imap"] });
    this.transport.write("secret question");
  }
}

for (const cut of ["whole", "bytes", { seed: 1 }] as const) {
  Deno.test(`protocols may go over to TLS in the middle of a connection, cut ${JSON.stringify(cut)}`, () => {
    const { server, client } = connectedServerAndClient(StartTLSServer, StartTLSClient, { cut });
    assertEquals(server.heard, "STARTTLS\r\nsecret question");
    assertEquals(client.heard, "go ahead\r\nsecret greeting");
    assertEquals([server.transport.secure, client.transport.negotiatedProtocol], [true, "imap"]);
  });
}

Deno.test("plain bytes after the switch to TLS break the handshake", () => {
  const { server, client, pump } = connectedServerAndClient(Talker, Talker);
  server.transport.startTLS(certificate);
  client.transport.write("injected");
  pump.flush();
  assertEquals([server.heard, server.events.at(-1)], ["", "TLSError"]);
});

Deno.test("a handshake fails when both take the same part, or have no protocol in common", () => {
  const same = connectedServerAndClient(Talker, Talker);
  same.server.transport.startTLS(certificate);
  same.client.transport.startTLS(certificate, false);
  same.pump.flush();
  assertEquals(same.server.events.at(-1), "TLSError");
  const none = connectedServerAndClient(Talker, Talker);
  none.server.transport.startTLS(certificate);
  none.client.transport.startTLS({ alpnProtocols: ["http/1.1"] });
  none.pump.flush();
  assertEquals(none.client.events.at(-1), "TLSError");
});

Deno.test("a pump may be disposed of, which ends the connection", () => {
  const { server, client, pump } = connectedServerAndClient(Talker, Talker);
  {
    using _ = pump;
    server.transport.pauseProducing();
  }
  assert(server.events.length === 2 && client.events.length === 2);
});

Deno.test("an end whose peer has finished sends what it has written before it closes", () => {
  class Answerer extends Talker {
    override dataReceived(data: Uint8Array) {
      super.dataReceived(data);
      this.transport.write("answer");
    }
  }
  const { server, client, pump } = connectedServerAndClient(Answerer, HalfCloser);
  client.transport.write("question");
  client.transport.loseWriteConnection();
  pump.flush();
  assertEquals([client.heard, server.events.at(-1), client.events.at(-1)], [
    "answer",
    "ConnectionDone",
    "ConnectionDone",
  ]);
});

Deno.test("a way of cutting that does not exist is refused in words", () => {
  const cut = "byte" as never;
  assertThrows(() => connectedServerAndClient(Protocol, Protocol, { cut }), RangeError, 'neither "whole"');
});
