"""The page behind a proxy that gives the server a folder of its address."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import expect
from serve.pages import marks


@pytest.fixture
def proxy(server):
    """The address of a folder that a proxy gives to the server."""

    class Proxy(BaseHTTPRequestHandler):
        def do_GET(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))) or None
            kind = {"Content-Type": self.headers.get("Content-Type", "text/plain")}
            assert self.path.startswith("/ner/")
            with urlopen(Request(server.url + self.path.removeprefix("/ner"), body, kind), timeout=60) as answer:
                content = answer.read()
            self.send_response(200)
            for name in ("Content-Type", "Content-Security-Policy"):
                self.send_header(name, answer.headers.get(name, ""))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET

    with ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}/ner/"
        running.shutdown()


def test_a_proxy_may_give_it_a_folder(visit, proxy):
    page = visit(url=proxy)
    assert marks(page)
    expect(page.locator("footer a")).to_have_attribute("href", "openapi.json")
