import { Deferred, succeed } from "@ropewalk/deferred";
import { assert, assertEquals } from "@std/assert";
import { Clock, failureResultOf, successResultOf } from "@ropewalk/testing";
import { AllowAnonymousAccess, InMemoryUsernamePasswordDatabase } from "./checkers.ts";
import { sameSecret } from "./constant_time.ts";
import { Anonymous, TrustedUsername, UsernameHashedPassword, UsernamePassword } from "./credentials.ts";
import {
  LoginFailed,
  TooManyAttempts,
  Unauthorized,
  UnauthorizedLogin,
  UnhandledCredentials,
} from "./errors.ts";
import { LimitedAttempts } from "./limited_attempts.ts";
import { parsePasswords, PasswordFile } from "./password_file.ts";
import { ANONYMOUS, type AvatarId, type Interface, Portal, type Soon } from "./portal.ts";

class Desk {}
class Other {}

function portalOf(...checkers: ConstructorParameters<typeof Portal>[1] & object) {
  const left: AvatarId[] = [];
  const asked: unknown[][] = [];
  const realm = {
    requestAvatar(id: AvatarId, mind: unknown, ...interfaces: Interface[]) {
      asked.push([id, mind, ...interfaces]);
      return { avatar: { id }, logout: () => left.push(id) };
    },
  };
  return { portal: new Portal(realm, checkers), left, asked };
}

Deno.test("a portal asks the checker, then the realm, and hands out avatar and logout", () => {
  const users = new InMemoryUsernamePasswordDatabase();
  users.addUser("alice", "secret");
  const { portal, left, asked } = portalOf(users);
  const login = successResultOf(portal.login(new UsernamePassword("alice", "secret"), "mind", Desk, Other));
  assertEquals(asked, [["alice", "mind", Desk, Other]]);
  assertEquals(login.avatar, { id: "alice" });
  assert(login.interface === Desk);
  const [iface, avatar, logout] = login;
  assert(iface === Desk && avatar === login.avatar);
  (logout as () => void)();
  login.logout();
  assertEquals(left, ["alice"]);
});

Deno.test("a wrong name and a wrong password fail alike", () => {
  const { portal } = portalOf(new InMemoryUsernamePasswordDatabase({ alice: "secret" }));
  const attempts = [new UsernamePassword("alice", "wrong"), new UsernamePassword("nobody", "no such user")];
  const messages = attempts.map((credentials) => {
    const failure = failureResultOf(portal.login(credentials, null), UnauthorizedLogin);
    assert(failure.check(LoginFailed) && failure.check(Unauthorized));
    assert(failure.check("twisted.cred.error.UnauthorizedLogin"));
    return failure.getErrorMessage();
  });
  assertEquals(messages[0], messages[1]);
});

Deno.test("an empty password is a password like any other", () => {
  const { portal } = portalOf(new InMemoryUsernamePasswordDatabase({ alice: "", bob: "x" }));
  successResultOf(portal.login(new UsernamePassword("alice", ""), null));
  failureResultOf(portal.login(new UsernamePassword("bob", ""), null), UnauthorizedLogin);
  failureResultOf(portal.login(new UsernamePassword("alice", "\0"), null), UnauthorizedLogin);
});

Deno.test("credentials of a kind that nobody checks are told apart from wrong ones", () => {
  const { portal } = portalOf(new InMemoryUsernamePasswordDatabase());
  const failure = failureResultOf(portal.login(new Anonymous(), null), UnhandledCredentials);
  assertEquals(failure.getErrorMessage(), "No checker for Anonymous");
  failureResultOf(portal.login(new TrustedUsername("root"), null), UnhandledCredentials);
});

Deno.test("guests are let in where they may, as ANONYMOUS", () => {
  const { portal, asked } = portalOf(new AllowAnonymousAccess());
  successResultOf(portal.login(new Anonymous(), null));
  assertEquals(asked[0]![0], ANONYMOUS);
  assertEquals(portal.listCredentialsInterfaces(), [Anonymous]);
});

Deno.test("a realm may answer with Twisted's triple, and late", () => {
  const late = new Deferred<readonly [Interface, string, () => string]>();
  const portal = new Portal<string>({ requestAvatar: () => late }, [new AllowAnonymousAccess()]);
  const d = portal.login(new Anonymous(), null, Desk, Other);
  late.callback([Other, "the avatar", () => "left"]);
  const login = successResultOf(d);
  assert(login.interface === Other);
  assertEquals([login.avatar, login.logout(), login.logout()], ["the avatar", "left", undefined]);
});

