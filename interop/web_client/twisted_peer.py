"""A web server and an XML-RPC server of Twisted's, and their clients."""
import sys
from twisted.internet import reactor, endpoints, task
from twisted.web import server, resource, xmlrpc
from twisted.web.server import NOT_DONE_YET


class Echo(resource.Resource):
    isLeaf = True

    def render(self, request):
        request.setHeader(b"X-Method", request.method)
        request.setHeader(b"Content-Type", b"application/octet-stream")
        return request.content.read()

    render_GET = render_POST = render_PUT = render


class Slow(resource.Resource):
    isLeaf = True

    def render_GET(self, request):
        def write(n):
            if n == 5:
                request.finish()
                return
            request.write(b"%d" % n)
            reactor.callLater(0.01, write, n + 1)

        write(0)
        return NOT_DONE_YET


class Redirect(resource.Resource):
    isLeaf = True

    def render_GET(self, request):
        request.addCookie(b"seen", b"yes", path=b"/")
        request.redirect(b"/cookies")
        return b""


class Cookies(resource.Resource):
    isLeaf = True

    def render_GET(self, request):
        return request.getCookie(b"seen") or b"none"


class Gzipped(resource.Resource):
    isLeaf = True

    def render_GET(self, request):
        return b"compress me " * 1000


class Calls(xmlrpc.XMLRPC):
    def xmlrpc_echo(self, *args):
        return list(args)

    def xmlrpc_fault(self):
        raise xmlrpc.Fault(12, "no")


def serve():
    root = resource.Resource()
    root.putChild(b"echo", Echo())
    root.putChild(b"slow", Slow())
    root.putChild(b"redirect", Redirect())
    root.putChild(b"cookies", Cookies())
    root.putChild(b"gzip", resource.EncodingResourceWrapper(Gzipped(), [server.GzipEncoderFactory()]))
    calls = Calls(allowNone=True)
    xmlrpc.addIntrospection(calls)
    root.putChild(b"RPC2", calls)
    port = reactor.listenTCP(0, server.Site(root), interface="127.0.0.1")
    print("port", port.getHost().port, flush=True)
    reactor.run()


def call(url):
    proxy = xmlrpc.Proxy(url.encode(), allowNone=True)

    async def main(_):
        print("sum", await proxy.callRemote("add", 2, 3), flush=True)
        try:
            await proxy.callRemote("refuse")
        except xmlrpc.Fault as fault:
            print("fault", fault.faultCode, fault.faultString, flush=True)
        print("methods", sorted(await proxy.callRemote("system.listMethods")), flush=True)

    from twisted.internet.defer import ensureDeferred
    task.react(lambda r: ensureDeferred(main(r)))


if sys.argv[1] == "serve":
    serve()
else:
    call(sys.argv[2])
