"""FTP servers nobody here wrote: `twisted FOLDER` (Twisted's, which knows no EPSV) or `pyftpdlib FOLDER`."""
import sys

kind, folder = sys.argv[1:]
if kind == "twisted":
    from twisted.cred import checkers, portal
    from twisted.internet import reactor
    from twisted.protocols import ftp
    from twisted.python.filepath import FilePath

    class Realm:
        def requestAvatar(self, avatarId, mind, *interfaces):
            return ftp.IFTPShell, ftp.FTPShell(FilePath(folder)), lambda: None

    users = checkers.InMemoryUsernamePasswordDatabaseDontUse()
    users.users = {"ann": "sesame"}  # as text, as FTP asks for it
    port = reactor.listenTCP(0, ftp.FTPFactory(portal.Portal(Realm(), [users])), interface="127.0.0.1")
    print("port", port.getHost().port, flush=True)
    reactor.run()
else:
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import FTPHandler
    from pyftpdlib.servers import FTPServer

    FTPHandler.authorizer = DummyAuthorizer()
    FTPHandler.authorizer.add_user("ann", "sesame", folder, perm="elradfmwMT")
    server = FTPServer(("127.0.0.1", 0), FTPHandler)
    print("port", server.address[1], flush=True)
    server.serve_forever()
