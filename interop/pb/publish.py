"""A Twisted that publishes a page (`server`), or reads one that is published (`client PORT`), for `publish_test.ts`."""
import os
import sys
import tempfile

from twisted.internet import reactor
from twisted.spread import pb, publish

# Twisted keeps what it received in files of the working directory.
os.chdir(tempfile.mkdtemp())


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


class Library(pb.Root):
    def __init__(self):
        self.page = Page()

    def remote_page(self):
        return self.page

    def remote_fetched(self):
        return self.page.fetched

    def remote_change(self, text, timestamp):
        self.page.text = text
        self.page.timestamp = timestamp


def read(port):
    texts = []

    def again(root):
        return publish.whenReady(root.callRemote("page")).addCallback(lambda page: texts.append(page.text))

    def session():
        factory = pb.PBClientFactory()
        reactor.connectTCP("127.0.0.1", port, factory)
        return factory.getRootObject().addCallback(
            lambda root: again(root)
            .addCallback(lambda _: root.callRemote("change", "two", 2000) if len(texts) == 3 else None)
            .addCallback(lambda _: root.callRemote("fetched"))
        ).addCallback(lambda fetched: (texts.append(fetched), factory.disconnect()))

    def report(_):
        print(*texts, flush=True)
        reactor.stop()

    def trouble(failure):
        print(failure.getErrorMessage(), flush=True)
        reactor.stop()

    session().addCallback(lambda _: session()).addCallback(lambda _: session()).addCallbacks(report).addErrback(trouble)


if sys.argv[1] == "server":
    listening = reactor.listenTCP(0, pb.PBServerFactory(Library()), interface="127.0.0.1")
    print(listening.getHost().port, flush=True)
else:
    read(int(sys.argv[2]))
reactor.run()
