/**
 * TLS over any connection of the reactor: Node's engine, fed by a stream that reads and writes ours.
 *
 * ```text
 *   protocol ◄── StreamConnection ◄── NodeStream(TLSSocket) ◄── Carrier ◄── the plain connection
 * ```
 * @module
 */
import * as tls from "node:tls";
import { reportError } from "@ropewalk/deferred";
import type { HostStream, TLSFacts } from "../core/host_network.ts";
import type { PeerCertificate, TLSClientOptions, TLSServerOptions } from "../core/interfaces.ts";
import { Carrier } from "./carrier.ts";
import { checkCertificate } from "./check_certificate.ts";
import { NodeStream } from "./node_stream.ts";
import { explainTLSError } from "./tls_errors.ts";

const CLOSED = "the peer closed the connection";
/** RFC 8446, section 6.1: without a closing alert, what came may have been cut off by somebody on the way. */
const CUT_OFF = "the peer closed it without a TLS closing alert";

/** The server's side of a handshake. */
export function serverTLS(stream: HostStream, options: TLSServerOptions): Promise<HostStream> {
  const { clientCertificate = "no", sni = {}, alpnProtocols, ca } = options;
  const own = (asked: string): Identity => { // names are compared without case (RFC 6066, section 3)
    const wanted = asked.toLowerCase();
    return Object.entries(sni).find(([name]) => name.toLowerCase() === wanted)?.[1] ?? options;
  };
  const alpn = alpnProtocols ? { ALPNProtocols: [...alpnProtocols] } : {};
  // What is wrong with them a client must not wait for, and whoever runs the server wants to know.
  const contextFor = (name: string, contextOf: (identity: Identity) => tls.SecureContext) => {
    try {
      return contextOf(own(name));
    } catch (error) {
      reportError(error, `Error in the certificates of a server${name && ` for ${name}`}`);
      throw error;
    }
  };
  return shake(stream, "a client", (carrier, through, failed) => {
    const choose = (contextOf: (identity: Identity) => tls.SecureContext): tls.TlsOptions["SNICallback"] => {
      return (name, done) => {
        try {
          done(null, contextFor(name, contextOf));
        } catch (error) {
          failed(error);
        }
      };
    };
    const secureContext = contextFor("", knownContext);
    if (clientCertificate === "no") {
      const socket = new tls.TLSSocket(carrier as never, {
        isServer: true,
        secureContext,
        ...alpn,
        ...(Object.keys(sni).length > 0 ? { SNICallback: choose(knownContext) } : {}),
      });
      socket.once("error", (error) => failed(error, socket));
      socket.once("close", () => failed(new Error(CLOSED)));
      socket.once("secure", () => through(socket));
      return;
    }
    // A server that never listens: only a server of Node's checks who signed a client's certificate.
    const authorities = ca ? { ca: [...ca] } : {};
    const server = tls.createServer({
      cert: options.cert,
      key: options.key,
      ...authorities,
      ...alpn,
      requestCert: true,
      rejectUnauthorized: clientCertificate === "required",
      SNICallback: choose(({ cert, key }) => {
        checkCertificate("", cert, key);
        return tls.createSecureContext({ cert, key, ...authorities });
      }),
    });
    server.on("tlsClientError", failed);
    server.on("secureConnection", (socket) => {
      if (socket.authorized || certificateOf(socket) === null) through(socket);
      else failed(socket.authorizationError, socket);
    });
    server.emit("connection", carrier);
  });
}

interface Identity {
  readonly cert: string;
  readonly key: string;
}

// To read a certificate and a key costs more than a handshake does: what was read is kept as long as the options are.
const contexts = new WeakMap<Identity, Identity & { readonly context: tls.SecureContext }>();

function knownContext(identity: Identity): tls.SecureContext {
  const { cert, key } = identity;
  const known = contexts.get(identity);
  if (known !== undefined && known.cert === cert && known.key === key) return known.context;
  checkCertificate("", cert, key); // Deno takes a key that does not belong to the certificate, and then never answers
  const context = tls.createSecureContext({ cert, key });
  contexts.set(identity, { cert, key, context });
  return context;
}

/** The client's side of a handshake. */
export function clientTLS(stream: HostStream, options: TLSClientOptions): Promise<HostStream> {
  const { hostname = "" } = options;
  return shake(stream, hostname === "" ? "the server" : hostname, (carrier, through, failed) => {
    const socket = tls.connect({
      socket: carrier as never,
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
    socket.once("error", (error) => failed(error, socket));
    socket.once("close", () => failed(new Error(CLOSED)));
    socket.once("secureConnect", () => through(socket));
  });
}

type Failed = (error: unknown, socket?: tls.TLSSocket) => void;

/** Does a handshake, which `begin` begins; what it calls first counts. */
function shake(
  stream: HostStream,
  whom: string,
  begin: (carrier: Carrier, through: (socket: tls.TLSSocket) => void, failed: Failed) => void,
): Promise<HostStream> {
  return new Promise((resolve, reject) => {
    try {
      stream.setNoDelay?.(true); // a handshake is small messages that wait for each other
    } catch { /* it is gone already: the handshake tells */ }
    const carrier = new Carrier(stream);
    let waiting = true;
    const failed: Failed = (error, socket) => {
      socket?.on("error", () => {}).destroy();
      if (!waiting) return;
      waiting = false;
      carrier.on("error", () => {}).destroy();
      reject(explainTLSError(error, whom));
    };
    // The engine may have something to say about the last bytes: it is heard first.
    carrier.once("end", () => void setImmediate(() => failed(new Error(CLOSED))));
    carrier.once("error", (error) => failed(error));
    const through = (socket: tls.TLSSocket): void => {
      if (!waiting) {
        socket.destroy();
        return;
      }
      waiting = false;
      socket.on("error", () => {});
      carrier.on("error", (error) => socket.destroy(error));
      carrier.on("end", () => void (socket.readableEnded || socket.destroy(new Error(CUT_OFF))));
      const { localAddress, remoteAddress } = stream;
      resolve(new NodeStream(socket, localAddress, remoteAddress, { tls: factsOf(socket), carrier }));
    };
    try {
      begin(carrier, through, failed);
    } catch (error) {
      failed(error); // a certificate or key that cannot be read
    }
  });
}

function factsOf(socket: tls.TLSSocket): TLSFacts {
  const certificate = certificateOf(socket); // later the socket may be gone
  return { negotiatedProtocol: socket.alpnProtocol || null, peerCertificate: () => certificate };
}

function certificateOf(socket: tls.TLSSocket): PeerCertificate | null {
  const cert = socket.getPeerCertificate();
  if (!cert || Object.keys(cert).length === 0) return null;
  return {
    subject: cert.subject as unknown as PeerCertificate["subject"],
    issuer: cert.issuer as unknown as PeerCertificate["issuer"],
    subjectAltName: cert.subjectaltname ?? "",
    fingerprint256: cert.fingerprint256,
    raw: new Uint8Array(cert.raw),
  };
}

function isAddress(host: string): boolean {
  return host.includes(":") || /^[0-9.]+$/.test(host);
}
