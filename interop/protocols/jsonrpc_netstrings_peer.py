"""
JSON-RPC over netstrings by programs nobody here wrote: aiorpcx speaks JSON-RPC, Twisted's NetstringReceiver frames it.
`server PORT` listens; `client PORT` calls what the test serves and says what it got.
"""
import asyncio
import sys

import aiorpcx
from aiorpcx.curio import Queue
from aiorpcx.framing import FramerBase
from twisted.internet.testing import StringTransport
from twisted.protocols.basic import NetstringReceiver


class Netstrings(FramerBase):
    def __init__(self):
        self.queue = Queue()
        self.receiver = NetstringReceiver()
        self.receiver.MAX_LENGTH = 2 ** 20
        self.receiver.makeConnection(StringTransport())
        self.receiver.stringReceived = self.queue.put_nowait

    def frame(self, message):
        self.receiver.transport.clear()
        self.receiver.sendString(message)
        return self.receiver.transport.value()

    def received_bytes(self, data):
        self.receiver.dataReceived(data)

    def fail(self, exception):
        self.queue.put_nowait(exception)

    async def receive_message(self):
        message = await self.queue.get()
        if isinstance(message, Exception):
            raise message
        return message


def fail():
    raise aiorpcx.RPCError(501, "not today")


METHODS = {"add": lambda a, b: a + b, "upper": lambda text: text.upper(), "fail": fail}


class Session(aiorpcx.RPCSession):
    def default_framer(self):
        return Netstrings()

    async def handle_request(self, request):
        return aiorpcx.handler_invocation(METHODS.get(request.method), request)()


async def server(port):
    await aiorpcx.serve_rs(Session, "127.0.0.1", port)
    await asyncio.Event().wait()


async def client(port):
    async with aiorpcx.connect_rs("127.0.0.1", port, session_factory=Session) as session:
        print("add", await session.send_request("add", [2, 3]))
        print("upper", await session.send_request("upper", {"text": "\u017c\u00f3\u0142w"}))
        for method in ["fail", "missing"]:
            try:
                await session.send_request(method, [])
            except aiorpcx.RPCError as e:
                print(method, e.code, e.message)
        await session.send_notification("note", ["seen\nand more"])
        async with session.send_batch() as batch:
            batch.add_request("add", [1, 1])
            batch.add_request("upper", ["b"])
        print("batch", *batch.results)
        print("notes", len(await session.send_request("notes", [])))
        print("long", len(await session.send_request("upper", ["x" * 500_000])))
    print("done", flush=True)


asyncio.run({"server": server, "client": client}[sys.argv[1]](int(sys.argv[2])))
