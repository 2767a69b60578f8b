import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { HTTPHeaders } from "./http_headers.ts";

Deno.test("names have no case, are written as usual, and have to be tokens", () => {
  const headers = new HTTPHeaders({ "x-a": "1", ETAG: "2" });
  assertEquals([...headers], [["X-A", "1"], ["ETag", "2"]]);
  assertEquals([headers.get("X-a"), headers.has("etag"), headers.get("none")], ["1", true, null]);
  for (const name of ["", "a b", "a:", "a\r\nb", "é"]) {
    assertThrows(() => headers.set(name, "x"), TypeError, "Cannot use");
    assertThrows(() => headers.append(name, "x"), TypeError, "Cannot use");
  }
});

Deno.test("a value cannot end its line, however often it is set", () => {
  for (let i = 0; i < 3; i++) {
    const headers = new HTTPHeaders();
    headers.set("x", "a\r\nY: b\0c");
    headers.append("x", "\n");
    assertEquals(headers.toString(), "X: a Y: b c\r\nX: \r\n");
  }
});

Deno.test("headers made alike do not change each other", () => {
  const make = () => new HTTPHeaders([["a", "1"], ["b", "2"]]);
  const [one, two, three, four] = [make(), make(), make(), make()];
  one.set("a", "x");
  two.append("b", "y");
  three.delete("a");
  assertEquals(one.toString(), "A: x\r\nB: 2\r\n");
  assertEquals(two.toString(), "A: 1\r\nB: 2\r\nB: y\r\n");
  assertEquals(three.toString(), "B: 2\r\n");
  assertEquals(four.toString(), "A: 1\r\nB: 2\r\n");
  assertEquals(make().toString(), four.toString());
});

Deno.test("any sequence of changes comes to what a list of pairs comes to", () => {
  const name = fc.constantFrom("a", "A", "b", "Content-Type", "content-type", "set-cookie");
  const value = fc.constantFrom("", "1", "2", "text/plain", "x".repeat(200));
  const step = fc.tuple(fc.constantFrom("set", "append", "delete"), name, value);
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const headers = new HTTPHeaders();
      let pairs: [string, string][] = [];
      for (const [what, name, value] of steps) {
        const key = name.toLowerCase();
        if (what === "append") pairs.push([key, value]);
        else if (what === "delete") pairs = pairs.filter((pair) => pair[0] !== key);
        else {
          const at = pairs.findIndex((pair) => pair[0] === key);
          if (at < 0) pairs.push([key, value]);
          else {pairs = pairs.map((pair, i) => i === at ? [key, value] as [string, string] : pair)
              .filter((pair, i) => i <= at || pair[0] !== key);}
        }
        headers[what as "set"](name, value);
      }
      assertEquals([...headers].map(([name, value]) => [name.toLowerCase(), value]), pairs);
      assertEquals(
        headers.toString().toLowerCase(),
        pairs.map((pair) => `${pair[0]}: ${pair[1]}\r\n`).join(""),
      );
      assertEquals(headers.size, pairs.length);
      assertEquals(
        headers.get("a"),
        pairs.filter((pair) => pair[0] === "a").map((pair) => pair[1]).join(", ") ||
          (pairs.some((pair) => pair[0] === "a") ? "" : null),
      );
    }),
    { numRuns: 500, seed: 6 },
  );
});

Deno.test("more different fields than are shared are right all the same", () => {
  for (let i = 0; i < 5000; i++) {
    const headers = new HTTPHeaders();
    headers.set("x-one", "same");
    headers.set("x-id", String(i));
    headers.set(`x-${i}`, "y");
    assertEquals(headers.toString(), `X-One: same\r\nX-Id: ${i}\r\nX-${i}: y\r\n`);
  }
});
