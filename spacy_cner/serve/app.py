"""The application: its routes, and what they answer."""

import asyncio
import codecs
import json
from collections.abc import Iterable
from functools import partial
from importlib import resources
from typing import Any

from fastapi import FastAPI, Request
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from .. import __version__
from .batches import MicroBatcher, RequestKind
from .guard import Guard, read_body
from .metrics import ServerMetrics
from .problems import Problem, misunderstood
from .results import Wanted
from .schema import EntitiesRequest, EntitiesResponse, ModelOut, ModelsResponse, ProblemOut
from .settings import ServerSettings

TYPES = {"html": "text/html", "js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
ENTITIES = "/v1/entities"
DESCRIPTION = "Entities of Chinese texts, with offsets and probabilities."
Answers = dict[int | str, dict[str, Any]]
PROBLEMS: Answers = {
    status: {"description": about, "content": {"application/problem+json": {"schema": ProblemOut.model_json_schema()}}}
    for status, about in {
        401: "No API key that is known",
        404: "No pipeline of this name",
        408: "The request came too slowly",
        413: "The request is too large",
        415: "The request is not JSON in UTF-8, or is packed",
        422: "The request is not what the schema says",
        429: "Too much work is waiting",
        503: "No worker is ready, too many requests came at a time, or time ran out",
    }.items()
}
SCHEMAS = "#/components/schemas/"
MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
REQUEST = {"$ref": f"{SCHEMAS}EntitiesRequest"}


class Service:
    """A server's parts: the ASGI application, the batcher that workers connect to, and the guard that knows whether
    the server is about to end."""

    def __init__(self, models: list[ModelOut], settings: ServerSettings):
        self.models = {model.name: model for model in models}
        self.settings, self.metrics = settings, ServerMetrics()
        self.batcher = MicroBatcher(settings, self.metrics)
        self.api = self._make_api()
        paths = {route.path for route in self.api.routes if hasattr(route, "path")}
        self.app = Guard(self._straight, settings, self.metrics, paths, self._for_pages)

    def _for_pages(self, app: ASGIApp) -> ASGIApp:
        """Returns an application that tells browsers which origins' pages may read its answers."""
        if not self.settings.allow_origins:
            return app
        return CORSMiddleware(
            app,
            allow_origins=self.settings.allow_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["authorization", "content-type", "x-api-key", "x-request-id"],
            expose_headers=["x-request-id", "retry-after"],
        )

    async def _straight(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Takes requests for entities past the framework's routing, which costs more than the rest of the front."""
        if scope["type"] == "http" and scope["path"] == ENTITIES and scope["method"] == "POST":
            response = await self.entities(Request(scope, receive))
            await response(scope, receive, send)
        else:
            await self.api(scope, receive, send)

    def _make_api(self) -> FastAPI:
        api = FastAPI(
            title="spacy_cner",
            version=__version__,
            description=DESCRIPTION,
            docs_url=None,
            redoc_url=None,
            redirect_slashes=False,
        )
        api.add_api_route(
            ENTITIES,
            self.entities,
            methods=["POST"],
            summary="Find entities",
            response_model=EntitiesResponse,
            responses=PROBLEMS,
            openapi_extra={"requestBody": {"required": True, "content": {"application/json": {"schema": REQUEST}}}},
        )
        keyed: Answers = {401: PROBLEMS[401]}
        api.add_api_route(
            "/v1/models", self.list_models, methods=["GET"], summary="List pipelines",
            responses={**keyed, 503: PROBLEMS[503]}, response_model=ModelsResponse,
        )  # fmt: skip
        plain: Answers = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}
        for path, endpoint, summary, answers in (
            ("/livez", self.livez, "Tell that the server runs", plain),
            ("/readyz", self.readyz, "Tell whether it takes work", {**plain, 503: PROBLEMS[503]}),
            ("/metrics", self.metrics_text, "Count, for Prometheus", {**plain, **keyed}),
        ):
            api.add_api_route(
                path, endpoint, methods=["GET"], summary=summary, responses=answers, response_class=Response
            )
        for path, content, kind in page_files():
            api.add_route(path, partial(_file, content, kind), methods=["GET"], include_in_schema=False)
        api.add_exception_handler(HTTPException, _as_problem)
        api.add_exception_handler(Problem, _answer_problem)
        # The body is read by `entities` itself, so the framework does not know its schema.
        schema = EntitiesRequest.model_json_schema(ref_template=SCHEMAS + "{model}")
        api.openapi()["components"]["schemas"].update(schema.pop("$defs"), EntitiesRequest=schema)
        return api

    async def entities(self, request: Request) -> Response:
        """Find the entities of texts, or of documents with ids. A document that fails has an `error` in place of
        entities; the others are answered."""
        kind, _, parameters = request.headers.get("content-type", "").lower().partition(";")
        if kind.strip() != "application/json":
            raise Problem(415, "expected a request of type application/json")
        if request.headers.get("content-encoding", "identity").lower() != "identity":
            raise Problem(415, "expected a body that is not packed, got a Content-Encoding")
        try:
            body = await asyncio.wait_for(read_body(request, self.settings.request_bytes), self.settings.timeout)
        except asyncio.TimeoutError:
            raise Problem(408, "expected the whole request, got a part", headers={"Connection": "close"}) from None
        except ClientDisconnect:
            return Response(status_code=400)
        try:
            asked = EntitiesRequest.model_validate_json(body)
        except ValidationError as error:
            if body.startswith(MARKS) or ("charset=" in parameters and "utf-8" not in parameters):
                raise Problem(415, "expected JSON in UTF-8 without a byte order mark, got another encoding") from None
            raise misunderstood(error) from None
        model = self._model(asked)
        items = asked.items()
        if len(items) > self.settings.request_documents:
            raise Problem(413, f"expected at most {self.settings.request_documents} documents, got {len(items)}")
        labels = None if asked.labels is None else frozenset(asked.labels)
        n_best = asked.n_best if model.has_readings else 0
        terms = tuple((each.term, each.label, each.id or "") for each in asked.dictionary or ())
        fields = await self.batcher.find(
            RequestKind(model.name, terms, tuple(asked.never or ()), n_best > 0),
            [text for _, text in items],
            Wanted(labels, asked.min_score, n_best, asked.offsets, asked.words, asked.reference_date),
        )
        head = json.dumps({"model": {"name": model.name, "version": model.version}, "offsets": asked.offsets})
        documents = ",".join(f'{{"id":{json.dumps(key)},{each}}}' for (key, _), each in zip(items, fields))
        return Response(f'{head[:-1]},"documents":[{documents}]}}'.encode(), media_type="application/json")

    def _model(self, asked: EntitiesRequest) -> ModelOut:
        """Returns the pipeline of a request. Raises Problem for what it cannot do."""
        name = next(iter(self.models)) if asked.model is None else asked.model
        model = self.models.get(name)
        if model is None:
            raise Problem(404, f"expected one of the models {', '.join(self.models)}, got another name")
        known = {*model.labels, *(each.label for each in asked.dictionary or ())}
        # There are none where a component, such as cner_remote, does not say which labels it gives.
        if asked.labels is not None and model.labels and not known.issuperset(asked.labels):
            raise Problem(422, f"expected labels out of {', '.join(sorted(known)) or '(none)'}, got others")
        for field, component, has in (
            ("dictionary", "cner_dictionary", model.has_dictionary),
            ("never", "cner_dictionary", model.has_dictionary),
            ("reference_date", "cner_values", model.has_values),
        ):
            if getattr(asked, field) and not has:
                raise Problem(422, f"expected a model with a {component} for {field}, got {name}, which has none")
        return model

    async def list_models(self) -> Response:
        """List the pipelines with their versions and labels; the first one is the default."""
        found = ModelsResponse(models=list(self.models.values()))
        return Response(found.model_dump_json().encode(), media_type="application/json")

    async def livez(self) -> Response:
        """Say ok as long as the server runs."""
        return Response("ok\n", media_type="text/plain")

    async def readyz(self) -> Response:
        """Say ok if a worker is ready and the server is not about to end."""
        if self.app.draining:
            raise Problem(503, "expected a server that goes on, this one is about to end")
        if not self.batcher.workers:
            raise Problem(503, "expected a worker process, got none yet")
        return Response("ok\n", media_type="text/plain")

    async def metrics_text(self) -> Response:
        """Tell counts, times and memory in the text format of Prometheus."""
        return Response(self.metrics.text(), media_type="text/plain; version=0.0.4")


async def _file(content: bytes, kind: str, request: Request) -> Response:
    return Response(content, media_type=kind, headers={"Cache-Control": "no-cache"})


def page_files() -> Iterable[tuple[str, bytes, str]]:
    """Yields the path, content and media type of each file of the page."""
    for file in (resources.files(__package__) / "page").iterdir():
        ending = file.name.rpartition(".")[2]
        if ending in TYPES:
            path = "/" if file.name == "index.html" else f"/page/{file.name}"
            yield path, file.read_bytes(), TYPES[ending]


async def _answer_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return error.response(request.state.request_id)


async def _as_problem(request: Request, error: Exception) -> Response:
    """Turns what the framework raises into a problem."""
    assert isinstance(error, HTTPException)
    headers, detail = dict(error.headers or {}), str(error.detail)
    if error.status_code == 404:
        detail = "expected a path of /openapi.json"
    elif error.status_code == 405:
        detail = f"expected {headers.get('Allow', 'another method')}, got {request.method}"
    return Problem(error.status_code, detail, headers=headers).response(request.state.request_id)
