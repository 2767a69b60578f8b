/**
 * Whether a certificate and its key can serve, asked before anybody connects: the engines find out in a handshake, of
 * which a server hears nothing.
 * @module
 */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { TLSError } from "../core/errors.ts";
import type { TLSClientOptions, TLSServerOptions } from "../core/interfaces.ts";

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/;
const KEY = /-----BEGIN ([A-Z ]*)PRIVATE KEY-----[^]*?-----END \1PRIVATE KEY-----/;

/**
 * Makes sure that each certificate of a server can be read, and its key belongs to it.
 *
 * @throws {TLSError} In words, if not.
 */
export function checkCertificates({ cert, key, sni = {} }: TLSServerOptions): void {
  checkCertificate("", cert, key);
  for (const [name, other] of Object.entries(sni)) checkCertificate(` for ${name}`, other.cert, other.key);
}

/**
 * Makes sure that the certificate which a client shows can be read, and its key belongs to it.
 *
 * @throws {TLSError} In words, if not.
 */
export function checkClientCertificate({ cert, key }: TLSClientOptions): void {
  if (cert !== undefined && key !== undefined) checkCertificate("", cert, key);
}

/**
 * Makes sure that a certificate and a key can be read, and belong together.
 *
 * @param whose For the message: `" for example.org"`, or nothing.
 * @throws {TLSError} In words, if not.
 */
export function checkCertificate(whose: string, cert: string, key: string): void {
  const certificate = read(
    `certificate${whose}`,
    CERTIFICATE.exec(cert),
    (text) => new X509Certificate(text),
  );
  const privateKey = read(`private key${whose}`, KEY.exec(key), createPrivateKey);
  if (!belongs(certificate, privateKey)) {
    throw new TLSError(`The private key${whose} does not belong to the certificate`);
  }
}

function read<T>(what: string, found: RegExpExecArray | null, parse: (text: string) => T): T {
  if (found === null) throw new TLSError(`The ${what} is not PEM`);
  try {
    return parse(found[0]);
  } catch (error) {
    throw new TLSError(`The ${what} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

function belongs(certificate: X509Certificate, key: KeyObject): boolean {
  try {
    return certificate.checkPrivateKey(key);
  } catch {
    return true; // the host cannot tell: the handshake will
  }
}
