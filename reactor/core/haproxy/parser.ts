/**
 * `ProxyHeaderParser`: reads the header that stands in front of a connection, whatever pieces it comes in.
 * @module
 */
import { type Address, ipAddress, UNIXAddress } from "../addresses.ts";
import {
  InvalidProxyHeader,
  type ProxyHeader,
  V1_MAX_LENGTH,
  V2_FIXED_LENGTH,
  V2_MAX_BODY_LENGTH,
  V2_SIGNATURE,
} from "./header.ts";
import { ipv4Bytes, ipv4Text, ipv6Bytes, ipv6Text } from "./ip_bytes.ts";

const V1_BEGIN = new TextEncoder().encode("PROXY ");
const LF = 10;
const UNIX_LENGTH = 108;
const STREAM = 1;
const DATAGRAM = 2;

/**
 * Reads one header of the PROXY protocol, version 1 or 2. It never holds more than the limits of {@linkcode header}:
 * 109 bytes of version 1, 16 + 4096 of version 2.
 *
 * @example
 * ```ts
 * import { ProxyHeaderParser } from "@ropewalk/reactor/core";
 *
 * const parser = new ProxyHeaderParser();
 * const bytes = new TextEncoder().encode("PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\nhello");
 * const rest = parser.feed(bytes);
 * console.assert(`${parser.header?.source}` === "192.0.2.1:56324" && rest?.length === 5);
 * ```
 */
export class ProxyHeaderParser {
  /** What was read; `null` until it is there. */
  header: ProxyHeader | null = null;
  #bytes = new Uint8Array(V1_MAX_LENGTH + 2);
  #length = 0;

  /**
   * Takes some bytes.
   *
   * @param data They are copied as far as they belong to the header.
   * @returns A view of what follows the header, or `null` if the header is not complete.
   * @throws {InvalidProxyHeader} As soon as the bytes cannot become a header.
   * @throws {TypeError} If the header is there already.
   */
  feed(data: Uint8Array): Uint8Array | null {
    if (this.header !== null) throw new TypeError("Cannot read a PROXY header: it was read already");
    let used = 0;
    while (used < data.length) {
      const wanted = this.#wanted();
      const taken = Math.min(wanted, data.length - used);
      this.#bytes.set(data.subarray(used, used + taken), this.#length);
      this.#length += taken;
      used += taken;
      if (this.#look()) return data.subarray(used);
    }
    return null;
  }

  get #isV2(): boolean {
    return this.#bytes[0] === V2_SIGNATURE[0];
  }

  // So many bytes can be taken without reading past the header. A line is taken byte by byte: it is short.
  #wanted(): number {
    if (this.#length === 0 || !this.#isV2) return 1;
    if (this.#length < V2_FIXED_LENGTH) return V2_FIXED_LENGTH - this.#length;
    return V2_FIXED_LENGTH + this.#bodyLength - this.#length;
  }

  get #bodyLength(): number {
    return this.#bytes[14]! << 8 | this.#bytes[15]!;
  }

  // True once the header is complete.
  #look(): boolean {
    const begin = this.#isV2 ? V2_SIGNATURE : V1_BEGIN;
    const known = Math.min(this.#length, begin.length);
    for (let i = 0; i < known; i++) {
      if (this.#bytes[i] !== begin[i]) {
        throw new InvalidProxyHeader("This is no header of the PROXY protocol");
      }
    }
    return this.#isV2 ? this.#lookV2() : this.#lookV1();
  }

