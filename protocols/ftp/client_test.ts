import { CancelledError, Deferred, Failure, TimeoutError } from "@ropewalk/deferred";
import { ConnectionDone, ConnectionLost, IPv4Address } from "@ropewalk/reactor/core";
import { failureResultOf, StringTransport, successResultOf } from "@ropewalk/testing";
import { chunked } from "@ropewalk/testing/arbitraries";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { encodeUtf8 } from "../bytes.ts";
import type { ClientFactory } from "../factory.ts";
import { FakeReactor } from "./_fake_reactor_test.ts";
import { FTPClient } from "./client.ts";
import { FTPError } from "./conversation.ts";

function client() {
  const reactor = new FakeReactor();
  const ftp = new FTPClient({ reactor, timeoutSeconds: 5, maxFileBytes: 10 });
  const transport = new StringTransport({
    reactor,
    peer: new IPv4Address("TCP", "10.0.0.1", 21),
    lenient: true,
  });
  ftp.makeConnection(transport);
  const say = (...lines: string[]) => {
    transport.clear();
    ftp.dataReceived(encodeUtf8(lines.map((line) => line + "\r\n").join("")));
    return transport.text();
  };
  return { reactor, ftp, transport, say };
}

/** The transport of a data connection wants all there is. */
function pull({ transport }: { transport: StringTransport }) {
  while (transport.producer !== null) transport.producer.resumeProducing();
}

Deno.test("FTPClient does one thing after the other, by extended passive mode to the server itself", () => {
  const { ftp, say, reactor, transport } = client();
  const [login, pwd, file, store, refused] = [
    ftp.login("ann", "pw"),
    ftp.pwd(),
    ftp.retrieve("f", 3),
    ftp.store("g", "content"),
    ftp.removeFile("nothing"),
  ];
  assertEquals(transport.text(), "");
  assertEquals(say("220-hello", "more", "220 there"), "USER ann\r\n");
  assertEquals(say("331 password"), "PASS pw\r\n");
  assertEquals(say("230 in"), "TYPE I\r\n");
  assertEquals(say("200 ok"), "PWD\r\n");
  successResultOf(login);
  assertEquals(say('257 "/a""b" is it'), "EPSV\r\n");
  assertEquals(successResultOf(pwd), '/a"b');
  assertEquals(say("229 Entering (|||5000|)"), "REST 3\r\n");
  assertEquals([reactor.connecting[0]!.host, reactor.connecting[0]!.port], ["10.0.0.1", 5000]);
  assertEquals(say("350 ok"), "RETR f\r\n");
  const data = reactor.data(reactor.connecting[0]!.factory)!;
  data.protocol.dataReceived(encodeUtf8("early"));
  say("150 coming", "226 done");
  data.protocol.dataReceived(encodeUtf8("late"));
  data.protocol.connectionLost(new Failure(new ConnectionDone()));
  assertEquals(successResultOf(file), encodeUtf8("earlylate"));
  say("229 Entering (|||5001|)");
  const upload = reactor.data(reactor.connecting[1]!.factory)!;
  say("150 go ahead");
  pull(upload);
  assertEquals(upload.transport.text(), "content");
  assertEquals(say("226 stored"), "DELE nothing\r\n");
  successResultOf(store);
  say("550 no such file");
  assertEquals((failureResultOf(refused, FTPError).value as FTPError).reply, 550);
  failureResultOf(ftp.makeFolder("a\r\nDELE b"), RangeError);
  assertEquals(reactor.getDelayedCalls(), []);
});

Deno.test("FTPClient bounds what it fetches and waits for, and fails with the connection", () => {
  const { ftp, say, reactor } = client();
  const big = ftp.retrieve("f");
  say("220 hi");
  say("229 Entering (|||5000|)");
  const data = reactor.data(reactor.connecting[0]!.factory)!;
  say("150 coming");
  data.protocol.dataReceived(new Uint8Array(11));
  assertEquals(say("426 broken off"), ""); // which is no answer to what is asked next
  failureResultOf(big, RangeError);
  const late = ftp.pwd();
  reactor.advance(5);
  failureResultOf(late, TimeoutError);
  failureResultOf(ftp.pwd(), TimeoutError);
  const other = client();
  const lost = other.ftp.pwd();
  other.say("220 hi");
  other.ftp.connectionLost(new Failure(new ConnectionLost()));
  failureResultOf(lost, ConnectionLost);
  const rubbish = client();
  const d = rubbish.ftp.pwd();
  rubbish.say("HTTP/1.1 400");
  failureResultOf(d);
  assert(rubbish.transport.disconnecting);
});

