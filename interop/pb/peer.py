"""The Twisted end of the interop tests: `peer.py server`, or `peer.py client ROOT_PORT PORTAL_PORT`.

The server offers the same methods as its counterpart in `server.ts`; the client runs the same cases as `cases.ts` and
prints one line for each: `ok NAME`, or `bad NAME: what happened`.
"""
import datetime
import decimal
import gc
import os
import sys
import tempfile

from twisted.cred import checkers, credentials, error, portal
from twisted.internet import defer, error as neterror, reactor
from twisted.python import failure
from twisted.spread import jelly, pb, publish, util
from zope.interface import implementer


class Expected(pb.Error):
    pass


class Pond(pb.Copyable):
    def __init__(self, frogs, names):
        self.frogs = frogs
        self.names = names

    def getTypeToCopy(self):
        return b"interop.Pond"


class RemotePond(pb.RemoteCopy):
    pass


class Thermometer(pb.Cacheable):
    def __init__(self):
        self.degrees = 20
        self.observers = []

    def getTypeToCopy(self):
        return b"interop.Thermometer"

    def getStateToCacheAndObserveFor(self, perspective, observer):
        self.observers.append(observer)
        return {"degrees": self.degrees}

    def stoppedObserving(self, perspective, observer):
        self.observers.remove(observer)

    def set(self, degrees):
        self.degrees = degrees
        return defer.gatherResults([o.callRemote("degrees", degrees) for o in self.observers])


class RemoteThermometer(pb.RemoteCache):
    def observe_degrees(self, degrees):
        self.degrees = degrees


class Unregistered(pb.Copyable):
    pass


class Page(publish.Publishable):
    def __init__(self):
        publish.Publishable.__init__(self, "front")
        self.text = "one"
        self.timestamp = 1000
        self.fetched = 0

    def getTypeToCopyFor(self, perspective):
        return b"interop.Page"

    def getStateToPublish(self):
        self.fetched += 1
        return {"text": self.text}


class RemotePage(publish.RemotePublished):
    pass


pb.setUnjellyableForClass("interop.Page", RemotePage)
pb.setUnjellyableForClass("interop.Pond", RemotePond)
pb.setUnjellyableForClass("interop.Thermometer", RemoteThermometer)


class Counter(pb.Referenceable):
    def __init__(self):
        self.count = 0

    def remote_add(self, n=1):
        self.count += n
        return self.count

    def remote_fail(self):
        raise Expected("the counter fails")


def describe(value):
    if isinstance(value, (list, tuple, set, frozenset)):
        inner = [describe(v) for v in value]
        if isinstance(value, (set, frozenset)):
            inner.sort()
        return "%s(%s)" % (type(value).__name__, " ".join(inner))
    if isinstance(value, dict):
        return "dict(%s)" % " ".join(describe(k) + ":" + describe(v) for k, v in value.items())
    return type(value).__name__


class Root(pb.Root):
    def __init__(self):
        self.brokers = set()
        self.kept = []
        self.noted = 0
        self.thermometer = Thermometer()
        self.counter = Counter()
        self.page = Page()

    def remote_page(self):
        return self.page

    def remote_fetched(self):
        return self.page.fetched

    def remote_change(self, text, timestamp):
        self.page.text = text
        self.page.timestamp = timestamp

    def remote_echo(self, value):
        return value

    def remote_describe(self, value):
        return describe(value)

    def remote_named(self, *args, **kw):
        return [list(args), kw]

    def remote_note(self):
        self.noted += 1

    def remote_noted(self):
        return self.noted

    def remote_keyError(self):
        raise KeyError("k")

    def remote_expected(self):
        raise Expected("as agreed")

    def remote_lateError(self):
        d = defer.Deferred()
        reactor.callLater(0.01, d.errback, failure.Failure(ValueError("late")))
        return d

    def remote_later(self, seconds, value):
        d = defer.Deferred()
        reactor.callLater(seconds, d.callback, value)
        return d

    def remote_call(self, ref, method, *args):
        return ref.callRemote(method, *args)

    def remote_keep(self, thing):
        self.kept.append(thing)

    def remote_kept(self):
        return self.kept[-1]

    def remote_drop(self):
        del self.kept[:]
        gc.collect()

    def remote_counter(self):
        return self.counter

    def remote_isCounter(self, thing):
        return thing is self.counter

    def remote_twice(self):
        return [self.counter, self.counter]

    def remote_held(self):
        held = [o.object for b in self.brokers for o in b.localObjects.values()]
        return sum(1 for o in held if o is self.counter)

    def remote_shared(self):
        inner = [1]
        return [inner, inner]

    def remote_cyclic(self):
        ring = [1]
        ring.append(ring)
        return ring

    def remote_isShared(self, pair):
        return pair[0] is pair[1]

    def remote_isCyclic(self, ring):
        return ring[1] is ring

    def remote_pond(self):
        return Pond(3, ["kermit"])

    def remote_drain(self, pond):
        return [type(pond).__name__, pond.frogs, pond.names]

    def remote_unregistered(self):
        return Unregistered()

    def remote_thermometer(self):
        return self.thermometer

    def remote_set(self, degrees):
        return self.thermometer.set(degrees).addCallback(lambda _: None)

    def remote_isThermometer(self, thing):
        return thing is self.thermometer

    def remote_observers(self):
        return len(self.thermometer.observers)

    def remote_pages(self, collector, text, size):
        util.StringPager(collector, text, size)

    def remote_disconnect(self):
        for b in list(self.brokers):
            b.transport.loseConnection()

    def remote_unsendable(self):
        return object()


