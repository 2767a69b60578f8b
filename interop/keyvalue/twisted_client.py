"""Plays a key/value client over Perspective Broker and prints what it sees, one line a step.

    twisted_client.py PORT
"""
import sys

from twisted.internet import defer, reactor
from twisted.spread import pb


class NoSuchThing(Exception):
    pass


@defer.inlineCallbacks
def talk(root, label):
    print(label, "set", (yield root.callRemote("set", "color", "red")))
    print(label, "get", (yield root.callRemote("get", "color")))
    missing = root.callRemote("get", "no-" + label)
    missing.addErrback(lambda f: "trapped " + f.trap(KeyError).__name__ + ": " + f.getErrorMessage())
    print(label, "missing", (yield missing))
    unknown = root.callRemote("launch_missiles")
    unknown.addErrback(lambda f: "failed " + f.type if isinstance(f.type, str) else "failed " + f.type.decode())
    print(label, "unknown", (yield unknown))
    entries = yield root.callRemote("entries")
    print(label, "entries", sorted((e["key"], e["value"], 0 < e["secondsLeft"] <= 15) for e in entries))
    print(label, "bytes", (yield root.callRemote("set", b"raw", b"bytes")), (yield root.callRemote("get", b"raw")))
    for key in ("color", "raw"):
        print(label, "delete", (yield root.callRemote("delete", key)))


@defer.inlineCallbacks
def main(port):
    factories = [pb.PBClientFactory(), pb.PBClientFactory()]
    for factory in factories:
        reactor.connectTCP("127.0.0.1", port, factory)
    roots = yield defer.gatherResults([f.getRootObject() for f in factories])
    yield talk(roots[0], "first")
    yield talk(roots[1], "second")
    # both at once, a hundred calls in flight each
    calls = [root.callRemote("set", "k%d" % i, "v%d" % i) for i in range(100) for root in roots]
    yield defer.gatherResults(calls)
    values = yield defer.gatherResults([roots[i % 2].callRemote("get", "k%d" % i) for i in range(100)])
    print("both", values == ["v%d" % i for i in range(100)])
    for factory in factories:
        factory.disconnect()


def done(result):
    if result is not None:
        print("FAILED", result)
    reactor.stop()


main(int(sys.argv[1])).addBoth(done)
reactor.run()