  #lookV1(): boolean {
    const length = this.#length;
    if (this.#bytes[length - 1] === LF) {
      const line = String.fromCharCode(...this.#bytes.subarray(0, length));
      if (!line.endsWith("\r\n")) throw new InvalidProxyHeader("The PROXY line ends without CR");
      this.header = readV1(line.slice(0, -2));
      return true;
    }
    if (length > V1_MAX_LENGTH && (length > V1_MAX_LENGTH + 1 || this.#bytes[length - 1] !== 13)) {
      throw new InvalidProxyHeader(`The PROXY line is longer than ${V1_MAX_LENGTH} bytes`);
    }
    return false;
  }

  #lookV2(): boolean {
    if (this.#length < V2_FIXED_LENGTH) return false;
    const body = this.#bodyLength;
    if (this.#length === V2_FIXED_LENGTH) {
      checkV2(this.#bytes, body);
      const whole = new Uint8Array(V2_FIXED_LENGTH + body);
      whole.set(this.#bytes.subarray(0, V2_FIXED_LENGTH));
      this.#bytes = whole;
    }
    if (this.#length < V2_FIXED_LENGTH + body) return false;
    this.header = readV2(this.#bytes);
    return true;
  }
}

function readV1(line: string): ProxyHeader {
  const [, family, ...words] = line.split(" ");
  if (family === "UNKNOWN") return { version: 1, source: null, destination: null };
  const [source, destination, sourcePort, destinationPort] = words as [string, string, string, string];
  const toBytes = family === "TCP4" ? ipv4Bytes : family === "TCP6" ? ipv6Bytes : () => null;
  if (words.length !== 4 || toBytes(source) === null || toBytes(destination) === null) {
    throw new InvalidProxyHeader(`Cannot read the PROXY line: ${JSON.stringify(line)}`);
  }
  return {
    version: 1,
    source: ipAddress("TCP", source, readPort(line, sourcePort)),
    destination: ipAddress("TCP", destination, readPort(line, destinationPort)),
  };
}

function readPort(line: string, text: string): number {
  if (/^(0|[1-9][0-9]{0,4})$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new InvalidProxyHeader(`Cannot read the PROXY line: no port in ${JSON.stringify(line)}`);
}

// What addresses of a family take, in bytes; by the high half of the byte that names it.
const FAMILY_LENGTHS = [0, 12, 36, 2 * UNIX_LENGTH];

function checkV2(bytes: Uint8Array, bodyLength: number): void {
  const command = bytes[12]!;
  if (command !== 0x20 && command !== 0x21) {
    throw new InvalidProxyHeader(`The PROXY header's version and command are unknown: ${command}`);
  }
  if (bodyLength > V2_MAX_BODY_LENGTH) {
    throw new InvalidProxyHeader(`The PROXY header is longer than ${V2_MAX_BODY_LENGTH} bytes`);
  }
  if (command === 0x20) return; // LOCAL: the proxy's own connection, whatever else it says
  const [family, transport] = [bytes[13]! >> 4, bytes[13]! & 15];
  const needed = FAMILY_LENGTHS[family];
  if (needed === undefined || transport > DATAGRAM) {
    throw new InvalidProxyHeader(`The PROXY header's kind of address is unknown: ${bytes[13]}`);
  }
  if (bodyLength < needed) throw new InvalidProxyHeader("The PROXY header is too short for its addresses");
}

function readV2(bytes: Uint8Array): ProxyHeader {
  const [family, transport] = [bytes[13]! >> 4, bytes[13]! & 15];
  const isKnown = bytes[12] === 0x21 && family !== 0 && (transport === STREAM || transport === DATAGRAM);
  if (!isKnown) return { version: 2, source: null, destination: null };
  const type = transport === STREAM ? "TCP" : "UDP";
  const body = bytes.subarray(V2_FIXED_LENGTH);
  if (family === 3) {
    return {
      version: 2,
      source: unixAddress(body.subarray(0, UNIX_LENGTH)),
      destination: unixAddress(body.subarray(UNIX_LENGTH, 2 * UNIX_LENGTH)),
    };
  }
  const [size, text] = family === 1 ? [4, ipv4Text] : [16, ipv6Text];
  const address = (index: number): Address => {
    const port = 2 * size + 2 * index;
    const host = text(body.subarray(index * size, (index + 1) * size));
    return ipAddress(type, host, body[port]! << 8 | body[port + 1]!);
  };
  return { version: 2, source: address(0), destination: address(1) };
}

// Padded with NULs; an abstract name begins with one.
function unixAddress(field: Uint8Array): UNIXAddress {
  const end = field.indexOf(0, 1);
  const name = new TextDecoder().decode(field.subarray(0, end < 0 ? UNIX_LENGTH : end));
  return new UNIXAddress(name === "\0" ? "" : name);
}
