import { StringTransport } from "@ropewalk/testing";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Telnet } from "./telnet.ts";

const OPTIONS = [0, 1, 2];

class End extends Telnet {
  readonly allowed = new Set<number>();
  override enableLocal(option: number) {
    return this.allowed.has(option);
  }
  override enableRemote(option: number) {
    return this.allowed.has(option);
  }
}

/** One step: an end asks for something, changes its mind about an option, or hears what the other one has sent. */
const step = fc.record({
  who: fc.constantFrom(0, 1),
  what: fc.constantFrom("will", "wont", "do", "dont", "hear", "allow", "forbid"),
  option: fc.constantFrom(...OPTIONS),
});

Deno.test("Two ends of telnet agree in the end, whatever they ask at the same time, and answer everybody", () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
    const transports = [new StringTransport(), new StringTransport()];
    const ends = transports.map((transport) => {
      const end = new End();
      end.makeConnection(transport);
      return end;
    });
    const hear = (who: number) => {
      const from = transports[1 - who]!;
      const bytes = from.value();
      from.clear();
      if (bytes.length > 0) ends[who]!.dataReceived(bytes);
      return bytes.length > 0;
    };
    let waiting = 0;
    for (const { who, what, option } of steps) {
      const end = ends[who]!;
      if (what === "hear") hear(who);
      else if (what === "allow") end.allowed.add(option);
      else if (what === "forbid") end.allowed.delete(option);
      else {
        waiting++;
        end[what as "will" | "wont" | "do" | "dont"](option).addBoth(() => void waiting--);
      }
    }
    let rounds = 0;
    while ([hear(0), hear(1)].includes(true)) assert(++rounds < 10, "they answer each other for ever");
    assertEquals(waiting, 0);
    const [a, b] = ends as [End, End];
    for (const option of OPTIONS) {
      assertEquals(a.isEnabledLocally(option), b.isEnabledRemotely(option));
      assertEquals(b.isEnabledLocally(option), a.isEnabledRemotely(option));
    }
  }));
});