Deno.test("FTPClient takes PASV where the server knows no EPSV, and gives a file piece by piece", () => {
  const { ftp, say, reactor } = client();
  const pieces: string[] = [];
  const done = ftp.retrieveTo("f", {
    write: (bytes) => void pieces.push(new TextDecoder().decode(bytes)),
    close: (complete) => void pieces.push(`complete: ${complete}`),
  });
  assertEquals(say("220 hi"), "EPSV\r\n");
  assertEquals(say("502 what?"), "PASV\r\n");
  assertEquals(say("227 Entering Passive Mode (6,6,6,6,19,137)."), "RETR f\r\n");
  // To the server itself, whatever it says.
  assertEquals([reactor.connecting[0]!.host, reactor.connecting[0]!.port], ["10.0.0.1", 5001]);
  const data = reactor.data(reactor.connecting[0]!.factory)!;
  say("150 coming");
  data.protocol.dataReceived(encodeUtf8("one"));
  data.protocol.dataReceived(encodeUtf8("two, and more than is kept"));
  data.protocol.connectionLost(new Failure(new ConnectionDone()));
  say("226 done");
  successResultOf(done);
  assertEquals(pieces, ["one", "two, and more than is kept", "complete: true"]);
  const broken = ftp.append("g", "x");
  assertEquals(say(), "");
  say("500 no passive mode at all");
  assertEquals((failureResultOf(broken, FTPError).value as FTPError).reply, 500);
});

function fetching() {
  const made = client();
  const file = made.ftp.retrieve("f");
  made.say("220 hi", "229 Entering (|||5000|)");
  const data = made.reactor.data(made.reactor.connecting[0]!.factory)!;
  made.say("150 coming");
  return { ...made, file, data };
}

Deno.test("FTPClient takes no file for whole whose data connection broke, or that the server says is not", () => {
  for (
    const [reason, verdict] of [[new ConnectionLost(), "226 done"], [new ConnectionDone(), "451 disk error"]]
  ) {
    const { data, say, file, ftp } = fetching();
    data.protocol.dataReceived(encodeUtf8("half"));
    data.protocol.connectionLost(new Failure(reason));
    say(verdict as string);
    failureResultOf(file, FTPError);
    const next = ftp.pwd();
    say('257 "/"');
    assertEquals(successResultOf(next), "/");
  }
});

Deno.test("FTPClient stays in step when there is no data connection, or the server breaks an upload off", () => {
  const { ftp, say, reactor } = client();
  const [file, pwd, upload] = [ftp.retrieve("f"), ftp.pwd(), ftp.store("g", "content")];
  say("220 hi", "229 Entering (|||5000|)");
  say("150 coming");
  const factory = reactor.connecting[0]!.factory as ClientFactory;
  factory.clientConnectionFailed(null as never, new Failure(new ConnectionLost()));
  assertEquals(say("425 no data connection"), "PWD\r\n");
  failureResultOf(file, Error);
  assertEquals(say('257 "/"'), "EPSV\r\n");
  assertEquals(successResultOf(pwd), "/");
  say("229 Entering (|||5001|)");
  const data = reactor.data(reactor.connecting[1]!.factory)!;
  say("150 go on");
  data.transport.abortConnection();
  say("452 no space");
  assertEquals((failureResultOf(upload, FTPError).value as FTPError).reply, 452);
});

Deno.test("FTPClient gives a transfer all the time it takes while it moves, and no more when it stands", () => {
  const { data, say, file, reactor } = fetching();
  for (let i = 0; i < 10; i++) {
    reactor.advance(4); // of 5
    data.protocol.dataReceived(encodeUtf8("."));
  }
  reactor.advance(5);
  assert(!data.transport.connected);
  say("426 broken");
  failureResultOf(file, TimeoutError);
  const { ftp, say: tell, reactor: clock } = client();
  const upload = ftp.store("g", new Uint8Array(300_000));
  tell("220 hi", "229 Entering (|||5000|)");
  const slow = clock.data(clock.connecting[0]!.factory)!;
  tell("150 go on");
  while (slow.transport.producer !== null) {
    clock.advance(4);
    slow.transport.producer.resumeProducing();
  }
  assertEquals(slow.transport.value().length, 300_000);
  tell("226 stored");
  successResultOf(upload);
  assertEquals([reactor.getDelayedCalls(), clock.getDelayedCalls()], [[], []]);
});

