import { AllowAnonymousAccess, ANONYMOUS, InMemoryUsernamePasswordDatabase, Portal } from "@ropewalk/cred";
import { Failure } from "@ropewalk/deferred";
import { ConnectionDone, ConnectionLost, type PushProducer } from "@ropewalk/reactor/core";
import { everySplit } from "@ropewalk/testing";
import { chunked } from "@ropewalk/testing/arbitraries";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { encodeUtf8 } from "../bytes.ts";
import { home, PEER, serve } from "./_fake_reactor_test.ts";
import { listLine } from "./listing.ts";
import { FTPFileError, FTPShell } from "./shell.ts";

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

Deno.test("FTP takes any bytes", () => {
  fc.assert(fc.property(chunked(), ({ chunks }) => {
    const { ftp, transport } = serve();
    for (const chunk of chunks) if (transport.connected) ftp.dataReceived(chunk);
  }));
});

Deno.test("FTP lets users and guests in by a Portal, and says when they leave", async () => {
  const left: string[] = [];
  const asked: unknown[] = [];
  const portal = new Portal<FTPShell>({
    requestAvatar(id, _mind, ...interfaces) {
      asked.push(...interfaces);
      return { avatar: home(), logout: () => void left.push(String(id === ANONYMOUS ? "guest" : id)) };
    },
  }, [new InMemoryUsernamePasswordDatabase({ bob: "secret" })]);
  const { say, heard } = serve({ portal }, false);
  const turn = () => new Promise((resolve) => queueMicrotask(() => resolve(null)));
  assertEquals(say("USER anonymous", "PASS x").slice(0, 1), ["331 Password required for anonymous."]);
  await turn();
  assertEquals(heard()[1], "530 Sorry, Authentication failed.");
  say("USER bob", "PASS wrong");
  assertEquals(heard()[1], "530 Sorry, Authentication failed.");
  assertEquals(say("USER bob", "PASS secret", "MKD new"), [
    "331 Password required for bob.",
    "230 User logged in, proceed",
    '257 "/new" created',
  ]);
  assertEquals([asked, left], [[FTPShell], []]);
  portal.registerChecker(new AllowAnonymousAccess());
  assertEquals(say("USER ftp", "PASS me@here", "SIZE file", "MKD new"), [
    "331 Guest login ok, type your email address as password.",
    "230 Anonymous login ok, access restrictions apply.",
    "213 10",
    "550 Anonymous users are forbidden to change the filesystem",
  ]);
  assertEquals(left, ["bob"]);
  assertEquals(say("USER ann", "PASS pw")[1], "230 User logged in, proceed"); // `login` knows her
  assertEquals(left, ["bob", "guest"]);
});

Deno.test("FTP tells programs about files, and wants RNTO behind RNFR", () => {
  const { say, reactor } = serve();
  say("USER ann", "PASS pw");
  assertEquals(say("MLST file"), [
    "250-Facts",
    " type=file;size=10;modify=20240229123000; /file",
    "250 End",
  ]);
  assertEquals(say("RNFR file", "NOOP", "RNTO other"), [
    "350 Ready for RNTO.",
    "503 Incorrect sequence of commands: RNTO required after RNFR",
    "503 Incorrect sequence of commands: RNFR required before RNTO",
  ]);
  say("EPSV", "MLSD");
  const list = reactor.data()!;
  list.transport.producer!.resumeProducing();
  list.transport.producer?.resumeProducing();
  assertEquals(list.transport.text().split("\r\n"), [
    "type=dir;modify=20240229123000; sub",
    "type=file;size=10;modify=20240229123000; file",
    "",
  ]);
  assertEquals(say("EPSV").length, 1);
  reactor.data();
  assertEquals(say("MLSD file"), ["550 Not a directory"]);
});

Deno.test("FTP closes on a command of more than 4,096 bytes", () => {
  const { say, transport } = serve();
  say("NOOP " + "x".repeat(4096 - 5));
  assert(transport.connected);
  say("NOOP " + "x".repeat(4097 - 5));
  assert(!transport.connected);
});

Deno.test("FTP does no more commands while the client reads no answers, and cuts it off in the end", () => {
  const { transport, reactor, say } = serve();
  say("USER ann", "PASS pw");
  const register = transport.registerProducer.bind(transport);
  let reads = true;
  transport.registerProducer = (producer, streaming) => {
    register(producer, streaming);
    if (!reads) (producer as PushProducer).pauseProducing();
  };
  assertEquals(say("NOOP", "NOOP").length, 2);
  assertEquals(transport.producer, null);
  reads = false;
  for (let i = 0; i < 50; i++) say(...new Array(100).fill("FEAT"));
  assertEquals(transport.producerState, "paused");
  transport.clear();
  reads = true;
  (transport.producer as PushProducer).resumeProducing(); // it has caught up
  assertEquals(transport.producer, null);
  assertEquals(transport.producerState, "producing");
  assertEquals(transport.text().split("211 End").length - 1, 4999);
  assertEquals(say("PWD"), ['257 "/"']);

  reads = false;
  say("NOOP");
  transport.loseConnection = () => void (transport.disconnecting = true); // there is something to send
  reactor.advance(599);
  assert(!transport.disconnecting);
  reactor.advance(1);
  assert(transport.disconnecting && transport.connected);
  reactor.advance(60);
  assert(!transport.connected);
  assertEquals(reactor.getDelayedCalls(), []);
});
