/**
 * A registry in memory that speaks as much of JSR's interface as `deno publish` and imports of `jsr:` need. What
 * was published to it can be looked at, and imported by programs that are told of it by `JSR_URL`.
 */

/** One version of one package, as it was sent. */
export interface Published {
  readonly name: string;
  readonly version: string;
  /** The files, by their path, which begins with `/`. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

/** A registry that is running. */
export interface LocalRegistry {
  readonly url: string;
  /** By `name@version`, in the order they came. */
  readonly published: ReadonlyMap<string, Published>;
  stop(): Promise<void>;
}

/** Reads a tar archive: blocks of 512 bytes, a header before each file; names and sizes are all that is wanted. */
export function readTar(archive: Uint8Array<ArrayBuffer>): Map<string, Uint8Array<ArrayBuffer>> {
  const text = (start: number, length: number) =>
    new TextDecoder().decode(archive.subarray(start, start + length)).replace(/\0.*$/s, "");
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  let offset = 0;
  while (offset + 512 <= archive.length && archive[offset] !== 0) {
    const prefix = text(offset + 257, 5) === "ustar" ? text(offset + 345, 155) : "";
    const name = (prefix === "" ? "" : `${prefix}/`) + text(offset, 100);
    const size = parseInt(text(offset + 124, 12), 8);
    const isFile = archive[offset + 156] === 0x30 || archive[offset + 156] === 0;
    if (isFile) files.set(`/${name.replace(/^\.?\//, "")}`, archive.slice(offset + 512, offset + 512 + size));
    offset += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}

async function sha256(data: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function receive(request: Request, name: string, version: string): Promise<Published> {
  const unpacked = request.body!.pipeThrough(new DecompressionStream("gzip"));
  const files = readTar(new Uint8Array(await new Response(unpacked).arrayBuffer()));
  return { name, version, files };
}

function exportsOf(published: Published): Record<string, string> {
  const config = JSON.parse(new TextDecoder().decode(published.files.get("/deno.json")));
  return typeof config.exports === "string" ? { ".": config.exports } : config.exports;
}

/** What the registry says of one version: its files with their sums, and its entries. */
async function versionMeta(published: Published): Promise<unknown> {
  const manifest: Record<string, unknown> = {};
  for (const [path, data] of published.files) {
    manifest[path] = { size: data.length, checksum: `sha256-${await sha256(data)}` };
  }
  return { manifest, exports: exportsOf(published) };
}

/**
 * Starts a registry on a free port of this machine.
 *
 * @returns The registry; end it with `stop`.
 */
export function startLocalRegistry(): LocalRegistry {
  const published = new Map<string, Published>();

  async function answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const api = /^\/api\/scopes\/(\w+)\/packages\/([\w-]+)(?:\/versions\/([\w.-]+))?$/.exec(pathname);
    if (api !== null) return await answerApi(request, `@${api[1]}/${api[2]}`, api[3]);
    const file = /^\/(@\w+\/[\w-]+)\/(.+)$/.exec(pathname);
    if (file !== null) return await answerFile(file[1]!, file[2]!);
    return new Response("not here", { status: 404 });
  }

  async function answerApi(request: Request, name: string, version: string | undefined): Promise<Response> {
    if (version === undefined) return Response.json({ scope: name.slice(1).split("/")[0], name });
    if (request.method === "POST") {
      published.set(`${name}@${version}`, await receive(request, name, version));
      return Response.json({ id: "1", status: "success", error: null });
    }
    if (published.has(`${name}@${version}`)) return Response.json({ version });
    return Response.json({ code: "packageVersionNotFound", message: "not here" }, { status: 404 });
  }

  async function answerFile(name: string, rest: string): Promise<Response> {
    const versions = [...published.values()].filter((one) => one.name === name);
    if (versions.length === 0) return new Response("no such package", { status: 404 });
    if (rest === "meta.json") {
      return Response.json({
        latest: versions.at(-1)!.version,
        versions: Object.fromEntries(versions.map(({ version }) => [version, {}])),
      });
    }
    const meta = /^([\w.-]+)_meta\.json$/.exec(rest)?.[1];
    const one = published.get(`${name}@${meta ?? rest.split("/")[0]}`);
    if (one === undefined) return new Response("no such version", { status: 404 });
    if (meta !== undefined) return Response.json(await versionMeta(one));
    const data = one.files.get(rest.slice(rest.indexOf("/")));
    if (data === undefined) return new Response("no such file", { status: 404 });
    return new Response(data, { headers: { "content-type": typeOf(rest) } });
  }

  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, answer);
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    published,
    stop: () => server.shutdown(),
  };
}

function typeOf(path: string): string {
  if (/\.tsx?$/.test(path)) return "text/typescript";
  return path.endsWith(".json") ? "application/json" : "text/plain";
}
