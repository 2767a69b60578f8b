"""Python's and Twisted's HTTP clients against a server whose address is given."""
import http.client
import sys
import urllib.parse
import urllib.request

base = sys.argv[1]
parts = urllib.parse.urlsplit(base)

# http.client: one connection, all kinds of requests.
c = http.client.HTTPConnection(parts.hostname, parts.port)
for i in range(20):
    c.request("GET", "/hello?name=n%d" % i)
    r = c.getresponse()
    assert (r.status, r.read()) == (200, b"hello n%d" % i), r.status
c.request("POST", "/echo", body=(b"x" * 1000 for _ in range(50)), encode_chunked=True, headers={"Transfer-Encoding": "chunked"})
r = c.getresponse()
assert r.read() == b"x" * 50000
c.request("HEAD", "/hello?name=a")
r = c.getresponse()
assert (r.status, r.read(), r.headers["Content-Length"]) == (200, b"", "7")
c.request("GET", "/stream")
r = c.getresponse()
assert r.read() == b"".join(b"%d\n" % i for i in range(100))
c.request("GET", "/missing")
r = c.getresponse()
r.read()
assert r.status == 404
c.request("DELETE", "/hello")
r = c.getresponse()
r.read()
assert (r.status, r.headers["Allow"]) == (405, "GET, HEAD"), (r.status, r.headers["Allow"])
print("http.client ok", flush=True)

with urllib.request.urlopen(base + "/hello?name=%C3%BC") as r:
    assert r.read().decode() == "hello ü"
form = urllib.parse.urlencode({"name": "f&g"}).encode()
with urllib.request.urlopen(base + "/form", data=form) as r:
    assert r.read() == b"f&g"
print("urllib ok", flush=True)

from twisted.internet import defer, task
from twisted.web.client import Agent, FileBodyProducer, HTTPConnectionPool, readBody
from io import BytesIO


async def main(reactor):
    pool = HTTPConnectionPool(reactor)
    agent = Agent(reactor, pool=pool)
    pages = await defer.gatherResults([
        agent.request(b"GET", b"%s/hello?name=%d" % (base.encode(), i)).addCallback(readBody) for i in range(30)
    ])
    assert pages == [b"hello %d" % i for i in range(30)], pages
    body = bytes(range(256)) * 1000
    response = await agent.request(b"POST", base.encode() + b"/echo", None, FileBodyProducer(BytesIO(body)))
    assert await readBody(response) == body
    await pool.closeCachedConnections()
    print("twisted ok", flush=True)


task.react(lambda reactor: defer.ensureDeferred(main(reactor)))
