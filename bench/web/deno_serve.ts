/** The same by `Deno.serve`: `deno_serve.ts`; it prints its port. */
const headers = { "content-type": "text/plain" };

async function form(request: Request): Promise<Response> {
  return new Response(`${(await request.formData()).get("name")}\n`, { headers });
}

const { addr } = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
  const url = new URL(request.url);
  if (request.method === "POST") return form(request);
  return url.pathname === "/"
    ? new Response("hello, world\n", { headers })
    : new Response("not found\n", { status: 404, headers });
});
console.log("port", addr.port);
