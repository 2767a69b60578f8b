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
 */
export function deliver(protocol: StreamProtocol, data: Uint8Array): void {
  if (protocol.borrowsData !== true) {
    protocol.dataReceived(data);
    return;
  }
  const lent = data.slice();
  try {
    protocol.dataReceived(lent);
  } finally {
    lent.fill(SCRIBBLE);
  }
}