class Board(pb.Viewable):
    def view_who(self, perspective, word):
        return "%s says %s" % (perspective.name, word)


board = Board()
logouts = []


class User(pb.Avatar):
    def __init__(self, name, mind):
        self.name = name
        self.mind = mind

    def perspective_name(self):
        return self.name

    def perspective_board(self):
        return board

    def perspective_isBoard(self, thing):
        return getattr(thing, "object", thing) is board

    def perspective_mind(self, method, *args):
        return self.mind.callRemote(method, *args)

    def perspective_logouts(self):
        return list(logouts)


@implementer(portal.IRealm)
class Realm:
    def requestAvatar(self, avatarId, mind, *interfaces):
        name = "guest" if avatarId == checkers.ANONYMOUS else avatarId
        if isinstance(name, bytes):
            name = name.decode()
        return pb.IPerspective, User(name, mind), lambda: logouts.append(name)


class WatchedFactory(pb.PBServerFactory):
    """Lets its root know of the connections."""

    def buildProtocol(self, address):
        broker = pb.PBServerFactory.buildProtocol(self, address)
        self.root.brokers.add(broker)
        broker.notifyOnDisconnect(lambda: self.root.brokers.discard(broker))
        return broker


def serve():
    users = checkers.InMemoryUsernamePasswordDatabaseDontUse(alice=b"secret", bob=b"hunter2")
    entrance = portal.Portal(Realm(), [users, checkers.AllowAnonymousAccess()])
    closed = portal.Portal(Realm(), [users])
    ports = [
        reactor.listenTCP(0, factory, interface="127.0.0.1").getHost().port
        for factory in (
            WatchedFactory(Root()),
            pb.PBServerFactory(entrance),
            pb.PBServerFactory(closed),
            WatchedFactory(Root(), unsafeTracebacks=True),
        )
    ]
    print("PORTS", *ports, flush=True)
    reactor.run()


# ---------------------------------------------------------------------------------------------------- the client


def check(what, wanted):
    if what != wanted or type(what) is not type(wanted):
        raise AssertionError("%r is not %r" % (what, wanted))


VALUES = {
    "None": None,
    "true": True,
    "false": False,
    "zero": 0,
    "small": 42,
    "negative": -42,
    "int 2^31-1": 2**31 - 1,
    "int 2^31": 2**31,
    "int -2^31": -(2**31),
    "int -2^31-1": -(2**31) - 1,
    "int 2^53": 2**53,
    "int 2^53+1": 2**53 + 1,
    "int -2^100": -(2**100),
    "int 2^448-1": 2**448 - 1,
    "float": 1.5,
    "infinity": float("inf"),
    "-infinity": float("-inf"),
    "bytes": b"\x00\xff\x80",
    "empty bytes": b"",
    "vocabulary bytes": b"list",
    "text": "h\u00e9llo \u2603 \U0001f600",
    "empty text": "",
    "vocabulary text": "message",
    "long text": "x" * 100000,
    "largest text": "y" * 655360,
    "NUL and BOM": "\ufeffa\x00b",
    "list": [1, [2, [3]], []],
    "tuple": (1, "a", (b"b", None)),
    "empty tuple": (),
    "dict": {"a": 1, "b": [2]},
    "empty dict": {},
    "dict of ints": {1: "a", -2: "b"},
    "dict of mixed keys": {"a": 1, b"b": 2, (1, 2): 3, None: 4},
    "dict __proto__": {"__proto__": 1, "constructor": 2},
    "set": {1, 2, 3},
    "frozenset": frozenset(["a", "b"]),
    "datetime": datetime.datetime(2012, 7, 5, 1, 2, 3, 4),
    "date": datetime.date(1999, 12, 31),
    "time": datetime.time(23, 59, 58, 7),
    "timedelta": datetime.timedelta(-1, 2, 3),
    "decimal": decimal.Decimal("-1.50"),
    "decimal exponent": decimal.Decimal("12E+5"),
    "nested": {"rows": [{"id": i, "tags": ["t%d" % i, i / 4]} for i in range(50)]},
}


