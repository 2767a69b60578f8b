/** The path of five segments by Hono on `Deno.serve`: `hono.ts`; it prints its port. */
import { Hono } from "npm:hono@^4.6.0";

const IN = Array.from({ length: 10 }, (_, i) => `x-in-${i}`);
const OUT = Array.from({ length: 10 }, (_, i) => `x-out-${i}`);
const app = new Hono();
app.get("/", (c) => c.text("hello, world\n"));
app.get("/api/v1/teams/users/:id", (c) => {
  for (let i = 0; i < 10; i++) c.header(OUT[i]!, c.req.header(IN[i]!) ?? "");
  return c.text(c.req.param("id"));
});
const { addr } = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, app.fetch);
console.log("port", addr.port);
