"""The loop of pre-training.

`spacy pretrain` runs the same configs, but it never moves its learning-rate schedules, keeps neither the output layer
nor the optimizer's state, resumes at the beginning of an epoch only, and has no held-out text. So its sections, its
objectives and its way to build the model are kept here, and the loop is another."""

import json
import time
from pathlib import Path
from typing import Any

from thinc.api import Config, Model, Optimizer, fix_random_seed
from tqdm import tqdm

from ..errors import InputError
from .checkpoint import load_checkpoint, restore_optimizer, save_checkpoint, write_whole
from .config import Batch, Setup, read_setup
from .tally import Tally

ENCODER, CHECKPOINT, LOG = "encoder.bin", "checkpoint.bin", "log.jsonl"


def pretrain(config: Config, output: Path, *, restart: bool = False) -> Path:
    """Pre-trains the tok2vec that `[pretraining]` names, for `[pretraining_loop] max_steps` batches, fewer if
    `max_epochs` over the text have less.

    Every `n_save_every` batches, and at the end, `output` gets encoder.bin (the weights, for `[initialize]
    init_tok2vec`), a line in log.jsonl (of the batches since the last one, and of the held-out text), and
    checkpoint.bin, from which a run that was stopped goes on at the same place of the text, as if it had not been.

    config: interpolated. restart: begins anew, whatever is in `output`.
    RETURNS: the path of encoder.bin. Raises InputError for a config that cannot pre-train, no text, a checkpoint of
    other settings, and if the loss is no number any more."""
    setup = read_setup(config)
    output.mkdir(parents=True, exist_ok=True)
    run = Run(setup, output)
    if restart or not (output / CHECKPOINT).exists():
        (output / LOG).unlink(missing_ok=True)
    else:
        run.resume()
    run.learn()
    return output / ENCODER


class Run:
    """A run and how far it has come."""

    def __init__(self, setup: Setup, output: Path):
        self.setup, self.output = setup, output
        self.state = {"step": 0, "epoch": 0, "characters": 0}
        self.tally, self.characters, self.begun = Tally(), 0, time.monotonic()

    def resume(self) -> None:
        """Goes back to where the checkpoint in the output folder was written."""
        path = self.output / CHECKPOINT
        saved = load_checkpoint(path)
        settings = saved["state"].pop("settings")
        for name, section in self.setup.settings.items():
            if settings.get(name) != section:
                raise InputError(
                    f"{path}: expected a checkpoint of the same settings, got another [{name}]; choose another output "
                    "folder, or --restart"
                )
        self.state = saved["state"]
        self.setup.model.from_bytes(saved["model"])
        restore_optimizer(self.setup.model, self.setup.optimizer, saved["optimizer"], self.state["step"])
        log = self.output / LOG
        rows = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
        kept = [row for row in rows if json.loads(row)["step"] <= self.state["step"]]
        write_whole(log, "".join(f"{row}\n" for row in kept).encode())
        tqdm.write(f"going on after batch {self.state['step']}, once its place in the text is found")

    def learn(self) -> None:
        """Goes through the batches, over those that were learned before the run was stopped."""
        setup, learned = self.setup, self.state["step"]
        batches = setup.batches()
        with tqdm(total=setup.max_steps, initial=learned, unit="batch", disable=None) as progress:
            for step in range(setup.max_steps):
                # All that is drawn depends on nothing but the step, so that a run can go on at any.
                fix_random_seed(setup.seed + step)
                epoch, batch = next(batches, (0, None))
                if batch is None:
                    break
                if step < learned:
                    self.begun = time.monotonic()
                    continue
                self._update(epoch, batch)
                progress.update()
                if self.state["step"] % setup.save_every == 0:
                    self._save()
        if self.characters:
            self._save()

    def _update(self, epoch: int, batch: Batch) -> None:
        model, optimizer = self.setup.model, self.setup.optimizer
        loss = update(model, batch, optimizer, self.tally)
        self.state = {**self.state, "step": self.state["step"] + 1, "epoch": epoch}
        if loss != loss:
            raise InputError(f"expected a loss, got {loss} for batch {self.state['step']}; try a lower learn_rate")
        self.characters += sum(map(len, batch))

    def _save(self) -> None:
        setup = self.setup
        seconds = time.monotonic() - self.begun
        self.state["characters"] += self.characters
        row: dict[str, Any] = {**self.state, **self.tally.score()}
        row.update(learn_rate=setup.optimizer.learn_rate, characters_per_second=self.characters / max(seconds, 1e-6))
        with setup.model.use_params(setup.optimizer.averages or {}):
            encoder = setup.model.get_ref("tok2vec").to_bytes()
            if setup.held_out:
                score = evaluate(setup.model, setup.held_out, setup.seed)
                row.update((f"held_out_{name}", value) for name, value in score.items())
            if save := setup.model.attrs.get("save"):
                save(setup.model, self.output)
        with (self.output / LOG).open("a", encoding="utf-8") as log:
            log.write(json.dumps(row) + "\n")
        write_whole(self.output / ENCODER, encoder)
        # Last: a kill before it costs batches, but loses nothing of what is on disk.
        state = {**self.state, "settings": setup.settings}
        save_checkpoint(self.output / CHECKPOINT, setup.model, setup.optimizer, state)
        tqdm.write("  ".join(f"{name} {value:.6g}" for name, value in row.items()))
        self.tally, self.characters, self.begun = Tally(), 0, time.monotonic()


def update(model: Model, batch: Batch, optimizer: Optimizer, tally: Tally) -> float:
    """One step, of the optimizer's schedules too. RETURNS: the loss, summed over the masked characters."""
    guesses, backprop = model.begin_update(batch)
    loss, gradient = model.attrs["loss"](model.ops, batch, guesses)
    backprop(gradient)
    model.finish_update(optimizer)
    optimizer.step_schedules()
    tally.add(loss, guesses)
    return loss


def evaluate(model: Model, batches: list[Batch], seed: int) -> dict[str, float]:
    """The scores (see `Tally`) of batches with some of their characters masked, the same for the same seed."""
    fix_random_seed(seed)
    tally = Tally()
    for batch in batches:
        guesses = model.predict(batch)
        tally.add(model.attrs["loss"](model.ops, batch, guesses)[0], guesses)
    return tally.score()
