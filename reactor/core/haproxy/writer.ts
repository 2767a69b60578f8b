/**
 * Headers of the PROXY protocol, for those who are the proxy.
 * @module
 */
import { type Address, IPv4Address, IPv6Address, UNIXAddress } from "../addresses.ts";
import { V2_FIXED_LENGTH, V2_SIGNATURE } from "./header.ts";
import { ipv4Bytes, ipv6Bytes } from "./ip_bytes.ts";

const UNIX_LENGTH = 108;

/**
 * The line of version 1. Ends that are not both IPv4 or both IPv6 over TCP give `PROXY UNKNOWN`.
 *
 * @param source The far end of the connection that is passed on: its `getPeer()`.
 * @param destination The near end of it: its `getHost()`.
 * @throws {TypeError} If an address is none.
 *
 * @example
 * ```ts
 * import { IPv4Address, proxyHeaderV1 } from "@ropewalk/reactor/core";
 *
 * const from = new IPv4Address("TCP", "192.0.2.1", 56324);
 * const to = new IPv4Address("TCP", "198.51.100.7", 443);
 * const line = new TextDecoder().decode(proxyHeaderV1(from, to));
 * console.assert(line === "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n");
 * ```
 */
export function proxyHeaderV1(source: Address, destination: Address): Uint8Array {
  const ends = ipEnds(source, destination);
  const text = ends === null || ends.type !== "TCP"
    ? "PROXY UNKNOWN\r\n"
    : `PROXY TCP${ends.version} ${ends.source.host} ${ends.destination.host} ` +
      `${ends.source.port} ${ends.destination.port}\r\n`;
  return new TextEncoder().encode(text);
}

/**
 * The header of version 2. Ends of different or other kinds are left unsaid.
 *
 * @param source As for {@linkcode proxyHeaderV1}; `null` for a connection of the proxy's own, such as a check.
 * @param destination Likewise.
 * @throws {TypeError} If an address is none.
 * @throws {RangeError} If the path of a UNIX socket is longer than 108 bytes.
 */
export function proxyHeaderV2(source: Address | null, destination: Address | null): Uint8Array {
  if (source === null || destination === null) return assemble(0x20, 0, []);
  const ends = ipEnds(source, destination);
  if (ends !== null) {
    const ports = new Uint8Array(4);
    const view = new DataView(ports.buffer);
    view.setUint16(0, ends.source.port);
    view.setUint16(2, ends.destination.port);
    const family = (ends.version === 4 ? 0x10 : 0x20) | (ends.type === "TCP" ? 1 : 2);
    return assemble(0x21, family, [...ends.bytes, ports]);
  }
  if (source instanceof UNIXAddress && destination instanceof UNIXAddress) {
    return assemble(0x21, 0x31, [unixField(source), unixField(destination)]);
  }
  return assemble(0x21, 0, []);
}

interface Ends {
  version: 4 | 6;
  type: "TCP" | "UDP";
  source: IPv4Address | IPv6Address;
  destination: IPv4Address | IPv6Address;
  bytes: Uint8Array[];
}

function ipEnds(source: Address, destination: Address): Ends | null {
  for (
    const [version, kind, toBytes] of [[4, IPv4Address, ipv4Bytes], [6, IPv6Address, ipv6Bytes]] as const
  ) {
    if (
      !(source instanceof kind && destination instanceof kind) || source.type !== destination.type
    ) continue;
    const bytes = [source, destination].map((end) => {
      const known = toBytes(end.host);
      if (known === null) throw new TypeError(`Cannot write a PROXY header: ${end.host} is no address`);
      return known;
    });
    return { version, type: source.type, source, destination, bytes };
  }
  return null;
}

function unixField({ name }: UNIXAddress): Uint8Array {
  const field = new Uint8Array(UNIX_LENGTH);
  const bytes = new TextEncoder().encode(name);
  if (bytes.length > UNIX_LENGTH) {
    throw new RangeError(`Cannot write a PROXY header: a path of ${bytes.length} bytes is too long`);
  }
  field.set(bytes);
  return field;
}

function assemble(command: number, family: number, parts: Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const header = new Uint8Array(V2_FIXED_LENGTH + length);
  header.set(V2_SIGNATURE);
  header.set([command, family, length >> 8, length & 255], V2_SIGNATURE.length);
  let at = V2_FIXED_LENGTH;
  for (const part of parts) {
    header.set(part, at);
    at += part.length;
  }
  return header;
}
