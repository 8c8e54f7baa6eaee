"""Smaller steps where the development score stagnates, for plain SGD."""

from collections.abc import Callable
from typing import IO, Any

from spacy import registry
from spacy.language import Language
from spacy.training.loggers import console_logger_v3

Log = Callable[[dict[str, Any] | None], None]


@registry.loggers("spacy_cner.HalvingLogger.v1")
def make_halving_logger(
    progress_bar: str | None = None, patience: int = 5
) -> Callable[[Language, IO, IO], tuple[Log, Callable[[], None]]]:
    """`spacy.ConsoleLogger.v3` that also halves the rate of learning each time that the score has not improved in
    `patience` evaluations (Peng & Dredze 2016, section 3, whose evaluations are one for each epoch).

    What it halves is the `loss_weight` of each component: it is told scores and the pipeline, but not the optimizer.
    For SGD that is the same as the rate, where gradients are not clipped. Adam's steps do not depend on the size of
    gradients, so that it would change nothing."""
    setup_console = console_logger_v3(progress_bar)

    def setup(nlp: Language, stdout: IO, stderr: IO) -> tuple[Log, Callable[[], None]]:
        log, finalize = setup_console(nlp, stdout, stderr)
        halver = Halver(nlp, patience)

        def log_step(info: dict[str, Any] | None) -> None:
            log(info)
            if info is not None and halver.hear(info["score"]):
                stdout.write(f"No better score in {patience} evaluations: half the rate\n")

        return log_step, finalize

    return setup


class Halver:
    """Halves the `loss_weight` of the pipeline's components after `patience` scores that are not the best so far."""

    def __init__(self, nlp: Language, patience: int):
        if patience < 1:
            raise ValueError(f"expected a patience of at least 1 evaluation, got {patience}")
        self.nlp, self.patience = nlp, patience
        self.best, self.stagnant = float("-inf"), 0

    def hear(self, score: float) -> bool:
        """RETURNS: whether this score made it halve the weights."""
        self.stagnant = 0 if score > self.best else self.stagnant + 1
        self.best = max(self.best, score)
        if self.stagnant < self.patience:
            return False
        self.stagnant = 0
        for _, pipe in self.nlp.pipeline:
            if hasattr(pipe, "loss_weight"):
                pipe.loss_weight /= 2
        return True
