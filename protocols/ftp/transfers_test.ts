import { Failure } from "@ropewalk/deferred";
import { ConnectionAborted, ConnectionDone, ConnectionLost, IPv6Address } from "@ropewalk/reactor/core";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { encodeUtf8 } from "../bytes.ts";
import { serve } from "./_fake_reactor_test.ts";
import { sameHost } from "./data.ts";
import { MemoryFTPShell } from "./memory_shell.ts";
import { FTPFileError } from "./shell.ts";

const BEGUN = "150 File status okay; about to open data connection.";

function transfer(command: string) {
  const made = serve();
  made.say("USER ann", "PASS pw", "EPSV");
  const data = made.reactor.data()!;
  assertEquals(made.say(command), [BEGUN]);
  return { ...made, data };
}

Deno.test("FTP lets a transfer take as long as it takes while it moves, and closes when it stands", () => {
  const up = transfer("STOR big");
  for (let i = 0; i < 5; i++) {
    up.reactor.advance(500); // of 600
    up.data.protocol.dataReceived(encodeUtf8("."));
  }
  up.reactor.advance(599);
  assert(up.transport.connected);
  up.reactor.advance(1);
  assertEquals([up.transport.connected, up.data.transport.connected], [false, false]);
  assertThrows(() => up.shell.stat(["big"]), FTPFileError); // it is not whole
  const down = serve();
  const writer = down.shell.write(["long"], 0);
  writer.write(new Uint8Array(300_000));
  writer.close(true);
  down.say("USER ann", "PASS pw", "EPSV");
  const data = down.reactor.data()!;
  down.say("RETR long");
  while (data.transport.producer !== null) {
    down.reactor.advance(500);
    data.transport.producer.resumeProducing();
  }
  assertEquals(data.transport.value().length, 300_000);
  assertEquals(down.heard().at(-1), "226 Transfer Complete.");
});

Deno.test("FTP breaks a transfer off at ABOR, behind telnet's signals too, and goes on", () => {
  for (const signals of ["", "\xff\xf4\xff\xf2"]) {
    for (const command of ["STOR new", "RETR file"]) {
      const { ftp, data, heard, shell, say } = transfer(command);
      if (command === "STOR new") data.protocol.dataReceived(encodeUtf8("half"));
      ftp.dataReceived(Uint8Array.from(`NOOP\r\n${signals}ABOR\r\n`, (char) => char.charCodeAt(0)));
      assertEquals(heard().slice(1), [
        "426 Connection closed; transfer aborted.",
        "200 OK",
        "226 Abort successful",
      ]);
      assert(!data.transport.connected);
      assertThrows(() => shell.stat(["new"]), FTPFileError);
      assertEquals(say("PWD"), ['257 "/"']);
    }
  }
  const waiting = serve();
  waiting.say("USER ann", "PASS pw", "EPSV");
  assertEquals(waiting.say("RETR file", "ABOR"), ["425 Can't open data connection.", "226 Abort successful"]);
});

Deno.test("FTP hears an ABOR whose line's end came apart, as urgent data, and takes that for no command", () => {
  for (const later of ["", "\n"]) {
    const { ftp, heard } = transfer("STOR new");
    ftp.dataReceived(encodeUtf8("ABOR\r"));
    assertEquals(heard().slice(1), ["426 Connection closed; transfer aborted.", "226 Abort successful"]);
    ftp.dataReceived(encodeUtf8(`${later}PWD\r\n`));
    ftp.dataReceived(encodeUtf8("NOOP\r\n"));
    assertEquals(heard().slice(3), ['257 "/"', "200 OK"]);
  }
});

Deno.test("FTP keeps no half of a file when the control connection is lost", () => {
  const { data, ftp, shell, reactor } = transfer("STOR new");
  data.protocol.dataReceived(encodeUtf8("half"));
  ftp.connectionLost(new Failure(new ConnectionDone()));
  assert(!data.transport.connected);
  assertThrows(() => shell.stat(["new"]), FTPFileError);
  assertEquals(reactor.getDelayedCalls(), []);
});

Deno.test("FTP reads no more than sixteen commands ahead of a transfer, and does them all in the end", () => {
  const { ftp, data, transport, heard } = transfer("STOR new");
  ftp.dataReceived(encodeUtf8("NOOP\r\n".repeat(15)));
  assertEquals(transport.producerState, "producing");
  ftp.dataReceived(encodeUtf8("NOOP\r\n".repeat(30)));
  assertEquals(transport.producerState, "paused");
  data.transport.loseConnection();
  assertEquals(heard().length, 1 + 1 + 45);
  assertEquals(transport.producerState, "producing");
});

