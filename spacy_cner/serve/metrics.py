"""What /metrics tells, in Prometheus' format."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from .worker import Batch

SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
CHARACTERS = (64, 256, 1024, 2048, 4096, 8192, 16384, 65536)


class ServerMetrics:
    """Counts of one server. No label has a word of a request but the names of pipelines."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self.requests = Counter("cner_requests", "Requests, by path and status", ["path", "status"], registry=registry)
        self.seconds = Histogram(
            "cner_request_seconds", "Time to answer POST /v1/entities", buckets=SECONDS, registry=registry
        )
        self.documents = Counter("cner_documents", "Documents answered", ["model"], registry=registry)
        self.characters = Counter("cner_characters", "Characters answered", ["model"], registry=registry)
        self.batch_characters = Histogram(
            "cner_batch_characters", "Characters in a batch", buckets=CHARACTERS, registry=registry
        )
        self.batch_seconds = Histogram(
            "cner_batch_seconds", "Time of a worker for a batch", buckets=SECONDS, registry=registry
        )
        self.waiting = Gauge("cner_waiting_characters", "Characters that wait for a worker", registry=registry)
        self.workers = Gauge("cner_workers", "Worker processes that are ready", registry=registry)
        self.memory = Gauge("cner_worker_memory_bytes", "Resident memory of a worker", ["worker"], registry=registry)

    def batch(self, batch: Batch, seconds: float) -> None:
        """Counts a batch that was answered."""
        size = sum(map(len, batch.texts))
        self.documents.labels(batch.model).inc(len(batch.texts))
        self.characters.labels(batch.model).inc(size)
        self.batch_characters.observe(size)
        self.batch_seconds.observe(seconds)

    def text(self) -> bytes:
        """Returns all counts, for a scraper."""
        return generate_latest(self.registry)
