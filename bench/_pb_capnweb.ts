/**
 * `capnweb` over TCP: its messages as lines, those of one turn in one write, so that it has the transport that our own
 * side has.
 * @module
 */
import { RpcSession, type RpcStub, RpcTarget, type RpcTransport } from "npm:capnweb@^0.12.0";

class LineTransport implements RpcTransport {
  readonly #conn: Deno.Conn;
  readonly #lines: string[] = [];
  #wanted: ((line: string) => void) | null = null;
  #rest = "";
  #out = "";
  #writing = false;

  constructor(conn: Deno.TcpConn) {
    conn.setNoDelay(true);
    this.#conn = conn;
    this.#read();
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(65536);
    const decoder = new TextDecoder();
    for (;;) {
      const count = await this.#conn.read(buffer).catch(() => null);
      if (count === null) return;
      const text = this.#rest + decoder.decode(buffer.subarray(0, count), { stream: true });
      const lines = text.split("\n");
      this.#rest = lines.pop()!;
      for (const line of lines) {
        if (this.#wanted === null) this.#lines.push(line);
        else {
          const wanted = this.#wanted;
          this.#wanted = null;
          wanted(line);
        }
      }
    }
  }

  send(message: string): Promise<void> {
    if (this.#out === "" && !this.#writing) queueMicrotask(() => this.#flush());
    this.#out += message + "\n";
    return Promise.resolve();
  }

  async #flush(): Promise<void> {
    if (this.#writing) return;
    this.#writing = true;
    while (this.#out !== "") {
      const bytes = new TextEncoder().encode(this.#out);
      this.#out = "";
      for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
    }
    this.#writing = false;
  }

  receive(): Promise<string> {
    const line = this.#lines.shift();
    if (line !== undefined) return Promise.resolve(line);
    return new Promise((resolve) => this.#wanted = resolve);
  }
}

/** What the rival serves. */
export interface EchoApi {
  /** Gives its argument back. */
  echo(value: unknown): Promise<unknown>;
}

/** Both ends of the rival. */
export const newRpcSession = {
  /** Serves `echo`; the port. */
  listen(echo: (value: unknown) => unknown): number {
    class Echo extends RpcTarget {
      echo(value: unknown): unknown {
        return echo(value);
      }
    }
    const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
    (async () => {
      for await (const conn of listener) new RpcSession(new LineTransport(conn), new Echo());
    })();
    return listener.addr.port;
  },
  /** The other end. */
  async connect(port: number): Promise<EchoApi> {
    const session = new RpcSession(new LineTransport(await Deno.connect({ port, hostname: "127.0.0.1" })));
    return session.getRemoteMain() as RpcStub<never> as unknown as EchoApi;
  },
};
