/**
 * What went wrong in a TLS handshake, in words.
 * @module
 */
import { TLSError } from "../core/errors.ts";

const REASONS: readonly [RegExp, string][] = [
  [/expired|CERT_HAS_EXPIRED/i, "the peer's certificate has expired"],
  [/not.?yet.?valid/i, "the peer's certificate is not valid yet"],
  [
    /self.?signed|UnknownIssuer|unable to (verify|get)|UNABLE_TO|unknown.?(issuer|ca|authority)|CaUsedAsEndEntity/i,
    "the peer's certificate is signed by nobody who is trusted",
  ],
  [/altname|NotValidForName|ERR_TLS_CERT_ALTNAME/i, "the peer's certificate is not good for this name"],
  [
    /CertificateRequired|no certificates?|did not return a certificate|certificate.?required/i,
    "a client certificate is required, and none was shown",
  ],
  [/NoApplicationProtocol|no.?application.?protocol/i, "the two sides share no protocol (ALPN)"],
  [
    /BadCertificate|bad certificate|DecryptError|certificate.?unknown/i,
    "the certificate was refused by the peer",
  ],
  [/protocol.?version|unsupported.?protocol|PeerIncompatible/i, "the two sides share no version of TLS"],
  [/no shared cipher|handshake.?failure/i, "the two sides share no cipher"],
  [
    /wrong.?version|InvalidContentType|corrupt|InvalidMessage|http request|record|BadRecord/i,
    "the peer does not speak TLS",
  ],
  [
    /key values mismatch|KeyMismatch|inconsistent.?keys/i,
    "the private key does not belong to the certificate",
  ],
  [
    /PEM|no start line|asn1|DECODER|invalid.?(key|cert)|unable to parse/i,
    "the certificate or key is not readable PEM",
  ],
  [
    /closed|eof|end of file|ECONNRESET|reset|disconnected|hang up/i,
    "the peer closed the connection during it",
  ],
];

/**
 * Makes one error out of the many that hosts raise.
 *
 * @param error What the host says.
 * @param whom The other side, in words.
 */
export function explainTLSError(error: unknown, whom: string): TLSError {
  const code = (error as { code?: unknown })?.code;
  const message = error instanceof Error ? error.message : String(error);
  const text = `${code ?? ""} ${message}`;
  const reason = REASONS.find(([pattern]) => pattern.test(text))?.[1] ?? "it was not agreed on";
  return new TLSError(`The TLS handshake with ${whom} failed: ${reason} (${message})`, { cause: error });
}
