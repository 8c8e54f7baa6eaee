"""Settings of a server."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class ServerSettings:
    """Limits and habits of a server; the command's options have the same names and say what they mean."""

    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    batch_window: float = 2.0  # milliseconds
    batch_characters: int = 8192
    queue_characters: int = 500_000
    request_bytes: int = 1 << 20
    request_documents: int = 1000
    connections: int = 1000
    timeout: float = 30.0  # seconds
    drain: float = 1.0  # seconds
    allow_origins: tuple[str, ...] = ()
    api_keys: tuple[str, ...] = field(default=(), repr=False)
