"""Twisted's finger server (`finger`), and its IRC client (`irc PORT`), which says what it hears."""
import sys

from twisted.internet import protocol, reactor
from twisted.protocols import finger
from twisted.words.protocols import irc


class Users(finger.Finger):
    def getUser(self, slash_w, user):
        self.transport.write(b"Login: " + user + (b" (long)" if slash_w else b"") + b"\r\nZ\xc3\xb3\xc5\x82w\r\n")
        self.transport.loseConnection()


class Bot(irc.IRCClient):
    nickname = "twisted"
    lineRate = None

    def signedOn(self):
        print("signed on", flush=True)
        self.join("#rope")

    def isupport(self, options):
        print("prefix", self.supported.getFeature("PREFIX"), flush=True)

    def joined(self, channel):
        print("joined", channel, flush=True)
        self.topic(channel, "knots and bends")

    def topicUpdated(self, user, channel, newTopic):
        print("topic", channel, newTopic, flush=True)

    def userJoined(self, user, channel):
        print("user joined", user, channel, flush=True)
        self.mode(channel, True, "o", user=user)

    def modeChanged(self, user, channel, set, modes, args):
        print("mode", channel, set, modes, args, flush=True)

    def privmsg(self, user, channel, message):
        print("message", user.split("!")[0], channel, message, flush=True)
        self.notice(user.split("!")[0], "heard")
        self.describe(channel, "nods")

    def nickChanged(self, nick):
        print("nick", nick, flush=True)

    def userRenamed(self, old, new):
        print("renamed", old, new, flush=True)
        self.kick("#rope", new, "enough")
        self.quit("bye")

    def connectionLost(self, reason):
        print("lost", flush=True)
        reactor.stop()


if sys.argv[1] == "finger":
    port = reactor.listenTCP(0, protocol.Factory.forProtocol(Users), interface="127.0.0.1")
    print("port", port.getHost().port, flush=True)
else:
    reactor.connectTCP("127.0.0.1", int(sys.argv[2]), protocol.ClientFactory.forProtocol(Bot))
reactor.run()