Deno.test("credentials may take their time to tell whether a password is theirs", () => {
  class Slow extends UsernameHashedPassword {
    readonly username = "alice";
    override checkPassword(password: string | Uint8Array): Soon<boolean> & Deferred<boolean> {
      return succeed(password === "secret");
    }
  }
  const { portal } = portalOf(new InMemoryUsernamePasswordDatabase({ alice: "secret" }));
  assertEquals(successResultOf(portal.login(new Slow(), null)).avatar, { id: "alice" });
});

Deno.test("secrets are compared whole, as text or as bytes", () => {
  assert(sameSecret("secret", new TextEncoder().encode("secret")));
  assert(sameSecret("", ""));
  for (const wrong of ["", "s", "secreT", "secrets", "secretsecret", "Secret"]) {
    assert(!sameSecret(wrong, "secret"), wrong);
    assert(!sameSecret("secret", wrong), wrong);
  }
});

Deno.test("attempts that failed are counted by name, and forgotten in time", () => {
  const clock = new Clock();
  const users = new InMemoryUsernamePasswordDatabase({ alice: "secret", bob: "secret" });
  const { portal } = portalOf(new LimitedAttempts(users, { reactor: clock, attempts: 3, perSeconds: 60 }));
  const attempt = (name: string, password: string) =>
    portal.login(new UsernamePassword(name, password), null);
  for (let i = 0; i < 3; i++) failureResultOf(attempt("alice", "wrong"), UnauthorizedLogin);
  const refused = failureResultOf(attempt("alice", "secret"), TooManyAttempts);
  assertEquals((refused.value as TooManyAttempts).retryAfterSeconds, 60);
  successResultOf(attempt("bob", "secret"));
  clock.advance(59);
  failureResultOf(attempt("alice", "secret"), TooManyAttempts);
  clock.advance(1);
  successResultOf(attempt("alice", "secret"));
  failureResultOf(attempt("alice", "wrong"), UnauthorizedLogin);
  successResultOf(attempt("alice", "secret"));
});

Deno.test("names that are made up do not fill the memory of a limit on attempts", () => {
  const clock = new Clock();
  const limited = new LimitedAttempts(new InMemoryUsernamePasswordDatabase(), {
    reactor: clock,
    maxNames: 10,
  });
  const { portal } = portalOf(limited);
  for (let i = 0; i < 100; i++) {
    failureResultOf(portal.login(new UsernamePassword(`name ${i}`, ""), null), UnauthorizedLogin);
  }
  assertEquals(limited.remembered, 10);
});

Deno.test("a file of passwords is read for each login, so that changes count at once", () => {
  let text = "# users\nalice:secret\n\nbob:with:colons\r\nbroken\n";
  const file = { getContent: () => new TextEncoder().encode(text) };
  const { portal } = portalOf(new PasswordFile(file));
  successResultOf(portal.login(new UsernamePassword("alice", "secret"), null));
  successResultOf(portal.login(new UsernamePassword("bob", "with:colons"), null));
  for (const name of ["broken", "# users", "carol"]) {
    failureResultOf(portal.login(new UsernamePassword(name, ""), null), UnauthorizedLogin);
  }
  text = "alice:changed\n";
  failureResultOf(portal.login(new UsernamePassword("alice", "secret"), null), UnauthorizedLogin);
});

Deno.test("a file of hashes is asked with the hash of what was given, and refuses challenges in words", async () => {
  const hash = async (password: Uint8Array) =>
    Array.from(
      new Uint8Array(await crypto.subtle.digest("SHA-256", password.slice())),
      (byte) => byte.toString(16).padStart(2, "0"),
    ).join("");
  const line = `alice:${await hash(new TextEncoder().encode("secret"))}\n`;
  const { portal } = portalOf(
    new PasswordFile({ getContent: () => line }, { hash: (_name, given) => hash(given) }),
  );
  await portal.login(new UsernamePassword("alice", "secret"), null);
  const wrong = await portal.login(new UsernamePassword("alice", "wrong"), null).catch((error) => error);
  assert(wrong instanceof UnauthorizedLogin);
  class Challenge extends UsernameHashedPassword {
    readonly username = "alice";
    override checkPassword(): boolean {
      return true;
    }
  }
  const refused = failureResultOf(portal.login(new Challenge(), null), UnhandledCredentials);
  assert(refused.getErrorMessage().includes("hash"));
});

Deno.test("lines of a password file are taken apart at the first colon", () => {
  assertEquals([...parsePasswords("a:b:c\nx:\n:y\n")], [["a", "b:c"], ["x", ""]]);
});
