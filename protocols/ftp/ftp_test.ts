import { Failure, TimeoutError } from "@ropewalk/deferred";
import {
  ConnectionDone,
  ConnectionLost,
  IPv4Address,
  type ListeningPort,
  type ProtocolFactory,
} from "@ropewalk/reactor/core";
import { Deferred } from "@ropewalk/deferred";
import {
  Clock,
  everySplit,
  failureResultOf,
  StringTransport,
  StringTransportWithDisconnection,
  successResultOf,
} from "@ropewalk/testing";
import { chunked } from "@ropewalk/testing/arbitraries";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { encodeUtf8 } from "../bytes.ts";
import { FTPClient, FTPError } from "./client.ts";
import { FTP, type FTPOptions, listLine } from "./server.ts";
import { FTPFileError, MemoryFTPShell } from "./shell.ts";

const PEER = "10.1.1.1";

/** A reactor whose ports and connections are in memory. */
class FakeReactor extends Clock {
  listening: ProtocolFactory[] = [];
  connecting: { host: string; port: number; factory: ProtocolFactory }[] = [];
  listenTCP(_port: number, factory: ProtocolFactory): ListeningPort {
    this.listening.push(factory);
    const port = {
      getHost: () => new IPv4Address("TCP", "10.0.0.1", 5000),
      stopListening: () => new Deferred<void>(),
    } as unknown as ListeningPort;
    const ready = new Deferred<ListeningPort>();
    ready.callback(port);
    return Object.assign(port, { ready });
  }
  connectTCP(host: string, port: number, factory: ProtocolFactory) {
    this.connecting.push({ host, port, factory });
    return { disconnect() {} } as never;
  }
  /** The data connection that the peer makes, or takes. */
  data(factory: ProtocolFactory = this.listening.at(-1)!, host = PEER) {
    const transport = new StringTransportWithDisconnection({ reactor: this, lenient: true });
    const protocol = factory.buildProtocol(new IPv4Address("TCP", host, 1));
    if (protocol === null) return null;
    transport.protocol = protocol;
    protocol.makeConnection(transport);
    return { protocol, transport };
  }
}

function home(): MemoryFTPShell {
  const shell = new MemoryFTPShell(() => new Date(Date.UTC(2024, 1, 29, 12, 30)));
  shell.makeFolder(["sub"]);
  const writer = shell.write(["file"], 0);
  writer.write(encodeUtf8("0123456789"));
  writer.close();
  return shell;
}

function serve(options: Partial<FTPOptions> = {}) {
  const reactor = new FakeReactor();
  const shell = home();
  const login = (user: string, password: string) => user === "ann" && password === "pw" ? shell : null;
  const ftp = new FTP({ reactor, login, anonymous: shell, ...options });
  const transport = new StringTransportWithDisconnection({
    reactor,
    peer: new IPv4Address("TCP", PEER, 999),
    host: new IPv4Address("TCP", "10.0.0.1", 21),
    lenient: true,
  });
  transport.protocol = ftp;
  ftp.makeConnection(transport);
  const say = (...lines: string[]) => {
    transport.clear();
    ftp.dataReceived(encodeUtf8(lines.map((line) => line + "\r\n").join("")));
    return heard();
  };
  const heard = () => transport.text().split("\r\n").slice(0, -1);
  return { reactor, shell, ftp, transport, say, heard };
}

Deno.test("FTP answers as Twisted's does, however the commands are cut", () => {
  const talk: [string, string][] = [
    ["PWD", "530 Please login with USER and PASS."],
    ["PASS x", "503 Incorrect sequence of commands: USER required before PASS"],
    ["USER anonymous", "331 Guest login ok, type your email address as password."],
    ["PASS me@x", "230 Anonymous login ok, access restrictions apply."],
    ["SYST", "215 UNIX Type: L8"],
    ["PWD", '257 "/"'],
    ["CWD sub", "250 OK"],
    ["PWD", '257 "/sub"'],
    ["CWD ../../..", "250 OK"],
    ["PWD", '257 "/"'],
    ["CWD file", "550 file: Not a directory"],
    ["CWD nowhere", "550 No such file or directory"],
    ["SIZE file", "213 10"],
    ["MDTM file", "213 20240229123000"],
    ["TYPE I", "200 Type set to I."],
    ["TYPE X", "504 Unknown type"],
    ["RETR file", "503 Incorrect sequence of commands: PORT or PASV required"],
    ["RNTO x", "503 Incorrect sequence of commands: RNFR required before RNTO"],
    ["MKD new", "550 Anonymous users are forbidden to change the filesystem"],
    ["DELE file", "550 Anonymous users are forbidden to change the filesystem"],
    ["PORT 10,1,1,2,200,1", "504 Only to a port of your own"],
    ["PORT 10,1,1,1,0,80", "504 Only to a port of your own"],
    ["PORT 1,2", "504 Only to a port of your own"],
    ["EPRT |1|10.1.1.2|5000|", "504 Only to a port of your own"],
    ["REST x", "501 A number is needed"],
    ["NOPE", "502 Command 'NOPE' not implemented"],
    ["QUIT", "221 Goodbye."],
  ];
  const wire = talk.map(([command]) => command + "\r\n").join("");
  const expected = ["220 Ropewalk FTP Server", ...talk.map(([, answer]) => answer)];
  for (const chunks of everySplit(wire)) {
    const { ftp, heard, transport } = serve();
    for (const chunk of chunks) if (transport.connected) ftp.dataReceived(chunk);
    assertEquals(heard(), expected);
  }
});

