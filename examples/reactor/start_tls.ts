/**
 * Lines in plain text until one end asks for TLS, in the middle of the connection.
 *
 *     openssl req -x509 -newkey rsa:2048 -nodes -days 9 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
 *       -keyout key.pem -out cert.pem
 *     deno run --allow-net --allow-read examples/reactor/start_tls.ts --port=8023
 *     deno run --allow-net --allow-read examples/reactor/start_tls.ts --to=8023 --say=hello
 *
 * What somebody on the way slips in behind `STARTTLS`, in plain text, must not be taken for what comes under TLS: the
 * line receiver drops what it holds when the switch is asked for.
 */
import { Deferred, type Failure } from "@ropewalk/deferred";
import { Factory, LineReceiver } from "@ropewalk/protocols";
import {
  type ClientEndpoint,
  connectProtocol,
  type TLSClientOptions,
  type TLSServerOptions,
} from "@ropewalk/reactor/core";
import { serve, work } from "../tutorial/_command.ts";

/** Goes over to TLS when it is asked to; says each other line again, in capitals, under TLS only. */
export class SecretShout extends LineReceiver {
  #isSecret = false;

  constructor(readonly tls: TLSServerOptions) {
    super();
  }

  override lineReceived(line: string): void {
    if (line === "STARTTLS" && !this.#isSecret) {
      this.#isSecret = true;
      this.sendLine("GO");
      this.transport.startTLS(this.tls);
    } else this.sendLine(this.#isSecret ? line.toUpperCase() : "SAY STARTTLS FIRST");
  }
}

/** Asks for TLS, and only then says what it has to say. */
export class SecretClient extends LineReceiver {
  /** What the server made of it. */
  readonly answer: Deferred<string>;
  #isSecret = false;

  constructor(readonly text: string, readonly tls: TLSClientOptions) {
    super();
    this.answer = new Deferred(() => this.transport.abortConnection());
  }

  override connectionMade(): void {
    this.sendLine("STARTTLS");
  }

  override lineReceived(line: string): void {
    if (this.#isSecret) {
      this.answer.callback(line);
      this.transport.loseConnection();
    } else if (line === "GO") {
      this.#isSecret = true;
      this.transport.startTLS(this.tls);
      this.sendLine(this.text); // waits for the handshake
    } else this.transport.abortConnection();
  }

  override connectionLost(reason: Failure): void {
    if (!this.answer.called) this.answer.errback(reason);
  }
}

/** Says something in secret; fires with the answer. */
export function whisper(endpoint: ClientEndpoint, text: string, tls: TLSClientOptions): Deferred<string> {
  return connectProtocol(endpoint, new SecretClient(text, tls)).addCallback((client) => client.answer);
}

const HELP = `Speaks in lines, under TLS once STARTTLS was said.

  --port PORT        where to listen (8023)
  --to PORT          say something to this port instead (0)
  --say TEXT         what (hello)
  --cert FILE        a certificate for localhost, as PEM; the client trusts it (cert.pem)
  --key FILE         its key (key.pem)`;

if (import.meta.main) {
  const { clientFromString, reactor } = await import("@ropewalk/reactor");
  const options = { port: 8023, to: 0, say: "hello", cert: "cert.pem", key: "key.pem" };
  const read = (file: string): string => Deno.readTextFileSync(file);
  const listen = ({ port, cert, key }: typeof options) =>
    reactor.listenTCP(port, Factory.forProtocol(SecretShout, { cert: read(cert), key: read(key) }), {
      hostname: "127.0.0.1",
    });
  const say = ({ to, say, cert }: typeof options) =>
    whisper(clientFromString(reactor, `tcp:127.0.0.1:${to}`), say, {
      ca: [read(cert)],
      hostname: "localhost",
    })
      .addCallback(console.log);
  const asks = Deno.args.some((argument) => argument.startsWith("--to"));
  Deno.exit(await (asks ? work(HELP, options, say) : serve(HELP, options, listen)));
}
