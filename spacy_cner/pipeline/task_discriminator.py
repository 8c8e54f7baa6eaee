"""The `task_discriminator` component: tells from shared features which task a text comes from, to keep them from it."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

import numpy
from spacy.language import Language
from spacy.pipeline import TrainablePipe
from spacy.tokens import Doc
from spacy.training import Example, validate_examples, validate_get_examples
from spacy.vocab import Vocab
from thinc.api import Config, Model, Optimizer, set_dropout_rate
from thinc.types import Floats2d

from ..errors import InputError
from ..training.batchers import TASKS
from .saving import Sealed

DEFAULT_CONFIG = """
[model]
@architectures = "spacy_cner.TaskDiscriminator.v1"
shared_width = 256

[model.tok2vec]
@architectures = "spacy.Tok2VecListener.v1"
width = 256
upstream = "*"

[model.reversal]
@architectures = "spacy_cner.GradientReversal.v1"
scale = 1.0
"""
DEFAULT_MODEL = Config().from_str(DEFAULT_CONFIG)["model"]


@Language.factory(
    "task_discriminator",
    default_config={"model": DEFAULT_MODEL, "loss_weight": 0.06, "by": "corpus"},
    default_score_weights={"task_acc": 0.0},
)
def make_task_discriminator(
    nlp: Language, name: str, model: Model[list[Doc], Floats2d], loss_weight: float, by: str
) -> "TaskDiscriminator":
    """Makes the component.

    model: `spacy_cner.TaskDiscriminator.v1`.
    loss_weight: what the component's gradient is multiplied by, lambda of Cao et al. 2018, eq. 18.
    by: what the task of a training example is, as in `spacy_cner.batch_by_task.v1`: its "corpus" in
        `spacy_cner.MixedCorpus.v1`, or the "annotation" it has."""
    return TaskDiscriminator(nlp.vocab, model, name, loss_weight=loss_weight, by=by)


class TaskDiscriminator(Sealed, TrainablePipe):
    """Learns to tell the tasks apart, any number of them, while the shared layers learn through gradient reversal to
    make that impossible (Cao et al. 2018, section 3.5). It annotates nothing and is of no use after training, so
    `package` leaves it out."""

    only_for_training = True

    def __init__(
        self,
        vocab: Vocab,
        model: Model[list[Doc], Floats2d],
        name: str = "task_discriminator",
        *,
        loss_weight: float = 0.06,
        by: str = "corpus",
    ):
        if loss_weight < 0:
            raise ValueError(f"expected a loss_weight of at least 0, got {loss_weight}")
        if by not in TASKS:
            raise InputError(f"expected tasks by one of {', '.join(TASKS)}, got {by!r}")
        super().__init__(vocab, model, name, labels=[])
        self.loss_weight, self.task_of = loss_weight, TASKS[by]
        self.loss_factor = 1.0  # of the halved learning rate, see NetworkTagger
        self._hits: dict[int, list[bool]] = {}
        self._waiting: set[int] = set()

    @property
    def labels(self) -> tuple[str, ...]:
        """The tasks."""
        return tuple(self.cfg["labels"])

    @property
    def label_data(self) -> list[str]:
        return list(self.labels)

    def predict(self, docs: Iterable[Doc]) -> None:
        """Nothing: no text needs a task once training is over."""

    def set_annotations(self, docs: Iterable[Doc], scores: None) -> None:
        pass

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optimizer | None = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Learns from a batch. The loss is the negative log-likelihood of the tasks, summed over the batch; the
        gradient is that of its mean, times `loss_weight`. Raises InputError for a task that it does not know."""
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        examples = list(examples)
        validate_examples(examples, "TaskDiscriminator.update")
        docs = [example.predicted for example in examples]
        kept = [i for i, doc in enumerate(docs) if len(doc)]
        if not kept:
            return losses
        set_dropout_rate(self.model, drop)
        # The shared layers wait for the gradient of each of their listeners, for the very documents they have seen.
        features, backprop_features = self.model.get_ref("tok2vec").begin_update(docs)
        probabilities, backprop_head = self.model.get_ref("head").begin_update([features[i] for i in kept])
        gold = numpy.array([self._task(examples[i]) for i in kept])
        self._waiting.update(gold.tolist())
        loss, gradient = task_loss(self.model.ops.to_numpy(probabilities), gold)
        losses[self.name] += loss
        hidden = self._are_hidden(self.model.ops.to_numpy(probabilities), gold)
        self._count(self.model.ops.to_numpy(probabilities).argmax(axis=1), gold)
        gradients = [self.model.ops.alloc2f(*rows.shape) for rows in features]
        found = backprop_head(self.model.ops.asarray(gradient * self.loss_weight * self.loss_factor))
        for i, rows, is_hidden in zip(kept, found, hidden):
            if not is_hidden:
                gradients[i] = rows
        backprop_features(gradients)
        if sgd is not None:
            self.finish_update(sgd)
        return losses

    def _are_hidden(self, probabilities: numpy.ndarray, gold: numpy.ndarray) -> numpy.ndarray:
        """Of which texts the task is no more probable than by chance, (n_docs,), if there is an adversary: nothing is
        left to hide then, and the shared features get no gradient. The paper's loss (eq. 17-18) has no such bound: to
        make the discriminator certain of a wrong task is better there than to make it uncertain, and features that
        attention does not bound either grow without end."""
        chance = 1 / len(self.labels)
        return self.model.attrs["adversarial"] & (probabilities[numpy.arange(len(gold)), gold] <= chance)

    def finish_update(self, sgd: Optimizer) -> None:
        """Lets the discriminator take a step once each task had its turn since the last one, with the gradients of all
        of them: that of one task alone says no more than that all texts are of this task, and by turns, steps of that
        kind undo each other. The shared layers do not wait."""
        if len(self._waiting) == len(self.labels):
            self._waiting.clear()
            self.model.finish_update(sgd)

    def get_loss(self, examples: Iterable[Example], scores: Floats2d) -> tuple[float, Floats2d]:
        """The loss and its gradient for the tasks' probabilities (n_examples, n_tasks)."""
        gold = numpy.array([self._task(example) for example in examples])
        loss, gradient = task_loss(self.model.ops.to_numpy(scores), gold)
        return loss, self.model.ops.asarray2f(gradient)

    def _task(self, example: Example) -> int:
        task = self.task_of(example)
        if task not in self.labels:
            raise InputError(f"expected an example of one of the tasks {', '.join(self.labels)}, got {task!r}")
        return self.labels.index(task)

    def _count(self, guesses: numpy.ndarray, gold: numpy.ndarray) -> None:
        for guess, task in zip(guesses.tolist(), gold.tolist()):
            self._hits.setdefault(task, []).append(guess == task)

    def score(self, examples: Iterable[Example], **kwargs: Any) -> dict[str, float]:
        """`task_acc`: the accuracy on what it was trained with since it was last asked, the mean over the tasks, so
        that it is 1 / K by chance however unlike the K corpora are in size. Evaluation data is of one task mostly, and
        would not tell. Nothing if there was no training."""
        hits, self._hits = self._hits, {}
        return {"task_acc": float(numpy.mean([numpy.mean(each) for each in hits.values()]))} if hits else {}

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        labels: list[str] | None = None,
    ) -> None:
        """Collects the tasks (those given, else those of the examples, in the order of the alphabet) and builds the
        model, anew if there was one. Raises InputError if there are less than two."""
        validate_get_examples(get_examples, "TaskDiscriminator.initialize")
        if labels is None:
            labels = sorted({self.task_of(example) for example in get_examples()})
        if len(labels) < 2:
            raise InputError(
                f"expected at least two tasks for the component {self.name!r} to tell apart, got "
                f"{', '.join(labels) or 'none'}"
            )
        self.cfg["labels"] = list(labels)
        self.loss_factor = 1.0
        self._hits, self._waiting = {}, set()
        output = self.model.get_ref("output")
        for name in output.param_names:
            output.set_param(name, None)
        output.set_dim("nO", len(labels), force=True)
        sample = [example.x for example in islice(get_examples(), 10) if len(example.x)]
        self.model.initialize(X=sample or [Doc(self.vocab, words=["中"])])
        for node in self.model.walk():
            for name in node.grad_names:  # of tasks that waited for the others
                node.set_grad(name, self.model.ops.xp.zeros_like(node.get_param(name)))


def task_loss(probabilities: numpy.ndarray, gold: numpy.ndarray) -> tuple[float, numpy.ndarray]:
    """The negative log-likelihood of the gold tasks, summed, and the gradient of its mean with respect to the scores
    that went into the softmax. probabilities: (n, K). gold: (n,)."""
    rows = numpy.arange(len(gold))
    loss = -numpy.log(numpy.maximum(probabilities[rows, gold], 1e-12)).sum()
    gradient = probabilities.astype("f")
    gradient[rows, gold] -= 1.0
    return float(loss), gradient / len(gold)
