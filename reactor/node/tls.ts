/**
 * TLS over any connection of the reactor: Node's engine, fed by a stream that reads and writes ours.
 *
 * ```text
 *   protocol ◄── StreamConnection ◄── NodeStream(TLSSocket) ◄── Duplex ◄── the plain connection
 * ```
 * @module
 */
import { Duplex } from "node:stream";
import { Buffer } from "node:buffer";
import * as tls from "node:tls";
import type { HostStream, TLSFacts } from "../core/host_network.ts";
import type { PeerCertificate, TLSClientOptions, TLSServerOptions } from "../core/interfaces.ts";
import { NodeStream } from "./node_stream.ts";
import { explainTLSError } from "./tls_errors.ts";

const READ_BUFFER = 16_384;
/** RFC 8446, section 6.1: without a closing alert, what came may have been cut off by somebody on the way. */
const CUT_OFF = "the peer closed it without a TLS closing alert";

/** The server's side of a handshake. */
export function serverTLS(stream: HostStream, options: TLSServerOptions): Promise<HostStream> {
  const { clientCertificate = "no", sni = {} } = options;
  return shake(stream, "a client", (duplex) => {
    const socket = new tls.TLSSocket(duplex as never, {
      isServer: true,
      cert: options.cert,
      key: options.key,
      requestCert: clientCertificate !== "no",
      rejectUnauthorized: clientCertificate === "required",
      ...(options.ca ? { ca: [...options.ca] } : {}),
      ...(options.alpnProtocols ? { ALPNProtocols: [...options.alpnProtocols] } : {}),
      SNICallback: (name, done) => {
        const other = Object.hasOwn(sni, name) ? sni[name]! : options;
        done(
          null,
          tls.createSecureContext({
            cert: other.cert,
            key: other.key,
            ...(options.ca ? { ca: [...options.ca] } : {}),
          }),
        );
      },
    });
    return [socket, "secure"];
  });
}

/** The client's side of a handshake. */
export function clientTLS(stream: HostStream, options: TLSClientOptions): Promise<HostStream> {
  const { hostname = "" } = options;
  return shake(stream, hostname === "" ? "the server" : hostname, (duplex) => {
    const socket = tls.connect({
      socket: duplex as never,
      host: hostname,
      ...(isAddress(hostname) || hostname === "" ? {} : { servername: hostname }),
      rejectUnauthorized: options.verify !== false,
      ...(options.ca ? { ca: [...options.ca] } : {}),
      ...(options.cert ? { cert: options.cert } : {}),
      ...(options.key ? { key: options.key } : {}),
      ...(options.alpnProtocols ? { ALPNProtocols: [...options.alpnProtocols] } : {}),
      checkServerIdentity: (_name: string, cert: tls.PeerCertificate) =>
        hostname === "" ? undefined : tls.checkServerIdentity(hostname, cert),
    });
    return [socket, "secureConnect"];
  });
}

function shake(
  stream: HostStream,
  whom: string,
  begin: (duplex: Duplex) => [tls.TLSSocket, string],
): Promise<HostStream> {
  return new Promise((resolve, reject) => {
    try {
      stream.setNoDelay?.(true); // a handshake is small messages that wait for each other
    } catch { /* it is gone already: the handshake tells */ }
    const duplex = duplexOf(stream);
    let socket: tls.TLSSocket | null = null;
    const failed = (error: unknown): void => {
      settled();
      socket?.destroy();
      duplex.destroy();
      reject(explainTLSError(error, whom));
    };
    const ended = (): void => failed(new Error("the peer closed the connection"));
    // The engine may have something to say about the last bytes: it is heard first.
    const endedSoon = (): void => void setImmediate(() => waiting && ended());
    let waiting = true;
    const settled = (): void => {
      waiting = false;
      socket?.off("error", failed).off("close", ended).on("error", () => {});
      duplex.off("end", endedSoon).off("error", failed).on("error", (error) => socket?.destroy(error));
      duplex.on("end", () => {
        // One that is paused has not told yet how it ended: it is believed.
        if (socket !== null && !socket.readableEnded && !socket.isPaused()) {
          socket.destroy(new Error(CUT_OFF));
        }
      });
    };
    duplex.on("end", endedSoon);
    duplex.on("error", failed);
    try {
      const [made, event] = begin(duplex);
      socket = made;
      made.once("error", failed);
      made.once("close", ended);
      made.once(event, () => {
        if (!waiting) return;
        settled();
        resolve(new NodeStream(made, stream.localAddress, stream.remoteAddress, factsOf(made), stream));
      });
    } catch (error) {
      failed(error); // a certificate or key that cannot be read
    }
  });
}

function factsOf(socket: tls.TLSSocket): TLSFacts {
  return {
    negotiatedProtocol: socket.alpnProtocol || null,
    peerCertificate: () => {
      const cert = socket.getPeerCertificate();
      if (!cert || Object.keys(cert).length === 0) return null;
      return {
        subject: cert.subject as unknown as PeerCertificate["subject"],
        issuer: cert.issuer as unknown as PeerCertificate["issuer"],
        subjectAltName: cert.subjectaltname ?? "",
        fingerprint256: cert.fingerprint256,
        raw: new Uint8Array(cert.raw),
      };
    },
  };
}

/** One of our connections as a stream of Node's. */
function duplexOf(stream: HostStream): LingeringDuplex {
  let buffer = Buffer.allocUnsafeSlow(READ_BUFFER);
  const duplex: LingeringDuplex = new LingeringDuplex({
    allowHalfOpen: true,
    read() {
      stream.read(buffer).then(
        (count) => {
          if (count === null) {
            setImmediate(() => duplex.push(null)); // the engine may still have the peer's farewell to tell
            return;
          }
          duplex.push(buffer.subarray(0, count));
          if (duplex.readableLength > 0) buffer = Buffer.allocUnsafeSlow(READ_BUFFER); // the engine has not taken it yet
        },
        (error) => duplex.destroy(error as Error),
      );
    },
    write(chunk: Uint8Array, _encoding, done) {
      writeAll(stream, chunk, done);
    },
    final(done) {
      stream.closeWrite().then(() => done(), () => done());
    },
    destroy(error, done) {
      try {
        stream.close();
      } catch { /* it is closed already */ }
      done(error);
    },
  });
  return duplex;
}

/**
 * Outlives its destruction for a moment: Deno's engine destroys its stream and only then writes the alert that tells
 * the peer why a handshake failed, or that the connection was closed in order.
 */
class LingeringDuplex extends Duplex {
  #destroying = false;

  override destroy(error?: Error): this {
    if (this.#destroying) return this;
    this.#destroying = true;
    setImmediate(() => super.destroy(error));
    return this;
  }
}

function writeAll(stream: HostStream, data: Uint8Array, done: (error?: Error | null) => void): void {
  stream.write(data).then(
    (count) => count < data.length ? writeAll(stream, data.subarray(count), done) : done(),
    (error) => done(error as Error),
  );
}

function isAddress(host: string): boolean {
  return host.includes(":") || /^[0-9.]+$/.test(host);
}
