"""Ray Data: datasets with entities, and jobs on a cluster. Ray is imported where it is used."""

import json
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..errors import InputError
from .local import Told
from .messages import TellingWorker

if TYPE_CHECKING:
    import pyarrow as pa
    from ray.data import ActorPoolStrategy, Dataset

PATIENCE = 30  # seconds in which the host of a cluster answers
# Of the libraries that computing goes through, in each actor.
ONE_THREAD = {"env_vars": {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}}


def annotate_dataset(
    dataset: "Dataset", model: str, *, actors: int = 1, num_gpus: float = 0, rows: int = 4096, **settings: Any
) -> "Dataset":
    """Returns a Ray dataset with what a pipeline finds in its texts, as `spacy_cner.scale.annotator.Annotator` does it.

    The pipeline is loaded once in each actor, by its name or path; it must be installed, or lie, on every node.

    actors: the most of them; there is one at least, and the pool grows while work waits. num_gpus: of each actor; 0 is
    the CPU. rows: in a block that an actor takes. settings: those of `AnnotationSettings`.
    Raises InputError where Ray is not installed."""
    import_ray()
    from .settings import AnnotationSettings

    wanted = AnnotationSettings(**settings).to_dict()
    return dataset.map_batches(
        AnnotatingActor,
        fn_constructor_args=(model,),
        fn_constructor_kwargs={**wanted, "gpu_id": 0 if num_gpus else -1},
        batch_format="pyarrow",
        batch_size=rows,
        compute=pool(actors),
        num_cpus=1,
        num_gpus=num_gpus or None,
        udf_modifying_row_count=False,
        runtime_env=ONE_THREAD,
    )


def checkpointed(dataset: "Dataset", id_column: str, path: str) -> "Dataset":
    """Returns the dataset, which when it is begun again leaves out the rows that were written before.

    Ray Data's checkpoints hold where a dataset is read, mapped and written, and where each row has an identifier of its
    own. id_column: that of the identifiers. path: a folder that all nodes see, in which Ray keeps what is done.
    Raises InputError for identifiers that are null or occur twice, which Ray would take for done, and for
    no such column."""
    import_ray()
    from ray.data.checkpoint import CheckpointConfig

    columns = dataset.columns()
    if columns is not None and id_column not in columns:
        raise InputError(f"expected a column {id_column!r} with the identifiers, got the columns {', '.join(columns)}")
    counts = dataset.select_columns([id_column]).groupby(id_column).count()
    for row in counts.filter(lambda row: row["count()"] > 1 or row[id_column] is None).take(1):
        found = f"{row['count()']} rows with {row[id_column]!r}"
        raise InputError(f"expected an identifier of its own for each row in the column {id_column!r}, got {found}")
    dataset.context.checkpoint_config = CheckpointConfig(id_column=id_column, checkpoint_path=path)
    return dataset


def import_ray() -> Any:
    """Returns the module. Raises InputError where it is not installed."""
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise InputError(f"expected Ray Data, got {error}: pip install 'spacy_cner[ray]'") from None
    return ray


def pool(actors: int, **settings: Any) -> "ActorPoolStrategy":
    """Returns a pool that asks for all of its actors at once. It works with one until there is room for more."""
    from ray.data import ActorPoolStrategy

    return ActorPoolStrategy(min_size=1, max_size=actors, initial_size=actors, **settings)


class AnnotatingActor:
    """An `Annotator` in a process of its own."""

    def __init__(self, model: str, **settings: Any):
        from ..loading import keep_loaded
        from .annotator import Annotator

        self.annotate = Annotator(model, **settings)
        keep_loaded()

    def __call__(self, batch: "pa.Table") -> "pa.Table":
        """Returns the batch with what is found in it."""
        return self.annotate(batch)


class RayWorker:
    """Takes batches of numbers of parts, as an actor does."""

    def __init__(self, folder: str, gpu_id: int):
        self.work = TellingWorker(folder, gpu_id)

    def __call__(self, batch: "pa.Table") -> "pa.Table":
        """Returns the numbers with what became of the parts."""
        messages = [self.work(number) for number in batch.column("part").to_pylist()]
        return batch.append_column("message", [messages])


def run_on_ray(
    folder: Path, parts: list[int], tell: Told, *, workers: int, address: str | None = None, num_gpus: float = 0
) -> None:
    """Annotates parts of a job by actors of a Ray cluster, which all see the folder and the files. What is lost with a
    node is begun again on another one.

    address: of the cluster; by default that of the environment (RAY_ADDRESS), else a cluster is started here.
    Raises InputError for a job that cannot be done, and for a row that ends it."""
    ray = import_ray()
    with cluster(ray, address, workers):
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = context.print_on_execution_start = False
        numbers = ray.data.from_items([{"part": i} for i in parts], override_num_blocks=min(len(parts), 10_000))
        done = numbers.map_batches(
            RayWorker,
            fn_constructor_args=(str(folder), 0 if num_gpus else -1),
            batch_format="pyarrow",
            batch_size=1,
            compute=pool(workers, max_tasks_in_flight_per_actor=2),
            num_cpus=1,
            num_gpus=num_gpus or None,
            runtime_env=ONE_THREAD,
        )
        for row in done.iter_rows():
            message = json.loads(row["message"])
            if message["kind"] == "stop":
                raise InputError(message["error"])
            tell(row["part"], message)


def _try(address: str) -> None:
    """Raises OSError where nobody listens at `host:port` or `ray://host:port`. Ray itself tries for several minutes."""
    if "://" in address.removeprefix("ray://"):
        return
    parts = urlsplit(f"//{address.removeprefix('ray://')}")
    if parts.hostname and parts.port:
        socket.create_connection((parts.hostname, parts.port), PATIENCE).close()


@contextmanager
def cluster(ray: Any, address: str | None, workers: int) -> Iterator[None]:
    """Connects to a cluster for the block, if there is no connection yet. Raises InputError for none at an address."""
    if ray.is_initialized():
        yield
        return
    address = address or os.environ.get("RAY_ADDRESS")
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    try:
        if address:
            _try(address)
            ray.init(address, **quiet)
        else:
            ray.init("local", num_cpus=max(workers, os.cpu_count() or 1), include_dashboard=False, **quiet)
    except (OSError, ValueError) as error:
        token = "; a cluster that asks for a token wants RAY_AUTH_MODE=token here and on each node"
        raise InputError(f"expected a Ray cluster at {address}, got {error}{token}") from error
    try:
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        yield
    finally:
        ray.shutdown()
