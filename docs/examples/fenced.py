"""An upstream that looks at fencing tokens, with the SQL of fencing.sql. Usage: fenced.py [PORT]"""

import pathlib
import sqlite3
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

once, each_write = pathlib.Path(__file__).with_name("fencing.sql").read_text().split("\n\n")
database = sqlite3.connect(":memory:")
database.execute(once)
database.execute("INSERT INTO page (id, body) VALUES ('/pages/7', 'empty')")


class Fenced(BaseHTTPRequestHandler):
    def do_GET(self):
        row = database.execute("SELECT body FROM page WHERE id = ?", (self.path,)).fetchone()
        self.answer(200 if row else 404, row[0] if row else "no such page")

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        fence = int(self.headers.get("Fencing-Token", 0))
        with database:
            written = database.execute(each_write, {"id": self.path, "body": body, "fence": fence}).fetchone()
        self.answer(200, f"written with fence {fence}") if written else self.answer(409, f"fence {fence} is too old")

    def answer(self, status, text):
        body = f"{text}\n".encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 9002), Fenced)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
