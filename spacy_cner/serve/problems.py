"""Errors as responses: problem details for HTTP APIs (RFC 9457)."""

import json
from typing import Any

from pydantic import ValidationError
from starlette.responses import Response

TITLES = {
    400: "Bad request",
    401: "API key needed",
    404: "Not found",
    405: "Method not allowed",
    408: "Request came too slowly",
    413: "Request too large",
    415: "JSON needed",
    422: "Request not understood",
    429: "Too much work waiting",
    500: "Fault of the server",
    503: "Not available now",
}
# What a client may try again, and after how many seconds.
RETRY_AFTER = {429: 1, 503: 2}
SHOWN = 20


class Problem(Exception):
    """Ends a request with a status, words for a person, and headers."""

    def __init__(self, status: int, detail: str, *, headers: dict[str, str] | None = None, **more: Any):
        super().__init__(detail)
        self.status, self.detail, self.more = status, detail, more
        self.headers = dict(headers or {})
        if status in RETRY_AFTER:
            self.headers.setdefault("Retry-After", str(RETRY_AFTER[status]))

    def response(self, request_id: str | None = None) -> Response:
        """Returns what the client gets. The body has no word of the request's texts."""
        title = TITLES.get(self.status, "Problem")
        body = {"type": "about:blank", "title": title, "status": self.status, "detail": self.detail}
        if request_id is not None:
            body["request_id"] = request_id
        content = json.dumps({**body, **self.more}, ensure_ascii=False).encode()
        return Response(content, self.status, self.headers, "application/problem+json")


def misunderstood(error: ValidationError) -> Problem:
    """Returns the problem of a body that is not what the schema says: each fault, where it is, and never its text."""
    faults = [
        {"where": "".join(f"/{part}" for part in each["loc"]), "detail": each["msg"].removeprefix("Value error, ")}
        for each in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    shown = "; ".join(f"{each['where'] or '/'}: {each['detail']}" for each in faults[:3])
    return Problem(422, f"expected a request as /openapi.json describes it, got: {shown}", errors=faults[:SHOWN])
