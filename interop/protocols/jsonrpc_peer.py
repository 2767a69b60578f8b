"""
aiorpcx, a JSON-RPC library nobody here wrote, over lines: `server PORT` listens; `client PORT` calls what the test
serves and says what it got.
"""
import asyncio
import sys

import aiorpcx


def add(a, b):
    return a + b


def upper(text):
    return text.upper()


def fail():
    raise aiorpcx.RPCError(501, "not today")


METHODS = {"add": add, "upper": upper, "fail": fail}


class Session(aiorpcx.RPCSession):
    async def handle_request(self, request):
        return aiorpcx.handler_invocation(METHODS.get(request.method), request)()


async def server(port):
    await aiorpcx.serve_rs(Session, "127.0.0.1", port)
    await asyncio.Event().wait()


async def client(port):
    async with aiorpcx.connect_rs("127.0.0.1", port) as session:
        print("add", await session.send_request("add", [2, 3]))
        print("upper", await session.send_request("upper", {"text": "\u017c\u00f3\u0142w"}))
        for method in ["fail", "missing"]:
            try:
                await session.send_request(method, [])
            except aiorpcx.RPCError as e:
                print(method, e.code, e.message)
        await session.send_notification("note", ["seen"])
        async with session.send_batch() as batch:
            batch.add_request("add", [1, 1])
            batch.add_request("upper", ["b"])
        print("batch", *batch.results)
        print("notes", await session.send_request("notes", []))
    print("done", flush=True)


asyncio.run({"server": server, "client": client}[sys.argv[1]](int(sys.argv[2])))
