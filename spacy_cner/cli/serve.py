"""`serve`: pipelines behind HTTP, with a page."""

import os
from pathlib import Path

import typer

from ..errors import InputError
from ._app import command

KEYS = "CNER_API_KEYS"


@command
def serve(
    # fmt: off
    models: list[str] = typer.Argument(
        ..., metavar="MODEL...", help="Pipelines: names of packages, or paths; NAME=PATH gives one another name"
    ),
    host: str = typer.Option("127.0.0.1", help="Address to listen at; 0.0.0.0 for all of the machine"),
    port: int = typer.Option(8000, min=0, max=65535, help="Port to listen at; 0 for any that is free"),
    workers: int = typer.Option(1, min=1, help="Processes that find entities, each on one core; they share weights"),
    batch_window: float = typer.Option(2.0, min=0, help="Milliseconds without another text after which a batch goes"),
    batch_characters: int = typer.Option(8192, min=1, help="Characters in a batch"),
    queue_characters: int = typer.Option(500_000, min=1, help="Characters that may wait; beyond, the answer is 429"),
    max_bytes: int = typer.Option(1 << 20, min=1, help="Bytes of a request; beyond, the answer is 413"),
    max_documents: int = typer.Option(1000, min=1, help="Documents of a request; beyond, the answer is 413"),
    max_requests: int = typer.Option(1000, min=1, help="Requests at a time; beyond, the answer is 503"),
    timeout: float = typer.Option(30.0, min=0.001, help="Seconds to read a request, and to find its entities"),
    drain: float = typer.Option(1.0, min=0, help="Seconds between SIGTERM and the end, in which requests are taken"),
    allow_origin: list[str] = typer.Option([], help="Let pages of this origin use the server (CORS)"),
    api_keys: Path | None = typer.Option(
        None, help=f"File of keys, one a line, one of which a request must have; also in the variable {KEYS}"
    ),
    # fmt: on
):
    """Serve pipelines over HTTP.

    The page at / shows what they find; /openapi.json describes the interface. It takes the extra: pip install
    "spacy_cner[serve]". SIGTERM ends it once all requests are answered."""
    try:
        from ..serve.server import serve as run
        from ..serve.settings import ServerSettings
    except ImportError as error:
        raise InputError(f'expected what a server needs, got {error} (pip install "spacy_cner[serve]")') from error
    settings = ServerSettings(
        host=host,
        port=port,
        workers=workers,
        batch_window=batch_window,
        batch_characters=batch_characters,
        queue_characters=queue_characters,
        request_bytes=max_bytes,
        request_documents=max_documents,
        connections=max_requests,
        timeout=timeout,
        drain=drain,
        allow_origins=tuple(allow_origin),
        api_keys=read_keys(api_keys),
    )
    run(named(models), settings)


def named(models: list[str]) -> dict[str, str]:
    """Returns pipelines by name: what stands before "=", else the last part of a path. What exists is a path,
    also with a "=". Raises InputError for a name that is there twice."""
    found: dict[str, str] = {}
    for each in models:
        name, equals, path = each.partition("=")
        exists = Path(each).exists()
        if exists or not equals or not name or "/" in name:
            name, path = Path(each).resolve().name if exists else each, each
        if name in found:
            raise InputError(f"{each}: expected a name for each pipeline, got {name} twice; NAME=PATH gives another")
        found[name] = path
    return found


def read_keys(path: Path | None) -> tuple[str, ...]:
    """Returns the API keys of a file and of the environment. Raises InputError for a file without any, and for keys
    that no header can have."""
    from ..client import check_key

    keys = [(key, KEYS) for key in os.environ.get(KEYS, "").split()]
    if path is not None:
        try:
            text = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise InputError(f"{path}: expected API keys in UTF-8, got byte {error.start + 1}, which is none") from None
        lines = [(line.strip(), f"{path}:{number}") for number, line in enumerate(text.splitlines(), 1)]
        keys += [(line, where) for line, where in lines if line and not line.startswith("#")]
        if not keys:
            raise InputError(f"{path}: expected API keys, one a line, got none")
    for key, where in keys:
        check_key(key, f"{where}: ")
    return tuple(key for key, _ in keys)
