import { assertEquals, assertThrows } from "@std/assert";
import { PBConnectionLost, PBError, Root } from "@ropewalk/spread";
import { failureResultOf } from "../results.ts";
import { connectedRoot } from "./connected_root.ts";

class NotHere extends PBError {}

class Store extends Root {
  readonly items = new Map<string, string>();
  remote_set(key: string, value: string): void {
    this.items.set(key, value);
  }
  remote_get(key: string): string {
    const value = this.items.get(key);
    if (value === undefined) throw new NotHere(`no ${key}`);
    return value;
  }
}

for (const cut of ["whole", "bytes", { seed: 5 }] as const) {
  Deno.test(`connectedRoot joins a root and a typed reference in memory, cut ${JSON.stringify(cut)}`, () => {
    const root = new Store();
    const { reference, resultOf } = connectedRoot(root, { cut });
    resultOf(reference.callRemote("set", "color", "red"));
    const value: string = resultOf(reference.callRemote("get", "color"));
    assertEquals([value, root.items.size], ["red", 1]);
  });
}

Deno.test("connectedRoot brings an error to the caller as the wire does", () => {
  const { reference, pump, resultOf } = connectedRoot(new Store());
  const answer = reference.callRemote("get", "shape");
  pump.flush();
  assertEquals(failureResultOf(answer, "NotHere").getErrorMessage(), "no shape");
  assertThrows(() => resultOf(reference.callRemote("get", "shape")), Error, "NotHere");
});

Deno.test("calls that wait fail when the connection is lost", () => {
  const { reference, pump } = connectedRoot(new Store());
  const answer = reference.callRemote("get", "color");
  pump.clientIO.abortConnection();
  pump.flush();
  failureResultOf(answer, PBConnectionLost);
});
