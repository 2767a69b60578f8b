/** Logins, avatars, views, and objects of any class, between two brokers that are joined in memory. */
import {
  AllowAnonymousAccess,
  Anonymous,
  InMemoryUsernamePasswordDatabase,
  Portal,
  UnauthorizedLogin,
  UnhandledCredentials,
  UsernamePassword,
} from "@ropewalk/cred";
import { Deferred } from "@ropewalk/deferred";
import { assertEquals } from "@std/assert";
import { failureResultOf, flushLoggedErrors, successResultOf } from "@ropewalk/testing";
import { Avatar } from "./avatar.ts";
import { NoSuchMethod, PBConnectionLost, RemoteError } from "./errors.ts";
import { AsReferenceable, Referenceable } from "./referenceable.ts";
import type { RemoteReference } from "./remote_reference.ts";
import { join } from "./_support_test.ts";
import { Viewable } from "./viewable.ts";

class Board extends Viewable {
  view_who(user: User, word: string): string {
    return `${user.name}: ${word}`;
  }
}
const board = new Board();
class User extends Avatar {
  static left: string[] = [];
  constructor(readonly name: string, readonly mind: RemoteReference | null) {
    super();
  }
  perspective_board(): Board {
    return board;
  }
  perspective_isBoard(thing: unknown): boolean {
    return thing === board;
  }
  perspective_isMe(thing: unknown): boolean {
    return thing === this;
  }
  perspective_say(word: string): unknown {
    return this.mind?.callRemote("hear", word);
  }
  remote_backdoor(): void {}
}
class Mind extends Referenceable {
  remote_hear(word: string): string {
    return `heard ${word}`;
  }
}
function portal() {
  User.left = [];
  return new Portal({
    requestAvatar(id: unknown, mind: unknown) {
      const name = typeof id === "string" ? id : "guest";
      return { avatar: new User(name, mind as RemoteReference), logout: () => User.left.push(name) };
    },
  }, [new InMemoryUsernamePasswordDatabase({ alice: "secret", bob: "b" }), new AllowAnonymousAccess()]);
}

Deno.test("a user logs in, calls perspective_ methods only, and is called back", () => {
  const { factory, pump } = join(portal());
  const login = factory.login<User>(new UsernamePassword("alice", "secret"), new Mind());
  pump.flush();
  const avatar = successResultOf(login);
  const said = avatar.callRemote("say", "hello");
  const back = (avatar as unknown as RemoteReference).callRemote("backdoor");
  const me = (avatar as unknown as RemoteReference).callRemote("isMe", avatar);
  pump.flush();
  assertEquals(successResultOf(said), "heard hello");
  assertEquals(failureResultOf(back).getErrorMessage(), "No such method: perspective_backdoor");
  assertEquals(successResultOf(me), true);
  flushLoggedErrors(NoSuchMethod);
});

Deno.test("several avatars on one connection see one object each in their own name", () => {
  const { factory, pump } = join(portal());
  const logins = [["alice", "secret"], ["bob", "b"]].map(([name, password]) =>
    factory.login(new UsernamePassword(name!, password!))
  );
  pump.flush();
  const avatars = logins.map((login) => successResultOf(login));
  const boards = avatars.map((avatar) => avatar.callRemote("board"));
  pump.flush();
  const views = boards.map((d) => successResultOf(d) as RemoteReference);
  const said = views.map((view) => view.callRemote("who", "hi"));
  const home = avatars[0]!.callRemote("isBoard", views[1]);
  pump.flush();
  assertEquals(said.map((d) => successResultOf(d)), ["alice: hi", "bob: hi"]);
  assertEquals(successResultOf(home), true);
});

Deno.test("logout runs once: when the avatar is given up, or else when the connection is lost", () => {
  const { factory, pump, client } = join(portal());
  const one = factory.login(new UsernamePassword("alice", "secret"));
  const two = factory.login(new Anonymous());
  pump.flush();
  successResultOf(two);
  successResultOf(one)[Symbol.dispose]();
  pump.flush();
  assertEquals(User.left, ["alice"]);
  client.transport.loseConnection();
  pump.flush();
  assertEquals(User.left, ["alice", "guest"]);
});

