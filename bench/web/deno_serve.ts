/** The same by `Deno.serve`: `deno_serve.ts`; it prints its port. With a directory, that is below `/files`. */
const headers = { "content-type": "text/plain" };

async function form(request: Request): Promise<Response> {
  return new Response(`${(await request.formData()).get("name")}\n`, { headers });
}

const [directory] = Deno.args;

async function file(name: string): Promise<Response> {
  const file = await Deno.open(`${directory}/${name}`);
  const { size, mtime } = await file.stat();
  return new Response(file.readable, {
    headers: {
      "content-type": "application/octet-stream",
      "content-length": String(size),
      "last-modified": mtime!.toUTCString(),
    },
  });
}

const { addr } = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
  const url = new URL(request.url);
  if (request.method === "POST") return form(request);
  if (url.pathname === "/echo") return new Response(url.search.slice(1), { headers });
  if (directory !== undefined && url.pathname.startsWith("/files/")) return file(url.pathname.slice(7));
  return url.pathname === "/"
    ? new Response("hello, world\n", { headers })
    : new Response("not found\n", { status: 404, headers });
});
console.log("port", addr.port);
