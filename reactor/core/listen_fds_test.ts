import { assertEquals } from "@std/assert";
import { inheritedSockets } from "./listen_fds.ts";

const read = (variables: Record<string, string>) => inheritedSockets((name) => variables[name], 77);

Deno.test("inheritedSockets numbers from 3, and names what is named", () => {
  assertEquals(read({ LISTEN_PID: "77", LISTEN_FDS: "3", LISTEN_FDNAMES: "web::" }), [
    { fd: 3, name: "web" },
    { fd: 4, name: "unknown" },
    { fd: 5, name: "unknown" },
  ]);
  assertEquals(read({ LISTEN_PID: "77", LISTEN_FDS: "1" }), [{ fd: 3, name: "unknown" }]);
});

Deno.test("inheritedSockets leaves alone what is another process's, or makes no sense", () => {
  assertEquals(read({}), []);
  assertEquals(read({ LISTEN_FDS: "1" }), []);
  assertEquals(read({ LISTEN_PID: "78", LISTEN_FDS: "1" }), []);
  for (const count of ["-1", "", "1.5", "x", "1025", "99999999"]) {
    assertEquals(read({ LISTEN_PID: "77", LISTEN_FDS: count }), []);
  }
});
