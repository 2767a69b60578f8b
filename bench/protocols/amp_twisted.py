"""Serves `Sum` by Twisted's AMP."""
from twisted.internet import protocol, reactor
from twisted.protocols import amp


class Sum(amp.Command):
    arguments = [(b"a", amp.Integer()), (b"b", amp.Integer())]
    response = [(b"total", amp.Integer())]


class Peer(amp.AMP):
    @Sum.responder
    def sum(self, a, b):
        return {"total": a + b}


port = reactor.listenTCP(0, protocol.Factory.forProtocol(Peer), interface="127.0.0.1")
print("port", port.getHost().port, flush=True)
reactor.run()