Deno.test("FTP connects to the client alone, whatever form its address is given in", () => {
  const { say, reactor, transport } = serve();
  say("USER ann", "PASS pw");
  const own = "504 Only to a port of your own";
  for (
    const [command, answer] of [
      ["EPRT |1|10.1.1.1|5000|", "200 OK"],
      ["EPRT !1!10.1.1.1!5000!", "200 OK"],
      ["EPRT |2|::ffff:10.1.1.1|5000|", "200 OK"],
      ["EPRT |2|::ffff:a01:101|5000|", "200 OK"],
      ["EPRT |2|::ffff:10.1.1.2|5000|", own],
      ["EPRT |1|127.0.0.1|5000|", own],
      ["EPRT |1|10.1.1.1|22|", own],
      ["EPRT |1|10.1.1.1|70000|", own],
      ["EPRT |3|10.1.1.1|5000|", "522 Network protocol not supported, use (1,2)"],
      ["EPRT |1|10.1.1.1.evil.example|5000|", own],
      ["PORT 10,1,1,1,0,5000", own], // each is a byte
      ["PORT 127,0,0,1,200,1", own],
    ]
  ) assertEquals(say(command!), [answer!], command);
  assertEquals(
    new Set(reactor.connecting.map(({ host, port }) => `${host} ${port}`)),
    new Set(["10.1.1.1 5000"]),
  );
  transport.getPeer = () => new IPv6Address("TCP", "fe80::1%eth0", 999);
  assertEquals(say("EPRT |2|fe80:0:0:0:0:0:0:1|5000|"), ["200 OK"]);
  assertEquals(reactor.connecting.at(-1)!.host, "fe80::1%eth0");
  assert(sameHost("::FFFF:1.2.3.4", "1.2.3.4") && sameHost("2001:DB8::1", "2001:db8:0:0::1"));
  assert(!sameHost("::1", "127.0.0.1") && !sameHost("::1", "::2"));
});

Deno.test("FTP has only EPSV after EPSV ALL, and no protocol that it does not speak", () => {
  const { say, reactor } = serve();
  say("USER ann", "PASS pw");
  assertEquals(say("EPSV 1", "EPSV 2", "EPSV 3", "EPSV ALL", "PASV", "PORT 10,1,1,1,200,1", "EPSV"), [
    "229 Entering Extended Passive Mode (|||5000|).",
    "522 Network protocol not supported, use (1)",
    "522 Network protocol not supported, use (1)",
    "200 OK",
    "501 Only EPSV, after EPSV ALL",
    "501 Only EPSV, after EPSV ALL",
    "229 Entering Extended Passive Mode (|||5000|).",
  ]);
  // The client may come by IPv4 inside IPv6.
  assert(reactor.listening.at(-1)!.buildProtocol(new IPv6Address("TCP", "::ffff:10.1.1.1", 9)) !== null);
  const other = serve();
  other.transport.getHost = () => new IPv6Address("TCP", "2001:db8::1", 21);
  other.say("USER ann", "PASS pw");
  assertEquals(other.say("PASV", "EPSV 2")[0], "425 PASV needs IPv4: use EPSV");
  assertEquals(other.heard()[1], "229 Entering Extended Passive Mode (|||5000|).");
});

Deno.test("MemoryFTPShell holds so much and no more, half-written files included", () => {
  const shell = new MemoryFTPShell(undefined, 3000);
  const write = (name: string, size: number, complete = true) => {
    const writer = shell.write([name], 0);
    try {
      writer.write(new Uint8Array(size));
    } catch (error) {
      writer.close(false);
      throw error;
    }
    writer.close(complete);
  };
  write("a", 1000);
  assertThrows(() => write("b", 2000), FTPFileError, "No space left");
  write("b", 1000);
  shell.removeFile(["b"]);
  for (let i = 0; i < 5; i++) write("b", 1000, false); // broken off: nothing is kept
  write("b", 500);
  write("b", 200); // in its place
  shell.rename(["b"], ["a"]);
  write("c", 2000);
  shell.removeFile(["c"]);
  shell.removeFile(["a"]);
  for (let i = 0; i < 11; i++) shell.makeFolder([`${i}`]); // 256 bytes each
  assertThrows(() => shell.makeFolder(["11"]), FTPFileError, "No space left");
  for (let i = 0; i < 11; i++) shell.removeFolder([`${i}`]);
  write("d", 2700);
  assertThrows(() => shell.write(["d"], 2701), FTPFileError, "behind the end");
});

Deno.test("FTP says that a file went over only if all of it did", () => {
  for (const how of ["reset", "ABOR"]) {
    const { data, heard, transport, say } = transfer("RETR file");
    data.transport.protocol = null; // it does not go before the client has taken all of it
    const closing: string[] = [];
    data.transport.loseConnection = () => void closing.push("closing");
    data.transport.abortConnection = () => data.protocol.connectionLost(new Failure(new ConnectionAborted()));
    data.transport.producer!.resumeProducing();
    data.transport.producer!.resumeProducing();
    assertEquals([closing, heard()], [["closing"], [BEGUN]]);
    if (how === "ABOR") {
      assertEquals(say("ABOR"), ["426 Connection closed; transfer aborted.", "226 Abort successful"]);
      continue;
    }
    transport.clear();
    data.protocol.connectionLost(new Failure(new ConnectionLost()));
    assertEquals(heard(), ["426 Connection closed; transfer aborted."]);
  }
});

Deno.test("MemoryFTPShell puts no file where a folder is by now, or into one that is gone, and counts right", () => {
  const shell = new MemoryFTPShell(undefined, 3000);
  const write = (...path: string[]) => {
    const writer = shell.write(path, 0);
    writer.write(new Uint8Array(500));
    return writer;
  };
  for (let i = 0; i < 10; i++) {
    const late = write("x");
    shell.makeFolder(["x"]);
    write("x", "y").close(true);
    assertThrows(() => late.close(true), FTPFileError, "Is a directory");
    assertEquals(shell.list(["x"]).length, 1);
    const gone = write("x", "z");
    shell.removeFile(["x", "y"]);
    shell.removeFolder(["x"]);
    assertThrows(() => gone.close(true), FTPFileError, "No such file or directory");
    late.close(false); // as a server does when it failed
    gone.close(false);
  }
  write("last").close(true);
  assertEquals(shell.list([]).map(({ name }) => name), ["last"]);
});
