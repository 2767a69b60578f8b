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
import { TLSError } from "../core/errors.ts";
import type { HostStream, TLSFacts } from "../core/host_network.ts";
import type { PeerCertificate, TLSClientOptions, TLSServerOptions } from "../core/interfaces.ts";
import { NodeStream } from "./node_stream.ts";

const READ_BUFFER = 16_384;

/** The server's side of a handshake. */
export function serverTLS(stream: HostStream, options: TLSServerOptions): Promise<HostStream> {
  const { clientCertificate = "no", sni = {} } = options;
  return shake(stream, () => {
    const socket = new tls.TLSSocket(duplexOf(stream) as never, {
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
  return shake(stream, () => {
    const socket = tls.connect({
      socket: duplexOf(stream) as never,
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

function shake(stream: HostStream, begin: () => [tls.TLSSocket, string]): Promise<HostStream> {
  return new Promise((resolve, reject) => {
    let over = false; // an "error" is followed by a "close"
    const failed = (error: unknown): void => {
      if (over) return;
      over = true;
      stream.close();
      const message = error instanceof Error ? error.message : String(error);
      reject(new TLSError(`The TLS handshake failed: ${message}`, { cause: error }));
    };
    try {
      const [socket, event] = begin();
      const ended = () => failed(new Error("the peer closed the connection"));
      socket.once("error", failed);
      socket.once("close", ended);
      socket.once(event, () => {
        socket.off("error", failed);
        socket.off("close", ended);
        resolve(new NodeStream(socket, stream.localAddress, stream.remoteAddress, factsOf(socket)));
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
function duplexOf(stream: HostStream): Duplex {
  const buffer = new Uint8Array(READ_BUFFER);
  const duplex: Duplex = new Duplex({
    allowHalfOpen: true,
    read() {
      stream.read(buffer).then(
        (count) => duplex.push(count === null ? null : Buffer.from(buffer.subarray(0, count))),
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

function writeAll(stream: HostStream, data: Uint8Array, done: (error?: Error | null) => void): void {
  stream.write(data).then(
    (count) => count < data.length ? writeAll(stream, data.subarray(count), done) : done(),
    (error) => done(error as Error),
  );
}

function isAddress(host: string): boolean {
  return host.includes(":") || /^[0-9.]+$/.test(host);
}
