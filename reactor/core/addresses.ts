/**
 * Where the two ends of a connection are.
 * @module
 */

/** A host and a port in one, with brackets where the host is an IPv6 address. */
export function hostAndPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** An IPv4 address and port. */
export class IPv4Address {
  /**
   * Makes one.
   *
   * @param type The transport protocol.
   * @param host Dotted text: `"127.0.0.1"`.
   * @param port 0 to 65535.
   */
  constructor(readonly type: "TCP" | "UDP", readonly host: string, readonly port: number) {}

  /** `127.0.0.1:8000` */
  toString(): string {
    return `${this.host}:${this.port}`;
  }
}

/** An IPv6 address and port. */
export class IPv6Address {
  /**
   * Makes one.
   *
   * @param type The transport protocol.
   * @param host Text without brackets: `"::1"`.
   * @param port 0 to 65535.
   * @param scopeId The interface of a link-local address, as a name or number; empty for others.
   */
  constructor(
    readonly type: "TCP" | "UDP",
    readonly host: string,
    readonly port: number,
    readonly scopeId = "",
  ) {}

  /** `[::1]:8000` */
  toString(): string {
    return `[${this.host}${this.scopeId && `%${this.scopeId}`}]:${this.port}`;
  }
}

/** The path of a UNIX socket. */
export class UNIXAddress {
  /**
   * Makes one.
   *
   * @param name The path; it begins with a NUL for an abstract name, and is empty for an unnamed end.
   */
  constructor(readonly name: string) {}

  /** `unix:/run/app.sock` */
  toString(): string {
    return `unix:${this.name.replace("\0", "@")}`;
  }
}

/** An end that has no address: standard input and output, a pipe, a process. */
export class PipeAddress {
  /**
   * Makes one.
   *
   * @param name What it is, for messages: `"stdio"`.
   */
  constructor(readonly name: string = "pipe") {}

  /** `stdio` */
  toString(): string {
    return this.name;
  }
}

/** Any of the kinds of address. */
export type Address = IPv4Address | IPv6Address | UNIXAddress | PipeAddress;

/** The address for a host in text form: IPv6 if it holds a colon. */
export function ipAddress(type: "TCP" | "UDP", host: string, port: number): IPv4Address | IPv6Address {
  if (!host.includes(":")) return new IPv4Address(type, host, port);
  const [address, scopeId] = host.split("%", 2) as [string, string | undefined];
  return new IPv6Address(type, address, port, scopeId ?? "");
}
