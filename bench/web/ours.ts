/**
 * The resources that the benchmark of the web server asks for: `ours.ts`; it prints its port. With a directory, that is below
 * `/files`.
 */
import { reactor } from "@ropewalk/reactor";
import { FilePath } from "@ropewalk/reactor/filepath";
import { File, type Request, Resource, Site } from "@ropewalk/web";

class Hello extends Resource {
  override isLeaf = true;

  render_GET(request: Request): string {
    request.setHeader("content-type", "text/plain");
    return "hello, world\n";
  }

  render_POST(request: Request): string {
    request.setHeader("content-type", "text/plain");
    return `${request.args.get("name")}\n`;
  }
}

class Echo extends Resource {
  override isLeaf = true;

  render_GET(request: Request): string {
    request.setHeader("content-type", "text/plain");
    return request.query;
  }
}

const IN = Array.from({ length: 10 }, (_, i) => `x-in-${i}`);
const OUT = Array.from({ length: 10 }, (_, i) => `x-out-${i}`);

class User extends Resource {
  override isLeaf = true;

  constructor(readonly id: string) {
    super();
  }

  render_GET(request: Request): string {
    request.setHeader("content-type", "text/plain");
    for (let i = 0; i < 10; i++) request.setHeader(OUT[i]!, request.getHeader(IN[i]!) ?? "");
    return this.id;
  }
}

class Users extends Resource {
  override getChild(id: string): Resource {
    return new User(id);
  }
}

const root = new Resource();
root.putChild("", new Hello());
let at = root;
for (const name of ["api", "v1", "teams"]) {
  const next = new Resource();
  at.putChild(name, next);
  at = next;
}
at.putChild("users", new Users());
root.putChild("echo", new Echo());
const [directory] = Deno.args;
if (directory !== undefined) root.putChild("files", new File(new FilePath(directory)));
const port = reactor.listenTCP(0, new Site(root, { accessLog: "none" }), { hostname: "127.0.0.1" });
console.log("port", (port.getHost() as { port: number }).port);
