/**
 * Hands bytes to a protocol under the rules of a reactor.
 * @module
 */
import type { StreamProtocol } from "@ropewalk/reactor/core";

// What a reused buffer holds once it was used again; the byte occurs in no UTF-8 text.
const SCRIBBLE = 0xfe;

/**
 * Calls `dataReceived`. A protocol that declares `borrowsData` gets a buffer that is overwritten as soon as it returns,
 * so that one which keeps what it only borrowed is found out.
 *
 * @returns What `dataReceived` returns: a promise, if it is async.
 */
export function deliver(protocol: StreamProtocol, data: Uint8Array): unknown {
  if (protocol.borrowsData !== true) return protocol.dataReceived(data);
  const lent = data.slice();
  try {
    return protocol.dataReceived(lent);
  } finally {
    lent.fill(SCRIBBLE);
  }
}
