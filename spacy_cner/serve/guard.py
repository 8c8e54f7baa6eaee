"""What stands before all routes: request ids, keys, limits, headers, counts and the log."""

import hashlib
import hmac
import json
import logging
import re
import time
import uuid
from collections.abc import Callable, Iterable

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .metrics import ServerMetrics
from .problems import Problem
from .settings import ServerSettings

logger = logging.getLogger(__name__)
OPEN = ("/livez", "/readyz", "/openapi.json", "/")  # need no key; nor does what the page is made of
PAGE = "/page/"
BOUNDED = "/v1/"  # where too many requests at a time are refused; the rest tells of it, and costs little
OTHER = "other"
DISCARDED = 8  # times the largest request is read of a larger one
GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
# The page loads nothing from elsewhere, runs no script but its own, and stands in no frame.
SAFE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
RAW_HEADERS = [(name.lower().encode(), value.encode()) for name, value in SAFE_HEADERS.items()]


class Keys:
    """API keys, compared in a time that does not depend on how much of one is right."""

    def __init__(self, keys: Iterable[str]):
        self.digests = [self._digest(key) for key in keys]

    @staticmethod
    def _digest(key: str) -> bytes:
        return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()

    def check(self, headers: Headers) -> None:
        """Raises Problem 401 for headers without a key that is known."""
        scheme, _, token = headers.get("authorization", "").partition(" ")
        given = self._digest(token.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", ""))
        # All of them are compared, whichever is right.
        if not sum([hmac.compare_digest(given, known) for known in self.digests]):
            raise Problem(
                401, "expected an API key, as Authorization: Bearer KEY", headers={"WWW-Authenticate": "Bearer"}
            )


class Guard:
    """An ASGI application around another one. around: gives refusals and faults the headers that answers have."""

    def __init__(
        self,
        app: ASGIApp,
        settings: ServerSettings,
        metrics: ServerMetrics,
        paths: Iterable[str],
        around: Callable[[ASGIApp], ASGIApp] = lambda app: app,
    ):
        self.app, self.settings, self.metrics, self.paths = app, settings, metrics, frozenset(paths)
        self.checked = around(self._checked)
        self.keys = Keys(settings.api_keys) if settings.api_keys else None
        self.open = 0
        self.draining = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start, headers, path = time.perf_counter(), Headers(scope=scope), scope["path"]
        request_id = headers.get("x-request-id", "")
        if not GIVEN_ID.fullmatch(request_id):
            request_id = uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        status = 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                # As bytes: the header classes cost more than the rest of this function.
                own = [("x-request-id", request_id), ("connection", "close")][: 1 + self.draining]
                added = [(name.encode(), value.encode()) for name, value in own]
                known = {name for name, _ in added}
                headers = [pair for pair in message.get("headers", ()) if pair[0] not in known]
                known.update(name for name, _ in headers)
                message["headers"] = [*headers, *added, *(pair for pair in RAW_HEADERS if pair[0] not in known)]
            await send(message)

        self.open += 1
        try:
            await self.checked(scope, receive, answer)
        finally:
            self.open -= 1
            self._note(scope["method"], path, status, time.perf_counter() - start, request_id)

    async def _checked(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers with a problem where the application may not, or cannot, answer."""
        request_id, started = scope["state"]["request_id"], False

        async def note(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            self._check(scope)
            await self.app(scope, receive, note)
        except Problem as problem:
            await problem.response(request_id)(scope, receive, send)
        except Exception as error:
            logger.exception("request %s failed with %s", request_id, type(error).__name__)
            if not started:
                failed = Problem(500, "expected to answer, failed; the log has this request id")
                await failed.response(request_id)(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        path = scope["path"]
        if self.open > self.settings.connections and path.startswith(BOUNDED):
            raise Problem(503, f"expected at most {self.settings.connections} requests at a time; try again later")
        # Browsers send no key before they ask whether they may.
        if self.keys and path not in OPEN and not path.startswith(PAGE) and scope["method"] != "OPTIONS":
            self.keys.check(Headers(scope=scope))

    def _note(self, method: str, path: str, status: int, seconds: float, request_id: str) -> None:
        known = path if path in self.paths else OTHER
        self.metrics.requests.labels(known, str(status)).inc()
        if known == "/v1/entities" and method == "POST":
            self.metrics.seconds.observe(seconds)
        if logger.isEnabledFor(logging.INFO):
            facts = {"request": request_id, "method": method, "path": known, "status": status}
            logger.info("%s", json.dumps({**facts, "ms": round(1000 * seconds, 1)}))


async def read_body(request: Request, most: int) -> bytes:
    """Returns the body of a request. Raises Problem 413 for more than `most` bytes. A larger one is read all the same,
    up to a limit, and kept nowhere: a client that still sends would not see the answer."""
    too_large = Problem(413, f"expected at most {most} bytes, got more", headers={"Connection": "close"})
    stated = request.headers.get("content-length", "")
    if stated.isascii() and stated.isdigit() and int(stated) > most * DISCARDED:
        raise too_large
    body, size = bytearray(), 0
    async for part in request.stream():
        size += len(part)
        if size > most * DISCARDED:
            raise too_large
        if size <= most:
            body += part
        else:
            body.clear()
    if size > most:
        raise too_large
    return bytes(body)
