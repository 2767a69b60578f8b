# A stock Python client of memcached: asks the server on the port given, and says what it heard as JSON.
import json
import sys
from pymemcache.client.base import Client
from pymemcache.exceptions import MemcacheClientError, MemcacheServerError

client = Client(("127.0.0.1", int(sys.argv[1])), timeout=10, connect_timeout=10, allow_unicode_keys=True)


def text(value):
    return value.decode() if isinstance(value, bytes) else value


heard = {}
heard["set"] = client.set("greeting", "hello", noreply=False)
heard["quiet"] = client.set("quiet", "x")  # noreply is its default
heard["get"] = [text(client.get("greeting")), text(client.get("quiet")), client.get("missing")]
heard["unicode"] = [client.set("ключ", "значение".encode(), noreply=False), text(client.get("ключ"))]
heard["noreply"] = [client.set("noreply", "a key", noreply=False), text(client.get("noreply")),
                    client.delete("noreply", noreply=False)]
heard["add"] = [client.add("greeting", "no", noreply=False), client.replace("missing", "no", noreply=False)]
heard["append"] = [client.append("greeting", ">", noreply=False), client.prepend("greeting", "<", noreply=False)]
value, cas = client.gets("greeting")
heard["cas"] = [text(value), client.cas("greeting", "new", cas, noreply=False),
                client.cas("greeting", "newer", cas, noreply=False), client.cas("missing", "x", cas, noreply=False)]
client.set("n", "41", noreply=False)
heard["count"] = [client.incr("n", 1, noreply=False), client.decr("n", 2, noreply=False),
                  client.incr("missing", 1, noreply=False)]
heard["touch"] = [client.touch("n", 100, noreply=False), client.touch("missing", 100, noreply=False)]
heard["many"] = {key: text(found) for key, found in client.get_many(["greeting", "n", "missing"]).items()}
client.set_many({"k%d" % i: "v%d" % i for i in range(500)}, noreply=False)
heard["all"] = len(client.get_many(["k%d" % i for i in range(500)]))
big = bytes(range(256)) * 4000
heard["big"] = [client.set("big", big, noreply=False), client.get("big") == big]
try:
    client.set("too big", "x", noreply=False)
except MemcacheClientError as error:
    heard["bad key"] = type(error).__name__
try:
    client.set("huge", b"x" * (1024 * 1024 + 1), noreply=False)
except MemcacheServerError as error:
    heard["huge"] = text(error.args[0])
heard["goes on"] = text(client.get("n"))
heard["version"] = text(client.version())
heard["items"] = int(client.stats()[b"curr_items"])
heard["flush"] = [client.flush_all(noreply=False), client.get("n")]
client.quit()
print(json.dumps(heard, ensure_ascii=False))
