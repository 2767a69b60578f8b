/**
 * Uses the key/value store of `keyvalue_pb_server.ts` in one of its forms, and tells what happens.
 *
 *     deno run --allow-net examples/pb/keyvalue_pb_client.ts --form root
 *     deno run --allow-net examples/pb/keyvalue_pb_client.ts --form login --user alice --password wonderland --port 8792
 *
 * @module
 */
import { Anonymous, UsernamePassword } from "@ropewalk/cred";
import { type Deferred, inlineCallbacks } from "@ropewalk/deferred";
import {
  PBClientFactory,
  Referenceable,
  RemoteCache,
  RemoteCopy,
  type RemoteReference,
  setUnjellyableForClass,
} from "@ropewalk/spread";
import { readCommandLine } from "../keyvalue/command_line.ts";
import { readOrSay, reasonOf, type Say } from "./_program.ts";
import { KeyMissing, type KeyValue, type Member } from "./keyvalue_pb_server.ts";

/** The copy of an entry. */
export class EntryCopy extends RemoteCopy {
  readonly key: string = "";
  readonly value: string = "";
}

/** A mirror of what is on the shelf. */
export class Reflection extends RemoteCache {
  readonly values: Record<string, string> = {};

  observe_changed(key: string, value: string | null): void {
    if (value === null) delete this.values[key];
    else this.values[key] = value;
  }
}

setUnjellyableForClass("keyvalue.Entry", EntryCopy);
setUnjellyableForClass("keyvalue.Mirror", Reflection);

/** Is called back. */
export class Eye extends Referenceable {
  constructor(readonly saw: (text: string) => void) {
    super();
  }

  remote_changed(key: string, value: string | null): void {
    this.saw(value === null ? `${key} is gone` : `${key} is ${value} now`);
  }
}

/** What is there, or that nothing is; other failures go on. */
export function lookUp(
  store: RemoteReference<KeyValue> | RemoteReference<Member>,
  key: string,
): Deferred<string> {
  return (store as RemoteReference<KeyValue>).callRemote("get", key).addErrback((failure) => {
    failure.trap(KeyMissing);
    return `(no ${key})`;
  });
}

/** What a client does in each form; each ends with what it says last. */
export const FORMS = {
  /** Calls the root. */
  root: inlineCallbacks(function* (store: RemoteReference<KeyValue>, say: Say) {
    say(yield* lookUp(store, "color"));
    yield* store.callRemote("set", "color", "red");
    say(yield* lookUp(store, "color"));
    yield* store.callRemote("delete", "color");
    say(yield* lookUp(store, "color"));
  }),
  /** Gets a copy of an entry. */
  copy: inlineCallbacks(function* (store: RemoteReference<KeyValue>, say: Say) {
    yield* store.callRemote("set", "color", "red");
    const entry: unknown = yield* store.callRemote("entry", "color");
    if (!(entry instanceof EntryCopy)) throw new TypeError("The store sent no entry");
    yield* store.callRemote("set", "color", "blue");
    say(`a copy stays as it was: ${entry.key} is ${entry.value}`);
  }),
  /** Gets a mirror, which changes with the shelf. */
  mirror: inlineCallbacks(function* (store: RemoteReference<KeyValue>, say: Say) {
    const mirror: unknown = yield* store.callRemote("mirror");
    if (!(mirror instanceof Reflection)) throw new TypeError("The store sent no mirror");
    yield* store.callRemote("set", "shape", "round");
    say(`the mirror shows ${JSON.stringify(mirror.values)}`);
    mirror[Symbol.dispose]();
  }),
  /** Is called back. */
  watch: inlineCallbacks(function* (store: RemoteReference<KeyValue>, say: Say) {
    yield* store.callRemote("watch", new Eye(say));
    yield* store.callRemote("set", "size", "small");
    yield* store.callRemote("delete", "size");
  }),
};

/** The form with a login: one's own shelf, which nobody else sees. */
export const asMember = inlineCallbacks(function* (member: RemoteReference<Member>, say: Say) {
  say(yield* lookUp(member, "color"));
  yield* member.callRemote("set", "color", "green");
  say(yield* lookUp(member, "color"));
});

const HELP = `Uses a key/value store over Perspective Broker.

  --form FORM      root, copy, mirror, watch or login (root)
  --host HOST      where the store is (127.0.0.1)
  --port PORT      (8791; to log in, the other port of the server)
  --user NAME      to log in with; without one as a guest, who may only read
  --password TEXT
  --help           this text`;

const DEFAULTS = { form: "root", host: "127.0.0.1", port: 8791, user: "", password: "" };

function readOptions(args: readonly string[]): typeof DEFAULTS | "help" {
  const options = readCommandLine(args, DEFAULTS);
  if (options !== "help" && options.form !== "login" && !Object.hasOwn(FORMS, options.form)) {
    throw new RangeError("--form is root, copy, mirror, watch or login");
  }
  return options;
}

/**
 * Uses the store once.
 *
 * @param args The command line.
 * @param say Takes what happens.
 * @returns The exit code.
 */
export async function main(args: readonly string[], say: Say): Promise<number> {
  const options = readOrSay(() => readOptions(args), HELP, say);
  if (typeof options === "number") return options;
  const { clientFromString, reactor } = await import("@ropewalk/reactor");
  const { form, host, port, user, password } = options;
  const factory = new PBClientFactory();
  let code = 0;
  reactor.callWhenRunning(async () => {
    try {
      await clientFromString(reactor, `tcp:${host}:${port}`).connect(factory);
      if (form === "login") {
        const credentials = user === "" ? new Anonymous() : new UsernamePassword(user, password);
        await asMember(await factory.login<Member>(credentials), say);
      } else await FORMS[form as keyof typeof FORMS](await factory.getRootObject<KeyValue>(), say);
    } catch (error) {
      say(`Cannot use the store: ${reasonOf(error)}`);
      code = 1;
    }
    factory.disconnect();
    reactor.stop();
  });
  await reactor.run();
  return code;
}

if (import.meta.main) Deno.exit(await main(Deno.args, console.log));
