/**
 * DCC CHAT: a chat without a server in between.
 * @module
 */
import type { Factory } from "../factory.ts";
import { LineReceiver } from "../line_receiver.ts";

/** Where a chat is offered, or `null` for what is no offer. The address is a number, or written out. */
export function parseChatOffer(data: string): { host: string; port: number } | null {
  const match = /^CHAT \S+ (\d{1,10}|[0-9a-fA-F:.]{2,45}) (\d{1,5})$/i.exec(data);
  if (match === null) return null;
  const host = /^\d+$/.test(match[1]!) ? dottedAddress(Number(match[1])) : match[1]!;
  const port = Number(match[2]);
  return host !== null && port > 0 && port < 65536 ? { host, port } : null;
}

function dottedAddress(number: number): string | null {
  if (number > 0xffffffff) return null;
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join(".");
}

/** A chat without a server in between (DCC CHAT). Connect it to where {@linkcode IRCClient.dccChatOffered} says. */
export class DCCChat<F = Factory> extends LineReceiver<F> {
  /** What ends a line. */
  override delimiter = "\n";
  /** CRLF is accepted too. */
  override acceptBareLF = true;
}
