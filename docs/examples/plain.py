"""A plain upstream: it keeps what it is sent, and knows nothing of versions, keys or locks. Usage: plain.py [PORT]"""

import itertools
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

things = {path: b'{"count": 10}\n' for path in ("/stock/tea", "/stock/coffee", "/slow/report")}
numbers = itertools.count(1)


class Plain(BaseHTTPRequestHandler):
    def do_GET(self):
        self.take_time()
        body = things.get(self.path)
        self.answer(404 if body is None else 200, body or b"")

    def do_PUT(self):
        body = self.body()
        self.take_time()
        things[self.path] = body.rstrip() + b"\n"
        self.answer(204)

    def do_POST(self):
        self.body()
        self.take_time()
        self.answer(201, b'{"payment": %d}\n' % next(numbers))

    def take_time(self):
        time.sleep(3 if self.path.startswith("/slow/") else 0.03)

    def body(self):
        return self.rfile.read(int(self.headers["Content-Length"]))

    def answer(self, status, body=b""):
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 9001), Plain)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
