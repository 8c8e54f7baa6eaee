"""Metrics of masked language modelling."""

import math

from .objective import MLMLogits


class Metrics:
    """Sums over batches, from which `score` computes mean loss (nats), perplexity and accuracy (percent)."""

    def __init__(self) -> None:
        self.loss, self.right, self.count = 0.0, 0, 0

    def add(self, loss: float, predicted: MLMLogits) -> None:
        """Adds a batch; `loss` is summed over its masked characters."""
        self.loss += loss
        if len(predicted.targets):
            best = predicted.logits.argmax(axis=1)
            best = best.get() if hasattr(best, "get") else best
            self.right += int((best == predicted.targets).sum())
        self.count += len(predicted.targets)

    def score(self) -> dict[str, float]:
        """Returns the metrics of all batches added."""
        count = max(1, self.count)
        loss = self.loss / count
        return {"loss": loss, "perplexity": math.exp(min(loss, 50.0)), "accuracy": 100 * self.right / count}
