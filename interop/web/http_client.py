"""Python's http.client against a server whose port is given."""
import gzip
import http.client
import sys
import urllib.request

port = int(sys.argv[1])
c = http.client.HTTPConnection("127.0.0.1", port, timeout=10)


def ask(method, path, **more):
    c.request(method, path, **more)
    r = c.getresponse()
    return r, r.read()


r, body = ask("GET", "/hello?name=x")
assert (r.status, body) == (200, b"hello x"), (r.status, body)
r, body = ask("HEAD", "/hello?name=x")
assert (r.status, body, r.headers["Content-Length"]) == (200, b"", "7"), r.headers
r, body = ask("POST", "/length", body=iter([b"a" * 1000] * 100), encode_chunked=True,
              headers={"Transfer-Encoding": "chunked"})
assert (r.status, body) == (200, b"100000"), (r.status, body)
r, body = ask("GET", "/compressed/long", headers={"Accept-Encoding": "gzip"})
assert r.headers["Content-Encoding"] == "gzip", r.headers
assert gzip.decompress(body) == b"many words, " * 1000
r, body = ask("GET", "/proxied/hello?name=p")
assert (r.status, body) == (200, b"hello p"), (r.status, body)
r, body = ask("GET", "/refused/")
assert r.status == 502, r.status
r, body = ask("GET", "/nowhere")
assert r.status == 404, r.status
c.close()

passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
passwords.add_password(None, "http://127.0.0.1:%d/" % port, "ada", "secret")
opener = urllib.request.build_opener(urllib.request.HTTPDigestAuthHandler(passwords))
with opener.open("http://127.0.0.1:%d/private/hello?name=d" % port, timeout=10) as r:
    assert r.read() == b"hello d"
print("all ok", flush=True)
