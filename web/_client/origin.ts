/**
 * Addresses of requests, taken apart. Programs ask one server for many pages, so what an address says of its server is
 * worked out once, and an address without anything peculiar costs a search for a slash and one regular expression.
 * @module
 */
import { encodeUtf8, latin1 } from "@ropewalk/protocols/bytes";

/** A server, as an address names it. */
export interface Origin {
  /** `"http"`, `"https"` or `"http+unix"`; another one is for endpoint factories to judge. */
  readonly scheme: string;
  /** A name, an IPv4 address, an IPv6 address without brackets, or the path of a socket. */
  readonly host: string;
  /** The port. */
  readonly port: number;
  /** The value of the header `Host`: with the port unless it is the scheme's own. */
  readonly authority: string;
  /** Scheme, host and port: what a pool keeps its connections under, and what redirects compare. */
  readonly key: string;
  /** The value of `Authorization` for the user and password in the address; empty without. */
  readonly authorization: string;
}

/** An address. */
export interface Target {
  /** The server. */
  readonly origin: Origin;
  /** Path and query, in the form of a request line. */
  readonly path: string;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443, "http+unix": 0 };

// What URL would leave as it is: no segment begins with a dot, plain or encoded, and there is nothing to encode.
const PLAIN_PATH =
  /^(?:\/+(?:[\w\-~!$&()*+,;=:@]|%(?!2[Ee]))(?:[\w\-.~!$&()*+,;=:@]|%(?!2[Ee]))*)*\/*(?:\?[\w\-.~!$&()*+,;=:@%/?]*)?$/;
const MAX_KNOWN = 256;
const known = new Map<string, Origin>();

/**
 * Takes an address apart.
 *
 * @throws {TypeError} If it is none, or not absolute.
 */
export function targetOf(address: string | URL): Target {
  if (typeof address === "string") {
    const slash = address.indexOf("/", address.indexOf("://") + 3);
    if (slash > 8) { // "http://" and at least one character, or "https://"
      const origin = known.get(address.slice(0, slash));
      const path = address.slice(slash);
      if (origin !== undefined && PLAIN_PATH.test(path)) return { origin, path };
    }
  }
  return parse(address);
}

function parse(address: string | URL): Target {
  let url: URL;
  try {
    url = typeof address === "string" ? new URL(address) : address;
  } catch (cause) {
    throw new TypeError(`Cannot request ${JSON.stringify(address)}: it is no absolute URL`, { cause });
  }
  if (url.host === "") {
    throw new TypeError(`Cannot request ${JSON.stringify(String(address))}: it names no host`);
  }
  const origin = originOf(url);
  const text = typeof address === "string" ? address : address.href;
  const slash = text.indexOf("/", text.indexOf("://") + 3);
  if (slash > 0 && known.size < MAX_KNOWN && /^[a-z+]+:\/\/[^\\?#\s]+$/.test(text.slice(0, slash))) {
    known.set(text.slice(0, slash), origin);
  }
  return { origin, path: (url.pathname || "/") + url.search };
}

function originOf(url: URL): Origin {
  const scheme = url.protocol.slice(0, -1);
  const usual = DEFAULT_PORTS[scheme];
  const port = url.port === "" ? usual ?? 0 : Number(url.port);
  const unix = scheme === "http+unix";
  const host = unix ? decodeURIComponent(url.hostname) : url.hostname.replace(/^\[(.*)\]$/, "$1");
  return {
    scheme,
    host,
    port,
    authority: unix ? "localhost" : port === usual ? url.hostname : `${url.hostname}:${port}`,
    key: `${scheme}://${url.hostname}:${port}`,
    authorization: url.username === "" && url.password === ""
      ? ""
      : basicAuthorization(decodeURIComponent(url.username), decodeURIComponent(url.password)),
  };
}

/** The value of `Authorization` for a user and password (RFC 7617, as UTF-8). */
export function basicAuthorization(user: string, password: string): string {
  return `Basic ${btoa(latin1(encodeUtf8(`${user}:${password}`)))}`;
}
