"""The rows of deferred.bench.ts as Twisted does them: prints {row: nanoseconds of CPU time for a unit of work}."""

import json
import time

from twisted.internet.defer import Deferred, inlineCallbacks, succeed


def increment(n):
    return n + 1


def later(n):
    return succeed(n + 1)


def four(n):
    d = Deferred()
    d.addCallback(increment).addCallback(increment).addCallback(increment).addCallback(increment)
    d.callback(n)


def one(n):
    d = Deferred()
    d.addCallback(increment)
    d.callback(n)


def returned(n):
    d = Deferred()
    d.addCallback(later)
    d.callback(n)


fired = succeed(None)


@inlineCallbacks
def waits(n):
    yield fired
    yield fired
    yield fired
    return n


@inlineCallbacks
def waitsNew(n):
    a = yield succeed(n)
    b = yield succeed(a)
    c = yield succeed(b)
    return a + b + c


def measure(work, units=20000):
    figures = []
    for _ in range(4):
        before = time.process_time_ns()
        for n in range(units):
            work(n)
        figures.append((time.process_time_ns() - before) / units)
    return sorted(figures[1:])[1]


rows = {"four": four, "one": one, "returned": returned, "yield": waits, "yieldNew": waitsNew}
print(json.dumps({row: measure(work) for row, work in rows.items()}))
