/** The bytes, against what a real Twisted 22.4 sends and takes. */
import {
  AllowAnonymousAccess,
  Anonymous,
  InMemoryUsernamePasswordDatabase,
  Portal,
  UnauthorizedLogin,
  UsernamePassword,
} from "@ropewalk/cred";
import { assertEquals } from "@std/assert";
import { IPv4Address } from "@ropewalk/reactor/core";
import { failureResultOf, flushLoggedErrors, StringTransport, successResultOf } from "@ropewalk/testing";
import { assert } from "@std/assert";
import { Avatar } from "./avatar.ts";
import { Cacheable, RemoteCache, type RemoteCacheObserver } from "./cacheable.ts";
import { PBClientFactory } from "./client_factory.ts";
import { PBServerFactory } from "./server_factory.ts";
import { RemoteError } from "./errors.ts";
import { Root } from "./referenceable.ts";
import { respond } from "./login.ts";
import { setUnjellyableForClass } from "./security.ts";
import { kwargs, tuple } from "./values.ts";
import { hex, unhex } from "./_support_test.ts";

const address = new IPv4Address("TCP", "127.0.0.1", 1);
const HELLO = "02800282706204826e6f6e65";
const VERSION = "028013870681";

function client() {
  const factory = new PBClientFactory();
  const broker = factory.buildProtocol(address);
  const transport = new StringTransport();
  broker.makeConnection(transport);
  return { factory, broker, transport };
}

function connectedClient() {
  const made = client();
  made.broker.dataReceived(unhex(HELLO + VERSION));
  made.transport.clear();
  return made;
}

function connectedServer(root: ConstructorParameters<typeof PBServerFactory>[0]) {
  const broker = new PBServerFactory(root).buildProtocol(address);
  const transport = new StringTransport();
  broker.makeConnection(transport);
  assertEquals(hex(transport.value()), HELLO);
  transport.clear();
  broker.dataReceived(unhex("02827062" + VERSION));
  assertEquals(hex(transport.value()), VERSION);
  transport.clear();
  return { broker, transport };
}

Deno.test("a client answers the server's dialects with pb and the version", () => {
  const { factory, broker, transport } = client();
  const root = factory.getRootObject();
  assertEquals(hex(transport.value()), "");
  broker.dataReceived(unhex(HELLO));
  assertEquals(hex(transport.value()), "02827062" + VERSION);
  assertEquals(successResultOf(root).luid, "root");
});

const GET =
  "07801a8701810482726f6f740382676574018102800b8702800782756e69636f646501826102800587028002800782756e69636f6465048264666c7401800187";
const GOT =
  "03801b87018108800587028002800782756e69636f646501826b02800782756e69636f6465018261028002800782756e69636f646501826e0583028002800782756e69636f6465038262696700000000002085028002800782756e69636f646501826684" +
  "3ff8000000000000028002800782756e69636f646501827403800b8701810281028002800782756e69636f646501826c048008870182780180018702800782626f6f6c65616e048274727565028002800782756e69636f6465018273028003827365740181";

Deno.test("a call with a keyword argument is, byte for byte, what Twisted sends", () => {
  const { broker, transport } = connectedClient();
  broker.remoteForName("root").callRemote("get", "a", kwargs({ dflt: null }));
  assertEquals(hex(transport.value()), GET);
});

Deno.test("an answer with every kind of value is read", () => {
  const { broker } = connectedClient();
  const d = broker.remoteForName("root").callRemote("get", "a");
  broker.dataReceived(unhex(GOT));
  assertEquals(successResultOf(d), {
    k: "a",
    n: -5,
    big: 2 ** 40,
    f: 1.5,
    t: tuple(1, 2),
    l: [new TextEncoder().encode("x"), null, true],
    s: new Set([1]),
  });
});

Deno.test("an answer with every kind of value is, byte for byte, what Twisted sends", () => {
  class Getter extends Root {
    remote_get(key: string, named: object) {
      assertEquals({ ...named }, { dflt: null });
      return {
        k: key,
        n: -5,
        big: 2 ** 40,
        f: 1.5,
        t: tuple(1, 2),
        l: [new TextEncoder().encode("x"), null, true],
        s: new Set([1]),
      };
    }
  }
  const { broker, transport } = connectedServer(new Getter());
  broker.dataReceived(unhex(GET));
  assertEquals(hex(transport.value()), GOT);
});