Deno.test("FTP logs users in, gives up after wrong passwords, and changes what they may change", () => {
  const wrong = serve();
  for (let i = 0; i < 2; i++) {
    assertEquals(wrong.say("USER ann", "PASS no")[1], "530 Sorry, Authentication failed.");
  }
  wrong.say("USER ann", "PASS no");
  assert(!wrong.transport.connected);
  const { say, shell } = serve();
  say("USER ann", "PASS pw");
  assertEquals(
    say(
      "MKD new",
      "MKD new",
      "RNFR file",
      "RNTO new/file",
      "DELE file",
      "RMD new",
      "DELE new/file",
      "RMD new",
    ),
    [
      '257 "/new" created',
      "550 File exists",
      "350 Ready for RNTO.",
      "250 Renamed.",
      "550 No such file or directory",
      "550 Directory not empty",
      "250 Deleted.",
      "250 Removed.",
    ],
  );
  assertEquals(shell.list([]).map(({ name }) => name), ["sub"]);
});

Deno.test("FTP sends and takes files by data connections, from the client's address only", () => {
  const { say, reactor, shell, heard } = serve();
  say("USER ann", "PASS pw");
  assertEquals(say("PASV"), ["227 Entering Passive Mode (10,0,0,1,19,136)."]);
  assertEquals(reactor.data(undefined, "6.6.6.6"), null);
  const fetch = reactor.data()!;
  assertEquals(say("REST 4", "RETR file", "PWD"), [
    "350 Restarting at 4.",
    "150 File status okay; about to open data connection.",
  ]);
  fetch.transport.producer!.resumeProducing();
  fetch.transport.producer?.resumeProducing();
  assertEquals(fetch.transport.text(), "456789");
  assertEquals(heard().slice(2), ["226 Transfer Complete.", '257 "/"']);

  assertEquals(say("EPSV"), ["229 Entering Extended Passive Mode (|||5000|)."]);
  say("APPE file");
  const append = reactor.data()!;
  append.protocol.dataReceived(encodeUtf8("abc"));
  append.protocol.connectionLost(new Failure(new ConnectionDone()));
  assertEquals(heard(), ["150 File status okay; about to open data connection.", "226 Transfer Complete."]);
  assertEquals(shell.stat(["file"]).size, 13);

  assertEquals(say("PORT 10,1,1,1,200,1"), ["200 OK"]);
  assertEquals([reactor.connecting[0]!.host, reactor.connecting[0]!.port], [PEER, 51201]);
  say("LIST -al");
  const list = reactor.data(reactor.connecting[0]!.factory)!;
  list.transport.producer!.resumeProducing();
  list.transport.producer?.resumeProducing();
  assertEquals(list.transport.text().split("\r\n"), [
    "drwxr-xr-x   1 ftp      ftp                 0 Feb 29  2024 sub",
    "-rw-r--r--   1 ftp      ftp                13 Feb 29  2024 file",
    "",
  ]);
  say("PASV");
  say("STOR half");
  const broken = reactor.data()!;
  broken.protocol.dataReceived(encodeUtf8("abc"));
  broken.protocol.connectionLost(new Failure(new ConnectionLost()));
  assertEquals(heard().at(-1), "426 Connection closed; transfer aborted.");
  assertThrows(() => shell.stat(["half"]), FTPFileError);
});

Deno.test("FTP waits for a data connection only so long, and closes idle connections", () => {
  const { say, reactor, heard, transport } = serve();
  say("USER ann", "PASS pw", "PASV");
  say("RETR file");
  reactor.advance(10);
  assertEquals(heard(), ["425 Can't open data connection."]);
  reactor.advance(599);
  assert(transport.connected);
  reactor.advance(1);
  assertEquals(heard().at(-1), "421 Timeout");
  assert(!transport.connected);
  assertEquals(reactor.getDelayedCalls(), []);
});

Deno.test("MemoryFTPShell keeps a tree in order", () => {
  const shell = home();
  for (
    const wrong of [
      () => shell.list(["file"]),
      () => shell.stat(["x"]),
      () => shell.read(["sub"], 0),
      () => shell.write(["sub"], 0),
      () => shell.write([], 0),
      () => shell.removeFolder([]),
      () => shell.removeFile(["sub"]),
      () => shell.rename(["sub"], ["sub", "inside"]),
      () => shell.rename(["file"], ["sub"]),
      () => shell.makeFolder(["file", "x"]),
    ]
  ) assertThrows(wrong, FTPFileError);
  assert(listLine(shell.stat(["file"])).endsWith(" file"));
});

Deno.test("FTP and FTPClient take any bytes", () => {
  fc.assert(fc.property(chunked(), ({ chunks }) => {
    const { ftp, transport } = serve();
    const client = new FTPClient({ reactor: new FakeReactor() });
    const other = new StringTransport({ lenient: true });
    client.makeConnection(other);
    for (const chunk of chunks) {
      if (transport.connected) ftp.dataReceived(chunk.slice());
      if (!other.disconnecting) client.dataReceived(chunk);
    }
  }));
});

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
