"""Spark: DataFrames with entities, and jobs on a cluster. Spark is imported where it is used."""

import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache, partial
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..files import write_text
from .job import Job, JobFolder
from .local import Told
from .write import TEMPORARY

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

    from .annotator import Annotator
    from .messages import TellingWorker

STOP = "stop.json"
ATTEMPTS = 4  # at a task whose worker is killed
POLL = 0.5  # seconds between looks at what is done
# Spark's own process hands out numbers: what it compiles and collects with care comes to half of its time.
LIGHT_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


def annotate_dataframe(frame: "DataFrame", model: str, **settings: Any) -> "DataFrame":
    """Returns a DataFrame with what a pipeline finds in its texts, as `spacy_cner.scale.annotator.Annotator` has.

    The pipeline is loaded once in each Python worker, by its name or path; it must be installed, or lie, on every node.

    settings: those of `AnnotationSettings`. Raises InputError where Spark is not installed, and for columns that cannot
    be."""
    import_spark()
    from pyspark.sql.types import NullType, StringType, StructType

    from .columns import check_columns
    from .settings import AnnotationSettings

    wanted = AnnotationSettings(**settings)
    check_columns(frame.columns, wanted)
    kind = frame.schema[wanted.text_column].dataType
    if not isinstance(kind, (StringType, NullType)):
        raise InputError(f"expected strings in the column {wanted.text_column!r}, got {kind.simpleString()}")
    taken = [name for name in frame.columns if name.lower() in wanted.added]
    if taken and frame.sparkSession.conf.get("spark.sql.caseSensitive") != "true":
        raise InputError(f"expected no column {taken[0]!r}, which Spark takes for what is added; rename it")
    schema = StructType([*frame.schema.fields, *(added_field(name) for name in wanted.added)])
    return frame.mapInArrow(partial(_annotate, model=model, settings=json.dumps(wanted.to_dict())), schema)


def added_field(name: str) -> Any:
    """Returns the field of a column that is added, as Spark has it."""
    from pyspark.sql.types import ArrayType, FloatType, IntegerType, StringType, StructField, StructType

    from .columns import ENTITY_TYPES, READING_ENTITY, READING_TYPES, WORD_TYPES

    kinds = {"int32": IntegerType(), "float": FloatType(), "string": StringType()}

    def fields(types: dict[str, Any]) -> list[Any]:
        return [StructField(key, kinds[str(kind)]) for key, kind in types.items()]

    inner = StructField("ents", ArrayType(StructType(fields(READING_ENTITY))))
    lists = {"ents": fields(ENTITY_TYPES), "words": fields(WORD_TYPES), "n_best": [*fields(READING_TYPES), inner]}
    return StructField(name, ArrayType(StructType(lists[name])) if name in lists else StringType())


def _annotate(batches: Iterable["pa.RecordBatch"], *, model: str, settings: str) -> Iterator["pa.RecordBatch"]:
    annotator = _annotator(model, settings)
    return map(annotator, batches)


# A Python worker of Spark takes one task after the other.
@lru_cache(maxsize=1)
def _annotator(model: str, settings: str) -> "Annotator":
    from ..loading import keep_loaded
    from .annotator import Annotator

    annotator = Annotator(model, **json.loads(settings))
    keep_loaded()
    return annotator


def import_spark() -> None:
    """Raises InputError where Spark or Java is not installed."""
    try:
        import pyspark.sql  # noqa: F401
    except ImportError as error:
        raise InputError(f"expected Spark, got {error}: pip install 'spacy_cner[spark]'") from None
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        raise InputError("expected Java 17 or later for Spark, found none (JAVA_HOME, or java in the PATH)")


def run_on_spark(folder: Path, parts: list[int], tell: Told, *, workers: int, master: str | None = None) -> None:
    """Annotates parts of a job by the tasks of a Spark application, whose nodes all see the folder and the files. A
    task is a part; Spark begins it again where its worker is lost.

    master: of the cluster; by default what `spark-submit` says, else Spark is started here with so many workers.
    Raises InputError for a job that cannot be done, and for a row that ends it."""
    import_spark()
    numbers = dict(enumerate(parts))
    work, told = JobFolder(folder), set()
    job = Job.read(folder)
    stop = folder / TEMPORARY / STOP
    with session(master, workers) as spark:
        found: list[Any] = []
        tasks = spark.range(0, len(parts), 1, len(parts))
        tasks = tasks.mapInArrow(partial(_work, folder=str(folder), parts=numbers), "part int, message string")
        thread = Thread(target=_collect, args=(tasks, found), daemon=True)
        thread.start()
        try:
            while True:
                ended = not thread.is_alive()
                if stop.exists():
                    raise InputError(json.loads(stop.read_bytes())["error"])
                for i in parts:
                    if i not in told and (report := work.report(job, i)):
                        told.add(i)
                        tell(i, {"kind": "done", "report": vars(report)})
                if ended:
                    break
                thread.join(POLL)
        except InputError:
            spark.sparkContext.cancelAllJobs()
            thread.join()
            raise
        if isinstance(found[0], Exception):
            raise InputError(f"expected Spark to do its tasks, got {str(found[0])[:500]}") from found[0]
        for row in found[0]:
            if row.part not in told:
                tell(row.part, json.loads(row.message))


def _collect(tasks: "DataFrame", found: list[Any]) -> None:
    try:
        found.append(tasks.collect())
    except Exception as error:
        found.append(error)


def _work(batches: Iterable["pa.RecordBatch"], *, folder: str, parts: dict[int, int]) -> Iterator["pa.RecordBatch"]:
    import pyarrow as pa

    stop = Path(folder) / TEMPORARY / STOP
    for batch in batches:
        for number in batch.column(0).to_pylist():
            if stop.exists():
                return
            message = _worker(folder)(parts[number])
            if json.loads(message)["kind"] == "stop":
                with suppress(OSError):  # a full disc, which each executor meets by itself then
                    write_text(stop, message)
            row = [pa.array([parts[number]], pa.int32()), pa.array([message], pa.string())]
            yield pa.RecordBatch.from_arrays(row, ["part", "message"])


@lru_cache(maxsize=1)
def _worker(folder: str) -> "TellingWorker":
    from .messages import TellingWorker

    return TellingWorker(folder)


@contextmanager
def session(master: str | None, workers: int) -> Iterator["SparkSession"]:
    """Gives the Spark session that there is, or one for the block. Raises InputError where there is no such master."""
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    if (active := SparkSession.getActiveSession()) is not None:
        yield active
        return
    builder = SparkSession.builder.appName("spacy_cner annotate")
    if master is None and "PYSPARK_GATEWAY_PORT" not in os.environ:  # which spark-submit sets
        master = f"local[{workers},{ATTEMPTS}]"
    if master is not None:
        builder = builder.master(master).config("spark.ui.enabled", "false")
    if master is not None and master.startswith("local"):
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # else it is the first python3 in the PATH
        builder = builder.config("spark.driver.extraJavaOptions", LIGHT_JAVA)
    try:
        spark = builder.config("spark.ui.showConsoleProgress", "false").getOrCreate()
    except Exception as error:
        if SparkContext._active_spark_context is not None:
            SparkContext._active_spark_context.stop()  # else the next session would get what has failed
        reason = str(getattr(error, "java_exception", error)).partition("\n")[0]
        told = f"expected a Spark master at {master} that answers, got {reason}; its messages say more"
        raise InputError(told) from error
    spark.sparkContext.setLogLevel("ERROR")
    try:
        yield spark
    finally:
        spark.stop()
