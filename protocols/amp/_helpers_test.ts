/**
 * What the tests of AMP share: commands, boxes, and connections in memory.
 * @module
 */
import { StringTransport } from "@ropewalk/testing";
import { fromLatin1 } from "../bytes.ts";
import { AMP } from "./amp.ts";
import {
  AmpList,
  Boolean_,
  DateTime,
  Decimal,
  Float,
  Integer,
  ListOf,
  Path,
  String_,
  Unicode,
} from "./arguments.ts";
import { Command } from "./command.ts";

export class Boom extends Error {}
export class Bang extends Boom {}

export class Sum extends Command {
  static override arguments = { a: new Integer(), b: new Integer({ optional: true }) };
  static override response = { total: new Integer() };
  static override errors = { BOOM: Boom };
}

export class No extends Command {
  static override arguments = { text: new Unicode({ optional: true }) };
  static override readonly requiresAnswer = false as const;
}

export class All extends Command {
  static override arguments = {
    a: new Integer(),
    b: new Boolean_(),
    d: new DateTime(),
    fl: new Float(),
    l: new ListOf(new Integer()),
    m: new Decimal(),
    p: new Path(),
    rows: new AmpList({ x: new Integer(), y: new Unicode({ optional: true }) }),
    s: new String_({ optional: true }),
    u: new Unicode(),
  };
  static override response = { ok: new Boolean_() };
}

export const hex = (text: string) =>
  Uint8Array.from(text.replaceAll(/\s/g, "").match(/../g)!, (byte) => parseInt(byte, 16));
export const box = (...pairs: [string, string][]) =>
  fromLatin1(
    pairs.map(([key, value]) =>
      String.fromCharCode(0, key.length) + key + String.fromCharCode(value.length >> 8, value.length & 255) +
      value
    ).join("") + "\0\0",
  );

export function connect(amp = new AMP()): { amp: AMP; transport: StringTransport } {
  const transport = new StringTransport();
  amp.makeConnection(transport);
  return { amp, transport };
}

/** Two ends; `pump` carries what they wrote until there is no more. */
export function pair(client = new AMP(), server = new AMP()) {
  const [a, b] = [connect(client), connect(server)];
  const pump = () => {
    for (let moved = true; moved;) {
      moved = false;
      for (const [from, to] of [[a, b], [b, a]] as const) {
        const bytes = from.transport.value();
        from.transport.clear();
        if (bytes.length === 0) continue;
        moved = true;
        to.amp.dataReceived(bytes);
        bytes.fill(0x58);
      }
    }
  };
  return { client: a.amp, server: b.amp, clientTransport: a.transport, serverTransport: b.transport, pump };
}