class KeyError extends Error {
  static readonly wireName = "builtins.KeyError";
}

const KEY_ERROR =
  "03801c87028102802182747769737465642e7370726561642e70622e436f707961626c654661696c7572650b800587028002800782756e69636f64650582636f756e740581028002800782756e69636f646504827479706511826275696c74696e732e4b65794572726f72028002800782756e69636f6465058276616c756502800782756e69636f64650782276e6f6b657927028002800782756e69636f64650b82636170747572655661727302800782626f6f6c65616e058266616c7365028002800782756e69636f646506826672616d657301800887028002800782756e69636f64650582737461636b01800887028002800782756e69636f64650282746201800187028002800782756e69636f64650782706172656e74730680088702800782756e69636f646511826275696c74696e732e4b65794572726f7202800782756e69636f646514826275696c74696e732e4c6f6f6b75704572726f7202800782756e69636f646512826275696c74696e732e457863657074696f6e02800782756e69636f646516826275696c74696e732e42617365457863657074696f6e02800782756e69636f64650f826275696c74696e732e6f626a656374028002800782756e69636f64651082756e7361666554726163656261636b7302800782626f6f6c65616e058266616c7365028002800782756e69636f6465098274726163656261636b02800782756e69636f6465168254726163656261636b20756e617661696c61626c650a";

Deno.test("an error is, byte for byte, what Twisted sends for its own KeyError", () => {
  class Failing extends Root {
    remote_keyerr() {
      throw new KeyError("'nokey'");
    }
  }
  const { broker, transport } = connectedServer(new Failing());
  broker.dataReceived(unhex("07801a8702810482726f6f7406826b6579657272018101800b8701800587"));
  assertEquals(flushLoggedErrors(KeyError).length, 1);
  // The count of failures is whatever it is.
  const count = /(82636f756e74)[0-7].81/;
  assertEquals(hex(transport.value()).replace(count, "$1"), KEY_ERROR.replace(count, "$1"));
});

Deno.test("Twisted's KeyError arrives as a RemoteError that knows its classes by name", () => {
  const { broker } = connectedClient();
  const root = broker.remoteForName("root");
  root.callRemote("first");
  const d = root.callRemote("keyerr");
  broker.dataReceived(unhex(KEY_ERROR));
  const failure = failureResultOf(d, RemoteError);
  const error = failure.value as RemoteError;
  assertEquals([error.remoteType, error.message], ["builtins.KeyError", "'nokey'"]);
  assertEquals(error.parents.length, 5);
  assert(failure.check("builtins.LookupError"));
  assert(failure.check(KeyError));
  assertEquals(error.remoteTraceback, "");
});

Deno.test("the answer to a challenge is that of Twisted's test vector", () => {
  const response = respond(unhex("9370f97a73ebe84f0607bb964c596173"), "secret");
  assertEquals(hex(response), "bcbb96ab5153d26a56e4f6acb82e14d8");
});

Deno.test("a login is, byte for byte, what Twisted's client sends", () => {
  const { factory, broker, transport } = client();
  class Mind extends Root {}
  const d = factory.login(new UsernamePassword("alice", "secret"), new Mind());
  broker.dataReceived(unhex(HELLO));
  assertEquals(
    hex(transport.value()),
    "0282706202801387068107801a8701810482726f6f741487018102800b870582616c69636501800587",
  );
  transport.clear();
  broker.dataReceived(
    unhex("02801387068103801b87018103800b871082c9b6f9309cfdc2433410c43adba0b1ba028010870181"),
  );
  assertEquals(
    hex(transport.value()),
    "07801a87028101810782726573706f6e64018103800b871082" +
      hex(respond(unhex("c9b6f9309cfdc2433410c43adba0b1ba"), "secret")) + "028010870181018005870" +
      "2801d870181",
  );
  broker.dataReceived(unhex("03801b870281028010870281"));
  assertEquals(successResultOf(d).luid, 2);
});

