/**
 * UNIX sockets, and names.
 * @module
 */
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import process from "node:process";
import { UNIXAddress } from "../core/addresses.ts";
import { CannotListenError, ConnectError, DNSLookupError } from "../core/errors.ts";
import { connectProtocol } from "../core/endpoints/endpoint.ts";
import { UNIXClientEndpoint } from "../core/endpoints/unix.ts";
import type { ListeningPort } from "../core/interfaces.ts";
import { cleaning, closing, type Host } from "./contract.ts";
import { ClientRecorders, connected, later, Recorder, Recorders } from "./recorder.ts";

/** Declares the tests of UNIX sockets. They need a directory to write to. */
export function unixContract({ name, make, test: declare }: Host): void {
  const test = cleaning(declare);
  const inDirectory = (run: (file: string) => Promise<void>) => async (): Promise<void> => {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), "ropewalk-"));
    try {
      await run(path.join(directory, "socket"));
    } finally {
      fs.rmSync(directory, { recursive: true });
    }
  };

  test(
    `${name}: a UNIX socket has its mode, carries bytes, and is removed with its port`,
    inDirectory(async (file) => {
      const reactor = make();
      const pair = await connected(reactor, undefined, undefined, {
        listen: (factory) => reactor.listenUNIX(file, factory, { mode: 0o600 }),
        connect: (_port, factory) => reactor.connectUNIX(file, factory),
      });
      assertEquals(fs.statSync(file).mode & 0o777, 0o600);
      assertInstanceOf(pair.port.getHost(), UNIXAddress);
      pair.client.transport.write("ping");
      await pair.server.heard("ping");
      await pair.close();
      assert(!fs.existsSync(file));
    }),
  );

  test(
    `${name}: a connection over a UNIX socket that is aborted ends for its peer too`,
    inDirectory(async (file) => {
      const reactor = make();
      const pair = await connected(reactor, undefined, undefined, {
        listen: (factory) => reactor.listenUNIX(file, factory),
        connect: (_port, factory) => reactor.connectUNIX(file, factory),
      });
      pair.client.transport.abortConnection();
      await pair.client.lost;
      await pair.server.lost;
      await pair.close();
    }),
  );

  test(
    `${name}: a path that is listened on is CannotListenError`,
    inDirectory(async (file) => {
      const reactor = make();
      const port = closing(reactor.listenUNIX(file, new Recorders()));
      await port.ready;
      const error = await refusal(() => reactor.listenUNIX(file, new Recorders()));
      assertInstanceOf(error, CannotListenError);
      assert(error.message.includes(file));
    }),
  );

  test(
    `${name}: a UNIX port may be stopped before it is bound, leaves no file, and its path is free in the same turn`,
    inDirectory(async (file) => {
      const reactor = make();
      await reactor.listenUNIX(file, new Recorders()).stopListening();
      await later(reactor, 0.01);
      assertEquals([fs.existsSync(file), reactor.stats().ports], [false, []]);
      const port = reactor.listenUNIX(file, new Recorders());
      await port.ready;
      port.stopListening(); // and the path is free at once
      await closing(reactor.listenUNIX(file, new Recorders())).ready;
    }),
  );

  test(
    `${name}: a socket file is left alone while somebody listens, by whatever path, and cleared away after`,
    inDirectory(async (file) => {
      const directory = path.dirname(file);
      const link = `${directory}-link`;
      fs.symlinkSync(directory, link);
      try {
        for (const other of [path.join(link, "socket"), path.relative(process.cwd(), file)]) {
          const reactor = make();
          const port = closing(reactor.listenUNIX(other, new Recorders()));
          await port.ready;
          assertInstanceOf(await refusal(() => reactor.listenUNIX(file, new Recorders())), CannotListenError);
          await connectProtocol(new UNIXClientEndpoint(reactor, file), new Recorder())
            .addCallback(({ transport, lost }) => (transport.loseConnection(), lost));
          await port.stopListening();
        }
      } finally {
        fs.unlinkSync(link);
      }
      leaveSocketFile(file);
      assert(fs.lstatSync(file).isSocket());
      const keeping = { removeStale: false };
      const error = await refusal(() => make().listenUNIX(file, new Recorders(), keeping));
      assertInstanceOf(error, CannotListenError);
      if (listsSockets()) {
        const port = closing(make().listenUNIX(file, new Recorders()));
        await port.ready;
      } else { // the file may be somebody's: it stays
        assertInstanceOf(await refusal(() => make().listenUNIX(file, new Recorders())), CannotListenError);
      }
    }),
  );

  test(
    `${name}: a path that is no use is refused in words, to a port and to a client`,
    inDirectory(async (file) => {
      for (const [path, words] of [["", "is empty"], [file.padEnd(110, "x"), "has 110 bytes"]] as const) {
        const error = await refusal(() => make().listenUNIX(path, new Recorders()));
        assertInstanceOf(error, CannotListenError);
        assert(error.message.includes(words), error.message);
        const factory = new ClientRecorders();
        make().connectUNIX(path, factory);
        const failed = await factory.failed;
        assertInstanceOf(failed, ConnectError);
        assert(failed.message.includes(words), failed.message);
      }
      assertEquals(fs.readdirSync(path.dirname(file)), []);
    }),
  );

  test(
    `${name}: a path without a socket fails the connection`,
    inDirectory(async (file) => {
      const factory = new ClientRecorders();
      make().connectUNIX(file, factory);
      assertInstanceOf(await factory.failed, ConnectError);
    }),
  );

  if (process.platform === "linux") {
    test(`${name}: an abstract name has no file`, async () => {
      const reactor = make();
      const socket = `\0ropewalk-${process.pid}-${name}`;
      const pair = await connected(reactor, undefined, undefined, {
        listen: (factory) => reactor.listenUNIX(socket, factory),
        connect: (_port, factory) => reactor.connectUNIX(socket, factory),
      });
      pair.client.transport.write("ping");
      await pair.server.heard("ping");
      await pair.close();
    });
  }
}

/** Why a port cannot be bound, whether it throws or fails; `null` if it can. */
async function refusal(listen: () => ListeningPort): Promise<unknown> {
  try {
    await listen().ready;
  } catch (error) {
    return error;
  }
  return null;
}

// Deno shows /proc only to a program that may do everything.
function listsSockets(): boolean {
  try {
    return fs.readFileSync("/proc/net/unix").length > 0;
  } catch {
    return false;
  }
}

/** What a process leaves that was killed: the file of a socket that nobody has open. */
function leaveSocketFile(file: string): void {
  const program =
    `require("node:net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))`;
  spawnSync("node", ["-e", program, file]);
}

/** Declares the test of names, which asks the system's resolver. */
export function nameContract({ name, make, test: declare }: Host): void {
  const test = cleaning(declare);
  for (const host of ["no-such-host.invalid", "bücher.invalid", "no name"]) {
    test(`${name}: a name without an address is DNSLookupError: ${host}`, async () => {
      const factory = new ClientRecorders();
      make().connectTCP(host, 80, factory);
      assertInstanceOf(await factory.failed, DNSLookupError);
    });
  }
}
