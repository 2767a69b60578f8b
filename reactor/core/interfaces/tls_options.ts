/**
 * What TLS needs, and what it shows.
 * @module
 */

/** A certificate as the peer showed it. */
export interface PeerCertificate {
  /** The fields of its subject: `{ CN: "example.org" }`. */
  readonly subject: Readonly<Record<string, string>>;
  /** The fields of its issuer. */
  readonly issuer: Readonly<Record<string, string>>;
  /** The names it is good for: `"DNS:example.org, IP Address:127.0.0.1"`. */
  readonly subjectAltName: string;
  /** SHA-256 of the whole certificate, as colon-separated hexadecimal. */
  readonly fingerprint256: string;
  /** The certificate in DER. */
  readonly raw: Uint8Array;
}

/** What a TLS server needs. Certificates and keys are PEM text. */
export interface TLSServerOptions {
  /** The certificate, followed by those between it and the root. */
  cert: string;
  /** Its private key. */
  key: string;
  /** Authorities whose client certificates are accepted. */
  ca?: readonly string[];
  /** Whether clients have to show a certificate. @default "no" */
  clientCertificate?: "no" | "optional" | "required";
  /** Protocols offered by ALPN, the preferred first. */
  alpnProtocols?: readonly string[];
  /** Other certificates by the name that the client asks for (SNI). */
  sni?: Readonly<Record<string, { cert: string; key: string }>>;
}

/** What a TLS client needs. Certificates and keys are PEM text. */
export interface TLSClientOptions {
  /** The name the server's certificate must be good for; also sent as SNI. */
  hostname?: string;
  /** Authorities trusted in place of the system's. */
  ca?: readonly string[];
  /** A certificate to show to the server. */
  cert?: string;
  /** Its private key. */
  key?: string;
  /** Protocols asked for by ALPN, the preferred first. */
  alpnProtocols?: readonly string[];
  /** Whether the server's certificate is checked at all. @default true */
  verify?: boolean;
}
