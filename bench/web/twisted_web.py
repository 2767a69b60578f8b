"""The same by Twisted web, without an access log: `twisted_web.py`; it prints its port."""
from twisted.internet import reactor
from twisted.web.resource import Resource
from twisted.web.server import Site


class Hello(Resource):
    isLeaf = True

    def render_GET(self, request):
        request.setHeader(b"content-type", b"text/plain")
        return b"hello, world\n"


site = Site(Hello())
site.log = lambda request: None
print("port", reactor.listenTCP(0, site, interface="127.0.0.1").getHost().port, flush=True)
reactor.run()