Deno.test("a call without answer, a cache's update and what gives references back have Twisted's bytes", () => {
  const { broker, transport } = connectedClient();
  const root = broker.remoteForName("root");
  for (let i = 0; i < 6; i++) root.callRemote("x");
  transport.clear();
  root.callRemoteOnly("get", "a");
  assertEquals(
    hex(transport.value()),
    "07801a8707810482726f6f740382676574008102800b8702800782756e69636f646501826101800587",
  );
  transport.clear();
  broker.pay("decref", 2, 1);
  broker.pay("decache", 1, 1);
  assertEquals(hex(transport.value()), "02801d87028102801e870181");
});

Deno.test("a keyword argument pbanswer asks for no answer and is not sent", () => {
  const { broker, transport } = connectedClient();
  const root = broker.remoteForName("root");
  for (let i = 0; i < 6; i++) root.callRemote("x");
  transport.clear();
  root.callRemote("get", "a", kwargs({ pbanswer: false }));
  assertEquals(
    hex(transport.value()),
    "07801a8707810482726f6f740382676574008102800b8702800782756e69636f646501826101800587",
  );
});

// Everything that Twisted's server sends for a refused login, after the challenge; the client has given back that.
const REFUSED =
  "03801c87028102802182747769737465642e7370726561642e70622e436f707961626c654661696c7572650c800587028002800782756e69636f64650582636f756e740a81028002800782756e69636f64650482747970652482747769737465642e637265642e6572726f722e556e617574686f72697a65644c6f67696e028002800782756e69636f6465058276616c756502800782756e69636f64650082028002800782756e69636f64650b82636170747572655661727302800782626f6f6c65616e058266616c7365028002800782756e69636f646506826672616d657301800887028002800782756e69636f64650582737461636b01800887028002800782756e69636f64650282746201800187028002800782756e69636f64650782706172656e74730780088702800782756e69636f64652482747769737465642e637265642e6572726f722e556e617574686f72697a65644c6f67696e02800782756e69636f64651e82747769737465642e637265642e6572726f722e4c6f67696e4661696c656402800782756e69636f64651f82747769737465642e637265642e6572726f722e556e617574686f72697a656402800782756e69636f646512826275696c74696e732e457863657074696f6e02800782756e69636f646516826275696c74696e732e42617365457863657074696f6e02800782756e69636f64650f826275696c74696e732e6f626a656374028002800782756e69636f646507827069636b6c65640181028002800782756e69636f64651082756e7361666554726163656261636b7302800782626f6f6c65616e058266616c7365028002800782756e69636f6465098274726163656261636b02800782756e69636f6465168254726163656261636b20756e617661696c61626c650a";
// Up to the challenge's sixteen bytes, and after them.
const CHALLENGE = ["03801b87018103800b871082", "028010870181"] as const;
const LOGIN_ALICE = "07801a8701810482726f6f741487018102800b870582616c69636501800587";

function portal(): Portal {
  return new Portal({ requestAvatar: () => ({ avatar: new Avatar(), logout: () => {} }) }, [
    new InMemoryUsernamePasswordDatabase({ alice: "secret" }),
    new AllowAnonymousAccess(),
  ]);
}

Deno.test("a refused login is what Twisted's server says, but for a text and without the mark of a pickle", () => {
  const { broker, transport } = connectedServer(portal());
  broker.dataReceived(unhex(LOGIN_ALICE));
  const sent = hex(transport.value());
  const challenge = sent.slice(CHALLENGE[0].length, -CHALLENGE[1].length);
  assertEquals(sent, CHALLENGE[0] + challenge + CHALLENGE[1]);
  assertEquals(challenge.length, 32);
  transport.clear();
  const answer = hex(respond(unhex(challenge), "wrong"));
  const mind = "028010870181";
  broker.dataReceived(
    unhex(`07801a87028101810782726573706f6e64018103800b871082${answer}${mind}01800587` + "02801d870181"),
  );
  assertEquals(flushLoggedErrors(UnauthorizedLogin).length, 1);
  const count = /(82636f756e74)[0-7].81/;
  const expected = REFUSED.replace(count, "$1")
    .replace("028002800782756e69636f646507827069636b6c65640181", "") // [pickled 1]
    .replace("0c800587", "0b800587"); // so the dictionary has one entry less
  assertEquals(hex(transport.value()).replace(count, "$1"), expected);
});

