"""A Twisted user of the speaker: `speaker_peer.py AMP_PORT PB_PORT HTTP_PORT` asks through three of its doors."""
import sys
import xmlrpc.client

from twisted.internet import defer, endpoints, task, threads
from twisted.protocols import amp
from twisted.spread import pb


class Speak(amp.Command):
    commandName = b"speak"
    arguments = [(b"text", amp.Unicode())]
    response = [(b"result", amp.Unicode())]


async def main(reactor, amp_port, pb_port, http_port):
    point = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", amp_port)
    peer = await endpoints.connectProtocol(point, amp.AMP())
    print((await peer.callRemote(Speak, text="twisted amp"))["result"])
    factory = pb.PBClientFactory()
    reactor.connectTCP("127.0.0.1", pb_port, factory)
    root = await factory.getRootObject()
    print(await root.callRemote("speak", "twisted pb"))
    server = xmlrpc.client.ServerProxy(f"http://127.0.0.1:{http_port}/RPC2")
    print(await threads.deferToThread(server.speak, "python xml"))
    factory.disconnect()
    peer.transport.loseConnection()


task.react(lambda reactor: defer.ensureDeferred(main(reactor, *map(int, sys.argv[1:]))))
