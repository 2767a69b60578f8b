"""The Perspective Broker benchmark under Twisted: `server`, or `client PORT PID WORK SECONDS`; see `pb_work.ts`."""
import json
import sys
import time

from twisted.internet import defer, reactor
from twisted.spread import pb


def record(i):
    return {"id": i, "score": i / 7, "label": "item number %d" % i, "ok": i % 2 == 0, "tags": ["x", "y%d" % (i % 10)]}


PAYLOADS = {
    "sequential": "hello",
    "pipelined": "hello",
    "1KiB": {"rows": [record(i) for i in range(11)]},
    "64KiB": {"rows": [record(i) for i in range(720)]},
}
IN_FLIGHT = {"sequential": 1, "pipelined": 64, "1KiB": 16, "64KiB": 4}


class Echo(pb.Root):
    def remote_echo(self, value):
        return value


def cpu(pid):
    fields = open("/proc/%s/stat" % pid).read().split(") ")[1].split(" ")
    return (int(fields[11]) + int(fields[12])) / 100


def load(root, value, in_flight, seconds):
    until = time.monotonic() + seconds
    finished = defer.Deferred()
    state = {"answered": 0, "running": in_flight}

    def done(_):
        state["answered"] += 1
        if time.monotonic() < until:
            root.callRemote("echo", value).addCallback(done)
        else:
            state["running"] -= 1
            if not state["running"]:
                finished.callback(state["answered"])

    for _ in range(in_flight):
        root.callRemote("echo", value).addCallback(done)
    return finished


@defer.inlineCallbacks
def client(port, pid, work, seconds):
    factory = pb.PBClientFactory()
    reactor.connectTCP("127.0.0.1", int(port), factory)
    root = yield factory.getRootObject()
    value, in_flight = PAYLOADS[work], IN_FLIGHT[work]
    yield load(root, value, in_flight, 0.5)
    before, started = cpu(pid), time.monotonic()
    calls = yield load(root, value, in_flight, float(seconds))
    print(json.dumps({"calls": calls, "cpu": cpu(pid) - before, "wall": time.monotonic() - started}), flush=True)
    reactor.stop()


if sys.argv[1] == "server":
    print(reactor.listenTCP(0, pb.PBServerFactory(Echo()), interface="127.0.0.1").getHost().port, flush=True)
else:
    reactor.callWhenRunning(client, *sys.argv[2:])
reactor.run()
