"""Halve the learning rate of plain SGD when the development score no longer improves."""

from collections.abc import Callable
from typing import IO, Any

from spacy import registry
from spacy.language import Language
from spacy.training.loggers import console_logger_v3

from ..errors import InputError

Log = Callable[[dict[str, Any] | None], None]


@registry.loggers("spacy_cner.HalvingLogger.v1")
def make_halving_logger(
    progress_bar: str | None = None, patience: int = 5
) -> Callable[[Language, IO, IO], tuple[Log, Callable[[], None]]]:
    """Returns `spacy.ConsoleLogger.v3` that also halves the learning rate whenever the score has not improved for
    `patience` evaluations (Peng & Dredze 2016, section 3, who evaluate once per epoch).

    It halves what each component's loss is multiplied by, because spaCy gives a logger the pipeline but not the
    optimizer; a pipeline that was saved begins with the whole again. For
    SGD without clipped gradients that equals halving the learning rate. It has no effect with Adam, whose steps do not
    depend on the scale of the gradients."""
    setup_console = console_logger_v3(progress_bar)

    def setup(nlp: Language, stdout: IO, stderr: IO) -> tuple[Log, Callable[[], None]]:
        log, finalize = setup_console(nlp, stdout, stderr)
        losses = HalvedLosses(nlp, patience)

        def log_step(info: dict[str, Any] | None) -> None:
            log(info)
            if info is not None and losses.update(info["score"]):
                stdout.write(f"No better score in {patience} evaluations: the learning rate is halved\n")

        return log_step, finalize

    return setup


class HalvedLosses:
    """Halves the `loss_factor` of all components whenever `patience` scores in a row are not the best so far.

    Raises InputError for a patience below 1."""

    def __init__(self, nlp: Language, patience: int):
        if patience < 1:
            raise InputError(f"expected a patience of at least 1 evaluation, got {patience}")
        self.nlp, self.patience = nlp, patience
        self.best, self.stagnant = float("-inf"), 0

    def update(self, score: float) -> bool:
        """Returns whether this score led to halved losses."""
        self.stagnant = 0 if score > self.best else self.stagnant + 1
        self.best = max(self.best, score)
        if self.stagnant < self.patience:
            return False
        self.stagnant = 0
        for _, pipe in self.nlp.pipeline:
            if hasattr(pipe, "loss_factor"):
                pipe.loss_factor /= 2
        return True
