"""The same root object, served by Twisted. Prints its port."""
from twisted.internet import defer, reactor, task
from twisted.spread import pb


class Root(pb.Root):
    items = {}

    def remote_get(self, key):
        return self.items[key]

    def remote_set(self, key, value):
        self.items[key] = value

    def remote_delete(self, key):
        del self.items[key]

    def remote_entries(self):
        entries = [{"key": k, "value": v, "secondsLeft": 15.0} for k, v in sorted(self.items.items())]
        return task.deferLater(reactor, 0.01, lambda: entries)


port = reactor.listenTCP(0, pb.PBServerFactory(Root()), interface="127.0.0.1")
print("listening on", port.getHost().port, flush=True)
reactor.run()