Deno.test("what Twisted's server says to a bad login arrives as an UnauthorizedLogin", () => {
  const { factory, broker } = client();
  const d = factory.login(new UsernamePassword("alice", "wrong"), new Root());
  broker.dataReceived(
    unhex(HELLO + VERSION + CHALLENGE[0] + "f1f5c593ff20be50e099d66f82e4eb02" + CHALLENGE[1]),
  );
  broker.dataReceived(unhex("02801d870181" + REFUSED));
  const failure = failureResultOf(d, RemoteError);
  assert(failure.check(UnauthorizedLogin));
  assertEquals((failure.value as RemoteError).parents.length, 6);
  assertEquals(broker.references, 0);
});

const ANONYMOUS = "07801a8701810482726f6f740e826c6f67696e416e6f6e796d6f7573018102800b870180018701800587";
const ADMITTED = "03801b870181028010870181";

Deno.test("a guest's login is, byte for byte, what Twisted's client sends", () => {
  const { factory, broker, transport } = client();
  const d = factory.login(new Anonymous());
  broker.dataReceived(unhex(HELLO + VERSION));
  assertEquals(hex(transport.value()), "02827062" + VERSION + ANONYMOUS);
  broker.dataReceived(unhex(ADMITTED));
  assertEquals(successResultOf(d).luid, 1);
});

Deno.test("a guest is admitted in the bytes of Twisted's server", () => {
  const { broker, transport } = connectedServer(portal());
  broker.dataReceived(unhex(ANONYMOUS));
  assertEquals(hex(transport.value()), ADMITTED);
});

const SET_N = "078019870181018104827365744e01810280" + "0b87028101800587";

Deno.test("a cache's update and what a given-up cache is answered have Twisted's bytes", () => {
  class Dial extends Cacheable {
    observer: RemoteCacheObserver | null = null;
    override getStateToCacheAndObserveFor(_perspective: unknown, observer: RemoteCacheObserver) {
      this.observer = observer;
      return {};
    }
  }
  const dial = new Dial();
  class Giver extends Root {
    remote_get() {
      return dial;
    }
  }
  const { broker, transport } = connectedServer(new Giver());
  broker.dataReceived(unhex("07801a8701810482726f6f740382676574018101800b8701800587"));
  transport.clear();
  const told = dial.observer!.callRemote("setN", 2);
  assertEquals(hex(transport.value()), SET_N);
  broker.dataReceived(unhex("03801b87018101800187"));
  assertEquals(successResultOf(told), null);
  transport.clear();
  broker.dataReceived(unhex("02801e870181"));
  assertEquals(hex(transport.value()), "02801f870181");
});

Deno.test("an update of Twisted's reaches the copy, and is answered with its bytes", () => {
  const { broker, transport } = connectedClient();
  class Copy extends RemoteCache {
    n = 0;
    observe_setN(n: number) {
      this.n = n;
    }
  }
  setUnjellyableForClass("wire_test.Dial", Copy);
  const d = broker.remoteForName("root").callRemote("get");
  const type = hex(new TextEncoder().encode("wire_test.Dial"));
  const cached = `03800e82${type}018101800587`; // [type 1 [dictionary]]
  broker.dataReceived(unhex("03801b870181" + cached));
  const copy = successResultOf(d) as Copy;
  transport.clear();
  broker.dataReceived(unhex(SET_N));
  assertEquals(copy.n, 2);
  assertEquals(hex(transport.value()), "03801b87018101800187");
  transport.clear();
  copy[Symbol.dispose]();
  assertEquals(hex(transport.value()), "02801e870181");
  broker.dataReceived(unhex("02801f870181")); // the owner will not name it any more
  assert(!broker.disconnected);
});
