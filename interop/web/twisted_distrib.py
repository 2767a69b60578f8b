import sys
from twisted.internet import reactor
from twisted.web import server, distrib, resource
from twisted.spread import pb
mode=sys.argv[1]
if mode=="front":
    root=resource.Resource(); root.putChild(b"app", distrib.ResourceSubscription("127.0.0.1", int(sys.argv[2])))
    p=reactor.listenTCP(0, server.Site(root), interface="127.0.0.1")
else:
    class R(resource.Resource):
        isLeaf=True
        def render(self, request):
            request.setHeader(b"x-a", b"1"); request.setResponseCode(203, b"Fine")
            return b"py "+request.method+b" "+b",".join(request.postpath)+b" "+repr(sorted(request.args.items())).encode()+b" "+request.content.read()
    p=reactor.listenTCP(0, pb.PBServerFactory(distrib.ResourcePublisher(server.Site(R()))), interface="127.0.0.1")
print(p.getHost().port, flush=True)
reactor.callLater(20, reactor.stop)
reactor.run()
