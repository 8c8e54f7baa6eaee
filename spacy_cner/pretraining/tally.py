"""How well masked characters are guessed."""

import math

from .objective import Guesses


class Tally:
    """Sums over batches; `score` gives mean loss (nats), perplexity and accuracy (percent) of the guesses."""

    def __init__(self) -> None:
        self.loss, self.right, self.count = 0.0, 0, 0

    def add(self, loss: float, guesses: Guesses) -> None:
        """loss: summed over the guesses."""
        self.loss += loss
        if len(guesses.targets):
            best = guesses.scores.argmax(axis=1)
            best = best.get() if hasattr(best, "get") else best
            self.right += int((best == guesses.targets).sum())
        self.count += len(guesses.targets)

    def score(self) -> dict[str, float]:
        count = max(1, self.count)
        loss = self.loss / count
        return {"loss": loss, "perplexity": math.exp(min(loss, 50.0)), "accuracy": 100 * self.right / count}
