"""nginx with one worker, serving a directory below `/files`: `nginx.py directory`; prints its port, becomes nginx."""
import os
import socket
import sys

directory = sys.argv[1]
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
config = os.path.join(directory, "nginx.conf")
with open(config, "w") as file:
    file.write(
        f"daemon off; master_process off; pid {directory}/nginx.pid; error_log {directory}/error.log;"
        "events { worker_connections 256; }"
        "http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000;"
        f"server {{ listen 127.0.0.1:{port}; location /files/ {{ alias {directory}/; }} }} }}"
    )
print("port", port, flush=True)
os.execvp("/usr/sbin/nginx", ["nginx", "-c", config, "-p", directory])
