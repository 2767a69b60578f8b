"""Echo with an asyncio Protocol on uvloop: echo_uvloop.py PORT"""
import asyncio
import sys

import uvloop


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport  # asyncio has set TCP_NODELAY already

    def data_received(self, data):
        self.transport.write(data)


async def main():
    server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", int(sys.argv[1]), backlog=511)
    await server.serve_forever()


uvloop.install()
asyncio.run(main())
