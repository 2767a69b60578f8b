import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { TLSError } from "../core/errors.ts";
import { explainTLSError } from "./tls_errors.ts";

/** What the engines of Node (OpenSSL) and Deno (rustls) say, and what becomes of it. */
const SAID: [string | undefined, string, RegExp][] = [
  ["CERT_HAS_EXPIRED", "certificate has expired", /has expired/],
  [undefined, "invalid peer certificate: Expired", /has expired/],
  ["CERT_NOT_YET_VALID", "certificate is not yet valid", /not valid yet/],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "self-signed certificate", /nobody who is trusted/],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "unable to verify the first certificate", /nobody who is trusted/],
  [undefined, "invalid peer certificate: UnknownIssuer", /nobody who is trusted/],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "Hostname/IP does not match", /not good for this name/],
  [undefined, "invalid peer certificate: NotValidForName", /not good for this name/],
  [undefined, "received fatal alert: CertificateRequired", /a client certificate is required/],
  ["ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE", "peer did not return a certificate", /client certificate/],
  [undefined, "received fatal alert: NoApplicationProtocol", /share no protocol/],
  ["ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL", "no application protocol", /share no protocol/],
  ["ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE", "sslv3 alert bad certificate", /refused by the peer/],
  ["ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION", "tlsv1 alert protocol version", /share no version/],
  ["ERR_SSL_NO_SHARED_CIPHER", "no shared cipher", /share no cipher/],
  ["ERR_SSL_WRONG_VERSION_NUMBER", "wrong version number", /does not speak TLS/],
  [undefined, "received corrupt message of type InvalidContentType", /does not speak TLS/],
  ["ERR_OSSL_X509_KEY_VALUES_MISMATCH", "key values mismatch", /does not belong/],
  ["ERR_OSSL_PEM_NO_START_LINE", "no start line", /not readable PEM/],
  ["ECONNRESET", "read ECONNRESET", /closed the connection/],
  [undefined, "the peer closed the connection", /closed the connection/],
  ["E_NEW", "something that nobody has heard of", /not agreed on \(something/],
];

Deno.test("what an engine says of a handshake is put in words, with its own behind them", () => {
  for (const [code, message, words] of SAID) {
    const cause = Object.assign(new Error(message), code === undefined ? {} : { code });
    const error = explainTLSError(cause, "example.org");
    assertInstanceOf(error, TLSError);
    assert(words.test(error.message) && error.message.includes(message), `${message}: ${error.message}`);
    assert(error.message.startsWith("The TLS handshake with example.org failed: "), error.message);
    assertEquals(error.cause, cause);
  }
  assert(explainTLSError("text alone", "a client").message.includes("text alone"));
});
