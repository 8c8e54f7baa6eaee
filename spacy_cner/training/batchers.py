"""A batcher whose batches hold one task each, for training that alternates between tasks."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from spacy import registry
from spacy.training import Example

from ..errors import InputError
from .mixed import CORPUS_KEY

Batcher = Callable[[Iterable[Example]], Iterable[list[Example]]]


@registry.batchers("spacy_cner.batch_by_task.v1")
def make_batch_by_task(
    batcher: Callable[[Iterable[Example]], Iterable[list[Example]]], by: str = "annotation", until: str | None = None
) -> Batcher:
    """Makes a batcher whose batches hold one task each, with tasks taking turns (see `batch_by_task`).

    Batches that mix tasks need no special batcher: any other makes them from a shuffled `spacy_cner.MixedCorpus.v1`.

    batcher: makes the batches of each task, such as `spacy.batch_by_padded.v1`.
    by: how the task of an example is found. "annotation": entity recognition if it has any entity annotation, else word
        segmentation. "corpus": one task for each corpus of `spacy_cner.MixedCorpus.v1`.
    until: the task whose last batch ends the epoch; what other tasks have left is not used. By default the epoch ends
        when all tasks do.

    Raises InputError for another `by`."""
    if by not in TASKS:
        raise InputError(f"expected batches by one of {', '.join(TASKS)}, got {by!r}")
    return partial(batch_by_task, batcher=batcher, task_of=TASKS[by], until=until)


def batch_by_task(
    examples: Iterable[Example], *, batcher: Batcher, task_of: Callable[[Example], str], until: str | None = None
) -> Iterator[list[Example]]:
    """Yields a batch of each task in turn.

    A task takes its first turn once one of its examples has been read. It drops out when it has no more examples; if it
    is the task `until`, iteration ends. Reads no more of `examples` than the next batch needs; examples of other tasks
    wait in memory. Few wait if the tasks' shares match their batches; otherwise, up to all surplus ones do.
    Raises InputError if no example is of the task `until`."""
    stream = iter(examples)
    waiting: dict[str, deque[Example]] = {}
    batches: dict[str, Iterator[list[Example]]] = {}
    turns: deque[str] = deque()

    def read(wanted: str | None = None) -> None:
        """Reads up to the next example of the task `wanted`, or of any task."""
        for example in stream:
            task = task_of(example)
            if task not in waiting:
                waiting[task] = deque()
                batches[task] = iter(batcher(examples_of(task)))
                turns.append(task)
            waiting[task].append(example)
            if wanted in (None, task):
                return

    def examples_of(task: str) -> Iterator[Example]:
        while True:
            if not waiting[task]:
                read(wanted=task)
            if not waiting[task]:
                return
            yield waiting[task].popleft()

    read()
    while turns:
        task = turns.popleft()
        batch = next(batches[task], None)
        if batch is not None:
            turns.append(task)
            yield list(batch)
        elif task == until:
            return
    if waiting and until not in (None, *waiting):
        found = ", ".join(waiting)
        raise InputError(f"expected examples of the task {until!r}, with which the epoch ends, got {found}")


def annotated_task(example: Example) -> str:
    """Returns the task "ner" for a document with any entity annotation, else "cws"."""
    return "ner" if example.reference.has_annotation("ENT_IOB") else "cws"


def corpus_task(example: Example) -> str:
    """Returns the corpus of `spacy_cner.MixedCorpus.v1` that the example is from. Raises InputError if it has none."""
    if CORPUS_KEY not in example.reference.user_data:
        raise InputError(
            "expected examples read by spacy_cner.MixedCorpus.v1 for batches by corpus, got "
            f"{example.reference.text[:60]!r}"
        )
    return example.reference.user_data[CORPUS_KEY]


TASKS: dict[str, Callable[[Example], str]] = {"annotation": annotated_task, "corpus": corpus_task}
