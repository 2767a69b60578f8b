/**
 * How a frame is written: in one piece, with no memory asked for if it is short.
 * @module
 */
import type { Data, Transport } from "@ropewalk/reactor/core";
import { encodeUtf8 } from "../bytes.ts";
import { unmask, writeHead } from "./frames.ts";

const encoder = new TextEncoder();
// Frames are put together here and copied by the transport: no memory is asked for for each.
const scratch = new Uint8Array(65536);
const random = new Uint8Array(4096);
let randomAt = random.length;

/**
 * Writes a frame.
 *
 * @param mask Whether it is masked, as a client's are.
 * @param first Its first byte: FIN, RSV1 and the opcode.
 */
export function writeFrame(transport: Transport, mask: boolean, first: number, payload: Data): void {
  if (payload.length * 3 + 14 > scratch.length) {
    const bytes = typeof payload === "string"
      ? encodeUtf8(payload)
      : mask
      ? new Uint8Array(payload)
      : payload;
    const at = writeHead(scratch, first, bytes.length, mask);
    if (mask) {
      nextMask(scratch, at - 4);
      unmask(bytes, scratch, at - 4);
    }
    transport.writeSequence([scratch.subarray(0, at), bytes]);
    return;
  }
  // The length of the head is known only when the length of the text is, so the head is put right in front of it.
  const room = mask ? 8 : 4;
  const { length } = payload;
  let written: number;
  if (typeof payload !== "string") {
    scratch.set(payload, room);
    written = length;
  } else {
    written = writeAscii(payload, room);
    if (written < 0) written = encoder.encodeInto(payload, scratch.subarray(room)).written;
  }
  const start = written < 126 ? 2 : 0;
  if (mask) {
    nextMask(scratch, 4);
    for (let i = 0; i < written; i++) scratch[8 + i]! ^= scratch[4 + (i & 3)]!;
  }
  scratch[start] = first;
  if (written < 126) {
    scratch[start + 1] = (mask ? 128 : 0) | written;
  } else {
    scratch[1] = (mask ? 128 : 0) | 126;
    scratch[2] = written >> 8;
    scratch[3] = written;
  }
  transport.write(scratch.subarray(start, room + written));
}

// Copies text into the scratch memory if it is short and ASCII; a call into the host costs more than that.
function writeAscii(text: string, at: number): number {
  const { length } = text;
  if (length > 64) return -1;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127) return -1;
    scratch[at + i] = code;
  }
  return length;
}

function nextMask(into: Uint8Array, at: number): void {
  if (randomAt === random.length) {
    crypto.getRandomValues(random);
    randomAt = 0;
  }
  for (let i = 0; i < 4; i++) into[at + i] = random[randomAt++]!;
}
