"""A Twisted user of the chat room: `chat_client.py PORT`. Says what it sees, a line each, until it is told "bye"."""
import sys

from twisted.cred.credentials import UsernamePassword
from twisted.internet import defer, reactor
from twisted.spread import pb


class Ears(pb.Referenceable):
    def __init__(self):
        self.bye = defer.Deferred()

    def remote_hear(self, group, who, text):
        print("heard", group, who, text, flush=True)
        if text == "bye":
            self.bye.callback(None)


@defer.inlineCallbacks
def main(port):
    factory = pb.PBClientFactory()
    reactor.connectTCP("127.0.0.1", port, factory)
    ears = Ears()
    try:
        yield factory.login(UsernamePassword(b"bob", b"guess"), ears)
    except pb.RemoteError as e:
        print("refused", e.remoteType.decode(), repr(str(e)), flush=True)
    bob = yield factory.login(UsernamePassword(b"bob", b"builder"), ears)
    lobby = yield bob.callRemote("join", "lobby")
    attic = yield bob.callRemote("join", "attic")
    print("groups", *(yield bob.callRemote("groups")), flush=True)
    print("who", *(yield lobby.callRemote("who")), flush=True)
    print("said", (yield lobby.callRemote("say", "hello from Twisted")), flush=True)
    yield attic.callRemote("leave")
    try:
        yield attic.callRemote("say", "still here?")
    except pb.RemoteError as e:
        print("refused", e.remoteType.decode(), str(e), flush=True)
    yield ears.bye
    factory.disconnect()


main(int(sys.argv[1])).addErrback(lambda f: print("bad", f, flush=True)).addBoth(lambda _: reactor.stop())
reactor.run()