Deno.test("FTPClient waits for a server that is not ready yet", () => {
  const { ftp, say } = client();
  const pwd = ftp.pwd();
  assertEquals(say("120 in a minute"), "");
  assertEquals(say("220 now"), "PWD\r\n");
  say('257 "/"');
  assertEquals(successResultOf(pwd), "/");
  const refused = client();
  const lost = refused.ftp.pwd();
  refused.say("421 too many users");
  failureResultOf(lost, FTPError);
});

Deno.test("FTPClient believes no server that answers what was not asked", () => {
  const { ftp, say, transport } = client();
  say("220 hi", '257 "/for nobody"');
  assert(transport.disconnecting);
  failureResultOf(ftp.pwd(), FTPError);
  const idle = client();
  idle.say("220 hi", "421 Timeout");
  assertEquals((failureResultOf(idle.ftp.pwd(), FTPError).value as FTPError).reply, 421);
});

Deno.test("FTPClient takes any bytes", () => {
  fc.assert(fc.property(chunked(), ({ chunks }) => {
    const { ftp, transport } = client();
    for (const chunk of chunks) if (!transport.disconnecting) ftp.dataReceived(chunk);
  }));
});

Deno.test("FTPClient does not begin what was given up", () => {
  const { ftp, say } = client();
  const [first, second, third] = [ftp.pwd(), ftp.removeFile("precious"), ftp.cdup()];
  second.cancel();
  failureResultOf(second, CancelledError);
  assertEquals(say("220 hi"), "PWD\r\n");
  assertEquals(say('257 "/"'), "CDUP\r\n");
  say("250 ok");
  successResultOf(first);
  successResultOf(third);
});

Deno.test("FTPClient closes the writer of a file that was not begun", () => {
  const { ftp, say } = client();
  const closed: boolean[] = [];
  const writer = { write: () => null, close: (complete: boolean) => void closed.push(complete) };
  const missing = ftp.retrieveTo("f", writer);
  say("220 hi", "229 Entering (|||5000|)", "550 no such file");
  failureResultOf(missing, FTPError);
  assertEquals(closed, [false]);
  const cancelled = ftp.retrieveTo("f", writer);
  const unbegun = ftp.retrieveTo("g", writer);
  unbegun.cancel();
  failureResultOf(unbegun, CancelledError);
  ftp.connectionLost(new Failure(new ConnectionLost()));
  failureResultOf(cancelled, ConnectionLost);
  assertEquals(closed, [false, false, false]);
});

Deno.test("FTPClient takes for a size what is one", () => {
  const { ftp, say } = client();
  say("220 hi");
  for (
    const [reply, size] of [["213 12", 12], ["213 ", null], ["213 a lot", null], ["213 -1", null]] as const
  ) {
    const asked = ftp.size("f");
    say(reply);
    if (size !== null) assertEquals(successResultOf(asked), size);
    else failureResultOf(asked, FTPError);
  }
});

Deno.test("FTPClient keeps no more than so many lines that it did not ask for", () => {
  const many = client();
  const pwd = many.ftp.pwd();
  for (let i = 0; i < 1000 && !many.transport.disconnecting; i++) many.say("120 wait");
  assert(many.transport.disconnecting);
  failureResultOf(pwd, FTPError);
  const { ftp, say, transport } = client();
  const file = ftp.retrieve("f");
  say("220 hi");
  const lines = ["226-done", ...new Array(300).fill("x".repeat(16_000)), "226 really"];
  say("229 Entering (|||5000|)", "150 coming", ...lines);
  assert(!transport.disconnecting);
  for (let i = 0; i < 3; i++) say(...lines);
  assert(transport.disconnecting);
  failureResultOf(file, Error);
});

Deno.test("FTPClient waits for a slow writer as long as it takes, and for a slow server no longer than before", () => {
  const { ftp, say, reactor } = client();
  const written: Deferred<void>[] = [];
  const write = () => {
    const d = new Deferred<void>();
    written.push(d);
    return d;
  };
  const done = ftp.retrieveTo("f", { write, close: () => null });
  say("220 hi", "229 Entering (|||5000|)");
  const data = reactor.data(reactor.connecting[0]!.factory)!;
  say("150 coming");
  data.protocol.dataReceived(encodeUtf8("one"));
  reactor.advance(100); // of 5
  assert(data.transport.connected);
  written.shift()!.callback();
  reactor.advance(4);
  data.protocol.dataReceived(encodeUtf8("two"));
  written.shift()!.callback();
  reactor.advance(4);
  assert(data.transport.connected);
  reactor.advance(1);
  assert(!data.transport.connected);
  say("426 broken");
  failureResultOf(done, TimeoutError);
});