@defer.inlineCallbacks
def failed(d):
    """The failure of a Deferred, as a result."""
    box = yield d.addCallbacks(lambda r: [r], lambda f: [f])
    assert isinstance(box[0], failure.Failure), "%r is no failure" % (box[0],)
    return Box(box[0])


class Box:
    """Keeps a Failure from being taken for one that was raised."""

    def __init__(self, f):
        self.check, self.parents, self.type, self.value = f.check, f.parents, f.type, f.value
        self.getErrorMessage, self.traceback = f.getErrorMessage, getattr(f, "traceback", None)


class Client:
    def __init__(self, root, ports):
        self.root = root
        self.ports = ports
        self.call = root.callRemote

    @defer.inlineCallbacks
    def case_values(self):
        for name, value in VALUES.items():
            try:
                check((yield self.call("echo", value)), value)
            except AssertionError as e:
                raise AssertionError(name + ": " + str(e)[:300])

    @defer.inlineCallbacks
    def case_nan(self):
        value = yield self.call("echo", float("nan"))
        assert value != value

    @defer.inlineCallbacks
    def case_kinds(self):
        for value, kind in (
            (1.5, "float"), (1, "int"), (b"", "bytes"), ("", "str"), ((1, ["a"]), "tuple(int list(str))"),
            ({1}, "set(int)"), (frozenset([b""]), "frozenset(bytes)"), ({"a": None}, "dict(str:NoneType)"),
            (datetime.date(2000, 1, 1), "date"), (decimal.Decimal(1), "Decimal"), (True, "bool"),
        ):
            check((yield self.call("describe", value)), kind)

    @defer.inlineCallbacks
    def case_keywords(self):
        check((yield self.call("named", 1, a=2)), [[1], {"a": 2}])
        check((yield self.call("named")), [[], {}])

    @defer.inlineCallbacks
    def case_no_answer(self):
        before = yield self.call("noted")
        check(self.call("note", pbanswer=0), None)
        check((yield self.call("noted")), before + 1)

    @defer.inlineCallbacks
    def case_errors(self):
        for method, kinds, text in (
            ("keyError", ["builtins.KeyError", KeyError, LookupError, Exception], "'k'"),
            ("expected", [pb.Error], "as agreed"),
            ("lateError", [ValueError], "late"),
            ("nosuch", [pb.NoSuchMethod, AttributeError], "No such method: remote_nosuch"),
            ("__init__", [pb.NoSuchMethod], "No such method: remote___init__"),
        ):
            for kind in kinds:
                f = yield failed(self.call(method))
                assert f.check(kind), (method, kind, f.parents)
            check(f.getErrorMessage(), text)
            check(f.parents[0], f.type if isinstance(f.type, str) else f.type.decode())
            check(f.traceback, "Traceback unavailable\n")

    @defer.inlineCallbacks
    def case_order(self):
        seen = []
        slow = self.call("later", 0.05, "slow").addCallback(seen.append)
        fast = self.call("later", 0, "fast").addCallback(seen.append)
        yield defer.gatherResults([slow, fast])
        check(seen, ["fast", "slow"])

    @defer.inlineCallbacks
    def case_thousand(self):
        check((yield defer.gatherResults([self.call("echo", i) for i in range(1000)])), list(range(1000)))

    @defer.inlineCallbacks
    def case_references(self):
        counter = Counter()
        check((yield self.call("call", counter, "add", 5)), 5)
        check(counter.count, 5)
        # A Twisted server gives a reference that it does not keep back before it answers: so it has to keep this one.
        yield self.call("keep", counter)
        back = yield self.call("echo", counter)
        assert back is counter, back
        f = yield failed(self.call("call", counter, "fail"))
        check(f.getErrorMessage(), "the counter fails")
        assert not isinstance(f.value, KeyError)
        yield self.call("keep", [counter, counter])
        luid = self.root.broker.luids[counter.processUniqueID()]
        assert luid in self.root.broker.localObjects, "not kept"
        yield self.call("drop")
        yield self.call("later", 0.05, None)
        assert luid not in self.root.broker.localObjects, self.root.broker.localObjects

    @defer.inlineCallbacks
    def case_remote_objects(self):
        counter = yield self.call("counter")
        first = yield counter.callRemote("add", 2)
        check((yield counter.callRemote("add")), first + 1)
        check((yield self.call("isCounter", counter)), True)
        one, two = yield self.call("twice")
        assert one == two
        check((yield self.call("held")), 1)
        del counter, one, two
        gc.collect()
        yield self.call("later", 0.01, None)
        check((yield self.call("held")), 0)

    @defer.inlineCallbacks
    def case_sharing(self):
        a, b = yield self.call("shared")
        assert a is b
        ring = yield self.call("cyclic")
        assert ring[1] is ring
        check((yield self.call("isShared", [a, a])), True)
        check((yield self.call("isShared", [[1], [1]])), False)
        check((yield self.call("isCyclic", ring)), True)
        d = {}
        d["self"] = d
        back = yield self.call("echo", d)
        assert back["self"] is back
        t = ([],)
        t[0].append(t)
        back = yield self.call("echo", t)
        assert back[0][0] is back

    @defer.inlineCallbacks
    def case_copies(self):
        pond = yield self.call("pond")
        assert isinstance(pond, RemotePond)
        check([pond.frogs, pond.names], [3, ["kermit"]])
        check((yield self.call("drain", Pond(2, []))), ["RemotePond", 2, []])
        f = yield failed(self.call("echo", Unregistered()))
        assert f.check(jelly.InsecureJelly), f
        check((yield self.call("echo", "alive")), "alive")
        x = yield self.call("unsendable")
        assert isinstance(x, jelly.Unpersistable), x

    @defer.inlineCallbacks
    def case_caches(self):
        t = yield self.call("thermometer")
        assert isinstance(t, RemoteThermometer)
        yield self.call("set", 25)
        check(t.degrees, 25)
        again = yield self.call("thermometer")
        check(again.degrees, 25)
        yield self.call("set", 26)
        check([t.degrees, again.degrees], [26, 26])
        check((yield self.call("isThermometer", t)), True)
        check((yield self.call("observers")), 1)
        del t, again
        gc.collect()
        yield self.call("later", 0.01, None)
        check((yield self.call("observers")), 0)
        own = Thermometer()
        yield self.call("keep", own)
        check(len(own.observers), 1)
        yield own.set(7)
        home = yield self.call("kept")
        assert home is own
        yield self.call("drop")
        yield self.call("later", 0.05, None)
        check(own.observers, [])

    @defer.inlineCallbacks
    def case_paging(self):
        for text in (b"", b"z" * 100000):
            pages = yield util.getAllPages(self.root, "pages", text, 8192)
            check(b"".join(pages), text)

    @defer.inlineCallbacks
    def login(self, port, creds, mind=None):
        factory = pb.PBClientFactory()
        reactor.connectTCP("127.0.0.1", port, factory)
        try:
            avatar = yield factory.login(creds, mind)
        except BaseException:
            factory.disconnect()
            raise
        return factory, avatar

    @defer.inlineCallbacks
    def case_login(self):
        counter = Counter()
        creds = credentials.UsernamePassword(b"alice", b"secret")
        factory, avatar = yield self.login(self.ports[1], creds, counter)
        check((yield avatar.callRemote("name")), "alice")
        check((yield avatar.callRemote("mind", "add", 3)), 3)
        board = yield avatar.callRemote("board")
        check((yield board.callRemote("who", "hello")), "alice says hello")
        check((yield avatar.callRemote("isBoard", board)), True)
        # Several avatars on one connection.
        other = yield factory.login(credentials.UsernamePassword(b"bob", b"hunter2"))
        check((yield other.callRemote("name")), "bob")
        before = (yield avatar.callRemote("logouts")).count("bob")
        del other
        gc.collect()
        check((yield avatar.callRemote("logouts")).count("bob"), before + 1)
        factory.disconnect()

    @defer.inlineCallbacks
    def case_logout_on_disconnect(self):
        factory, avatar = yield self.login(self.ports[1], credentials.UsernamePassword(b"alice", b"secret"))
        before = (yield avatar.callRemote("logouts")).count("alice")
        gone = defer.Deferred()
        avatar.notifyOnDisconnect(gone.callback)
        factory.disconnect()
        yield gone
        factory, avatar = yield self.login(self.ports[1], credentials.UsernamePassword(b"bob", b"hunter2"))
        check((yield avatar.callRemote("logouts")).count("alice"), before + 1)
        factory.disconnect()

    @defer.inlineCallbacks
    def case_anonymous(self):
        factory, avatar = yield self.login(self.ports[1], credentials.Anonymous())
        check((yield avatar.callRemote("name")), "guest")
        factory.disconnect()

    @defer.inlineCallbacks
    def case_login_refused(self):
        messages = set()
        for port, creds, kind in (
            (self.ports[1], credentials.UsernamePassword(b"alice", b"wrong"), error.UnauthorizedLogin),
            (self.ports[1], credentials.UsernamePassword(b"nobody", b"secret"), error.UnauthorizedLogin),
            (self.ports[2], credentials.Anonymous(), error.UnhandledCredentials),
        ):
            try:
                yield self.login(port, creds)
            except BaseException:
                f = failure.Failure()
                assert f.check(pb.RemoteError), f
                check(f.value.remoteType.decode(), "twisted.cred.error." + kind.__name__)
                if kind is error.UnauthorizedLogin:
                    messages.add(f.getErrorMessage())
            else:
                raise AssertionError("let in")
        check(messages, {""})

    @defer.inlineCallbacks
    def case_tracebacks(self):
        factory = pb.PBClientFactory()
        reactor.connectTCP("127.0.0.1", self.ports[3], factory)
        root = yield factory.getRootObject()
        f = yield failed(root.callRemote("keyError"))
        assert "keyError" in f.traceback, f.traceback
        factory.disconnect()

    @defer.inlineCallbacks
    def case_published(self):
        os.chdir(tempfile.mkdtemp())  # what is received is kept in files there
        seen = []
        for change in (False, True, False):
            factory = pb.PBClientFactory()
            reactor.connectTCP("127.0.0.1", self.ports[0], factory)
            root = yield factory.getRootObject()
            page = yield publish.whenReady(root.callRemote("page"))
            seen += [page.text, (yield root.callRemote("fetched"))]
            if change:
                yield root.callRemote("change", "two", 2000)
            factory.disconnect()
        check(seen, ["one", 1, "one", 1, "two", 2])

    @defer.inlineCallbacks
    def case_disconnect(self):
        factory = pb.PBClientFactory()
        reactor.connectTCP("127.0.0.1", self.ports[3], factory)
        root = yield factory.getRootObject()
        gone = defer.Deferred()
        root.notifyOnDisconnect(gone.callback)
        pending = failed(root.callRemote("later", 30, None))
        root.callRemote("disconnect").addErrback(lambda f: None)
        yield gone
        f = yield pending
        assert f.check(pb.PBConnectionLost), f
        try:
            root.callRemote("echo", 1)
        except pb.DeadReferenceError:
            pass
        else:
            raise AssertionError("no DeadReferenceError")


@defer.inlineCallbacks
def run_client(ports):
    factory = pb.PBClientFactory()
    reactor.connectTCP("127.0.0.1", ports[0], factory)
    root = yield factory.getRootObject()
    client = Client(root, ports)
    for name in sorted(n for n in dir(client) if n.startswith("case_")):
        d = defer.maybeDeferred(getattr(client, name))
        d.addTimeout(20, reactor)
        try:
            yield d
        except BaseException as e:
            print("bad %s: %s" % (name[5:], (type(e).__name__ + ": " + str(e)).replace("\n", " | ")[:2000]), flush=True)
        else:
            print("ok", name[5:], flush=True)
    factory.disconnect()


if __name__ == "__main__":
    if sys.argv[1] == "server":
        serve()
    else:
        run_client([int(p) for p in sys.argv[2:]]).addErrback(lambda f: print("bad all:", f, flush=True)).addBoth(
            lambda _: reactor.stop()
        )
        reactor.run()