Deno.test("an avatar that many share is logged out once for each who came in, whatever one of them throws", () => {
  const shared = new Mind(); // any Referenceable is one
  const left: string[] = [];
  const requestAvatar = (_id: unknown, mind: unknown) => ({
    avatar: shared,
    logout: () => {
      left.push(String(mind));
      if (mind === "b") throw new Error("cannot leave");
    },
  });
  const { factory, pump, server } = join(new Portal({ requestAvatar }, [new AllowAnonymousAccess()]));
  const logins = ["a", "b", "c"].map((mind) => factory.login(new Anonymous(), mind));
  pump.flush();
  const avatars = logins.map((login) => successResultOf(login));
  let more = 0;
  for (let i = 0; i < 100_000; i++) server.onRelease(shared, () => void more++);
  avatars[0]![Symbol.dispose](); // the one reference that they all are
  pump.flush();
  assertEquals([left, more], [["a", "b", "c"], 100_000]);
  assertEquals(flushLoggedErrors().length, 1);
});

Deno.test("who hangs up while being let in is logged out at once", () => {
  const late = new Deferred<{ avatar: User; logout: () => void }>();
  const left: string[] = [];
  const { factory, pump, client } = join(
    new Portal({ requestAvatar: () => late }, [new AllowAnonymousAccess()]),
  );
  const login = factory.login(new Anonymous());
  pump.flush();
  client.transport.loseConnection();
  pump.flush();
  failureResultOf(login, PBConnectionLost);
  late.callback({ avatar: new User("x", null), logout: () => left.push("x") });
  assertEquals(left, ["x"]);
});

Deno.test("logins that are refused look alike, and a challenge is answered once", () => {
  const { factory, pump, root } = join(portal());
  const wrong = factory.login(new UsernamePassword("alice", "wrong"));
  const nobody = factory.login(new UsernamePassword("nobody", "secret"));
  pump.flush();
  const [a, b] = [wrong, nobody].map((d) => failureResultOf(d, RemoteError).value as RemoteError);
  assertEquals([a!.remoteType, a!.message], [b!.remoteType, b!.message]);
  assertEquals(a!.parents.slice(0, 3), [
    "twisted.cred.error.UnauthorizedLogin",
    "twisted.cred.error.LoginFailed",
    "twisted.cred.error.Unauthorized",
  ]);
  assertEquals(flushLoggedErrors(UnauthorizedLogin).length, 2);
  const challenge = root.callRemote("login", "alice");
  pump.flush();
  const [, challenger] = successResultOf(challenge) as [Uint8Array, RemoteReference];
  const twice = [1, 2].map(() => challenger.callRemote("respond", new Uint8Array(16), null));
  const odd = root.callRemote("login", 7);
  pump.flush();
  for (const d of [...twice, odd]) failureResultOf(d, RemoteError);
  assertEquals(flushLoggedErrors().length, 3);
});

Deno.test("guests are refused where nobody lets them in", () => {
  const { factory, pump } = join(new Portal({ requestAvatar: () => ({ avatar: {} }) }));
  const d = factory.login(new Anonymous());
  pump.flush();
  assertEquals(
    (failureResultOf(d).value as RemoteError).remoteType,
    "twisted.cred.error.UnhandledCredentials",
  );
  assertEquals(flushLoggedErrors(UnhandledCredentials).length, 1);
  failureResultOf(factory.login({}), UnhandledCredentials);
});

Deno.test("an object of any class can be made callable under a prefix of its own", () => {
  const plain = { door_knock: (times: number) => "knock ".repeat(times).trim() };
  const { root, pump } = join(new AsReferenceable(plain, "door"));
  const d = root.callRemote("knock", 2);
  pump.flush();
  assertEquals(successResultOf(d), "knock knock");
});
