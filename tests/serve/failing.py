"""A server that fails in each way."""

import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@contextmanager
def failing(*answers, version="HTTP/1.0"):
    """A server that gives these answers in turn: (status, headers, body), or None to close the connection."""
    rest = list(answers)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = version

        def do_POST(self):
            self.close_connection = True
            self.rfile.read(int(self.headers["Content-Length"]))
            answer = rest.pop(0)
            if answer is not None:
                status, headers, body = answer
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_):
            pass

    found = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=found.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{found.server_port}", rest
    finally:
        found.shutdown()
        found.server_close()


GOOD = (200, {}, json.dumps({"documents": [{"id": 0, "entities": []}]}).encode())
BUSY = (429, {"Retry-After": "0"}, b'{"detail": "busy"}')
HTML = (502, {}, b"<html>")
