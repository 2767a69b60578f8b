/** Types of remote calls: what compiles, what does not, and what the results are. */
import type { Deferred } from "@ropewalk/deferred";
import { assertEquals } from "@std/assert";
import type { PBClientFactory } from "./client_factory.ts";
import { Avatar } from "./avatar.ts";
import { Referenceable, Root } from "./referenceable.ts";
import type { RemoteReference } from "./remote_reference.ts";
import { type Kwargs, kwargs } from "./values.ts";
import { Viewable } from "./viewable.ts";

type Equals<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_proof: Equals<A, B>): void {}

class Listener extends Referenceable {
  remote_hear(_text: string): void {}
}
class Board extends Viewable {
  view_post(_who: User, _text: string): number {
    return 1;
  }
}
// deno-lint-ignore no-unused-vars -- used as a type only
class User extends Avatar {
  readonly board = new Board();
  perspective_board(): Board {
    return this.board;
  }
  perspective_rename(_name: string): Promise<boolean> {
    return Promise.resolve(true);
  }
}
interface Entry {
  key: string;
  at: number;
}
interface Tree {
  value: number;
  children: Tree[];
}
// deno-lint-ignore no-unused-vars -- used as a type only
class KeyValueRoot extends Root {
  readonly listeners: RemoteReference<Listener>[] = [];
  remote_get(_key: string): string {
    return "";
  }
  remote_set(_key: string, _value: string): void {}
  remote_later(): Deferred<number> {
    throw new Error("never called");
  }
  async remote_promise(): Promise<Entry[]> {
    return await Promise.resolve([]);
  }
  remote_maybe(_flag?: boolean): string | undefined {
    return undefined;
  }
  remote_listen(listener: RemoteReference<Listener>): Listener {
    this.listeners.push(listener);
    return new Listener();
  }
  remote_all(): Listener[] {
    return [];
  }
  remote_named(_key: string, _named?: Kwargs): void {}
  remote_nested(): { owner: Listener; entry: Entry; list: { who: Listener }[] } {
    throw new Error("never called");
  }
  remote_home(listener: Listener): boolean {
    return this.listeners.length > 0 && listener instanceof Listener;
  }
  remote_tree(tree: Tree): Tree {
    return tree;
  }
  remote_any(value: unknown): unknown {
    return value;
  }
  remote_bytes(value: Uint8Array, _map: Map<string, Date>): Uint8Array {
    return value;
  }
  notForYou(): void {}
}

// Never run: what matters is that it compiles.
function typed(root: RemoteReference<KeyValueRoot>, user: RemoteReference<User>, factory: PBClientFactory) {
  same<typeof get, Deferred<string>>(true);
  const get = root.callRemote("get", "k");
  const set = root.callRemote("set", "k", "v");
  same<typeof set, Deferred<null>>(true);
  const later = root.callRemote("later");
  same<typeof later, Deferred<number>>(true);
  const promised = root.callRemote("promise");
  same<typeof promised, Deferred<Entry[]>>(true);
  const maybe = root.callRemote("maybe");
  same<typeof maybe, Deferred<string | null>>(true);
  const listener = root.callRemote("listen", new Listener());
  same<typeof listener, Deferred<RemoteReference<Listener>>>(true);
  const all = root.callRemote("all");
  same<typeof all, Deferred<RemoteReference<Listener>[]>>(true);
  const nested = root.callRemote("nested");
  same<
    typeof nested,
    Deferred<{ owner: RemoteReference<Listener>; entry: Entry; list: { who: RemoteReference<Listener> }[] }>
  >(true);
  const tree = root.callRemote("tree", { value: 1, children: [] });
  same<typeof tree, Deferred<Tree>>(true);
  const any = root.callRemote("any", 1);
  same<typeof any, Deferred<unknown>>(true);
  const bytes = root.callRemote("bytes", new Uint8Array(1), new Map([["k", new Date()]]));
  same<typeof bytes, Deferred<Uint8Array>>(true);
  root.callRemote("named", "k", kwargs({ dflt: null }));
  root.callRemote("maybe", true);
  listener.addCallback((reference) => root.callRemote("home", reference));
  // @ts-expect-error it would arrive as a reference, not as the object it is
  root.callRemote("home", new Listener());

  const proxied = root.proxy.get("k");
  same<typeof proxied, Deferred<string>>(true);
  const byProxy = root.proxy.promise();
  same<typeof byProxy, Deferred<Entry[]>>(true);

  const board = user.callRemote("board");
  same<typeof board, Deferred<RemoteReference<Board>>>(true);
  const renamed = user.proxy.rename("x");
  same<typeof renamed, Deferred<boolean>>(true);
  board.addCallback((b) => {
    const posted = b.callRemote("post", "hello");
    same<typeof posted, Deferred<number>>(true);
    // @ts-expect-error the avatar is filled in by the server
    b.callRemote("post", user, "hello");
  });

  const fromFactory = factory.getRootObject<KeyValueRoot>();
  same<typeof fromFactory, Deferred<RemoteReference<KeyValueRoot>>>(true);
  const loggedIn = factory.login<User>({});
  same<typeof loggedIn, Deferred<RemoteReference<User>>>(true);

  const untyped = factory.getRootObject();
  untyped.addCallback((any) => {
    const result = any.callRemote("whatever", 1, "two", [3]);
    same<typeof result, Deferred<unknown>>(true);
  });

  // @ts-expect-error no such method
  root.callRemote("nosuch");
  // @ts-expect-error only what has the prefix can be called
  root.callRemote("notForYou");
  // @ts-expect-error the name is without the prefix
  root.callRemote("remote_get", "k");
  // @ts-expect-error a number is no key
  root.callRemote("get", 1);
  // @ts-expect-error an argument is missing
  root.callRemote("set", "k");
  // @ts-expect-error one argument too many
  root.callRemote("get", "k", "v");
  // @ts-expect-error no such method
  root.proxy.nosuch();
  // @ts-expect-error a number is no key
  root.proxy.get(1);
  // @ts-expect-error the wrong kind of object
  root.callRemote("listen", new Board());
}

Deno.test("the types of remote calls are those of the methods", () => {
  assertEquals(typeof typed, "function");
});
