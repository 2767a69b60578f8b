"""
A Twisted AMP peer: `server` listens and says its port; `client PORT` calls everything and says what it got.
`tls-server PEM` and `tls-client PORT PEM` go over to TLS first; PEM is a file with a certificate and its key, or with
the authority to trust.
"""
import sys
from datetime import datetime
from decimal import Decimal

from twisted.internet import defer, endpoints, protocol, reactor, ssl, task
from twisted.protocols import amp
from twisted.python.filepath import FilePath


class Boom(Exception):
    pass


class Sum(amp.Command):
    arguments = [(b"a", amp.Integer()), (b"b", amp.Integer(optional=True))]
    response = [(b"total", amp.Integer())]
    errors = {Boom: b"BOOM"}


class All(amp.Command):
    arguments = [
        (b"i", amp.Integer()),
        (b"b", amp.Boolean()),
        (b"d", amp.DateTime()),
        (b"fl", amp.Float()),
        (b"l", amp.ListOf(amp.Integer())),
        (b"m", amp.Decimal()),
        (b"p", amp.Path()),
        (b"rows", amp.AmpList([(b"x", amp.Integer()), (b"y", amp.Unicode(optional=True))])),
        (b"s", amp.String()),
        (b"u", amp.Unicode()),
    ]
    response = arguments


class No(amp.Command):
    arguments = [(b"text", amp.Unicode())]
    requiresAnswer = False


class Heard(amp.Command):
    response = [(b"texts", amp.ListOf(amp.Unicode()))]


class Fail(amp.Command):
    pass


class Unknown(amp.Command):
    pass


class Upgrade(amp.ProtocolSwitchCommand):
    pass


class Echo(protocol.Protocol):
    def dataReceived(self, data):
        self.transport.write(data.upper())


class Peer(amp.AMP):
    def __init__(self):
        amp.AMP.__init__(self)
        self.heard = []

    @Sum.responder
    def sum(self, a, b=None):
        if a < 0:
            raise Boom("too low")
        return {"total": a + (40 if b is None else b)}

    @All.responder
    def all(self, **kw):
        return kw

    @No.responder
    def no(self, text):
        self.heard.append(text)
        return {}

    @Heard.responder
    def hear(self):
        return {"texts": self.heard}

    @Fail.responder
    def fail(self):
        raise RuntimeError("the password is 1234")

    @Upgrade.responder
    def upgrade(self):
        return Echo()


def server(peer):
    factory = protocol.Factory.forProtocol(peer)
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    print("port", port.getHost().port, flush=True)
    reactor.run()


class SecurePeer(Peer):
    """Answers `StartTLS`, and tells whether what follows came under TLS."""

    @amp.StartTLS.responder
    def secure(self):
        with open(sys.argv[2]) as pem:
            return {"tls_localCertificate": ssl.PrivateCertificate.loadPEM(pem.read())}

    @Heard.responder
    def hear(self):
        return {"texts": [type(self.transport).__name__, str(getattr(self.transport, "TLS", False))]}


class Recorder(protocol.Protocol):
    def __init__(self):
        self.got = defer.Deferred()

    def connectionMade(self):
        self.transport.write(b"after the switch")

    def dataReceived(self, data):
        self.got.callback(data)


class RecorderFactory(protocol.ClientFactory):
    def buildProtocol(self, addr):
        self.made = Recorder()
        return self.made


async def client(port):
    point = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", port)
    peer = await endpoints.connectProtocol(point, Peer())
    print("sum", (await peer.callRemote(Sum, a=5, b=7))["total"])
    print("optional", (await peer.callRemote(Sum, a=5))["total"])
    print("big", (await peer.callRemote(Sum, a=2**70, b=1))["total"])
    try:
        await peer.callRemote(Sum, a=-1)
    except Boom as e:
        print("boom", e)
    sent = dict(
        i=-3,
        b=True,
        d=datetime(2012, 1, 23, 12, 34, 56, 54321, tzinfo=amp._FixedOffsetTZInfo.fromSignHoursMinutes("+", 3, 30)),
        fl=1.5,
        l=[1, -2],
        m=Decimal("1.50"),
        p=FilePath("/tmp/x"),
        rows=[{"x": 1, "y": "a"}, {"x": 2, "y": "\u00e9"}],
        s=bytes(range(256)),
        u="h\u00e9 \U0001f40c",
    )
    got = await peer.callRemote(All, **sent)
    print("all", got == sent, got["d"].utcoffset(), got["m"])
    for text in ["one", "tw\u00f6"]:
        peer.callRemote(No, text=text)
    print("heard", ascii((await peer.callRemote(Heard))["texts"]))
    try:
        await peer.callRemote(Unknown)
    except amp.UnhandledCommand:
        print("unhandled")
    many = await defer.gatherResults([peer.callRemote(Sum, a=i, b=0) for i in range(500)])
    print("many", [m["total"] for m in many] == list(range(500)))
    factory = RecorderFactory()
    await peer.callRemote(Upgrade, factory)
    print("switched", (await factory.made.got).decode())
    second = await endpoints.connectProtocol(point, Peer())
    try:
        await second.callRemote(Fail)
    except amp.UnknownRemoteError as e:
        print("unknown", e.description)
    print("done", flush=True)


async def tls_client(port, authority):
    point = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", port)
    peer = await endpoints.connectProtocol(point, Peer())
    print("before", (await peer.callRemote(Sum, a=1, b=1))["total"])
    with open(authority) as pem:
        trusted = [ssl.Certificate.loadPEM(pem.read())]
    await peer.callRemote(amp.StartTLS, tls_verifyAuthorities=trusted)
    print("after", (await peer.callRemote(Sum, a=5, b=7))["total"])
    print("certificate", peer.peerCertificate.getSubject().commonName.decode())
    factory = RecorderFactory()
    await peer.callRemote(Upgrade, factory)
    print("switched", (await factory.made.got).decode())
    print("done", flush=True)


if sys.argv[1] == "server":
    server(Peer)
elif sys.argv[1] == "tls-server":
    server(SecurePeer)
elif sys.argv[1] == "tls-client":
    task.react(lambda reactor: defer.ensureDeferred(tls_client(int(sys.argv[2]), sys.argv[3])))
else:
    task.react(lambda reactor: defer.ensureDeferred(client(int(sys.argv[2]))))
