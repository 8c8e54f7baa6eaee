"""The loop of pre-training.

`spacy pretrain` runs the same configs, but never moves its learning-rate schedules. It keeps neither the MLM head nor
the optimizer's state, resumes only at the beginning of an epoch, and has no held-out text. So this loop replaces its
own, and keeps its config sections, its objectives and its way to build the model."""

import json
import time
from pathlib import Path
from typing import Any

from spacy.tokens import Doc
from thinc.api import Config, Model, Optimizer, fix_random_seed

from ..errors import InputError
from ..files import write_bytes, write_text
from ..models.memory import give_back
from ..text.progress import note, progress
from .checkpoint import load_checkpoint, restore_optimizer, save_checkpoint
from .config import ResolvedConfig, resolve_config
from .huggingface import BERT_FOLDER
from .log import LOG, read_log
from .metrics import Metrics

ENCODER, CHECKPOINT, CONFIG = "encoder.bin", "checkpoint.bin", "config.cfg"


def pretrain(config: Config, output: Path, *, restart: bool = False) -> Path:
    """Pre-trains the tok2vec that `[pretraining]` names, for `[pretraining_loop] max_steps` batches, or fewer if
    `max_epochs` end before (0: no limit).

    `output` gets the config, as config.cfg. Every `n_save_every` batches, and at the end, three more files are updated:
    - encoder.bin has the weights, for `[initialize] init_tok2vec`.
    - log.jsonl gets a line about the batches since the last one, and about the held-out text.
    - checkpoint.bin lets a stopped run resume at the same position of the text, as if it had not been stopped.

    config: interpolated or not. restart: start from the beginning, and delete what a run has left in `output`.
    RETURNS: the path of encoder.bin. Raises InputError for a config that cannot pre-train, if there is no text, for a
    checkpoint of other settings, and if the loss becomes NaN."""
    output.mkdir(parents=True, exist_ok=True)
    if not (restart or (output / CONFIG).exists()):
        for name in (ENCODER, BERT_FOLDER):
            if (output / name).exists():
                raise InputError(
                    f"{output}: expected a new folder, or that of a run to go on with, found {name} of something else; "
                    "--restart replaces it"
                )
    resolved = resolve_config(config.interpolate())
    run = PretrainingRun(resolved, output)
    if restart or not (output / CHECKPOINT).exists():
        for name in (CHECKPOINT, LOG, ENCODER):
            (output / name).unlink(missing_ok=True)
    else:
        run.resume()
    # Not before: a run that is refused must not describe the weights of another.
    write_text(output / CONFIG, config.to_str())
    run.learn()
    return output / ENCODER


class PretrainingRun:
    """A run and its progress."""

    def __init__(self, resolved: ResolvedConfig, output: Path):
        self.resolved, self.output = resolved, output
        self.state = {"step": 0, "epoch": 0, "characters": 0}
        self.rows: list[dict[str, Any]] = []
        self.metrics, self.characters, self.begun = Metrics(), 0, time.monotonic()

    def resume(self) -> None:
        """Restores the checkpoint in the output folder."""
        path = self.output / CHECKPOINT
        saved = load_checkpoint(path)
        settings = saved["state"].pop("settings")
        for name, section in self.resolved.settings.items():
            if settings.get(name) != section:
                raise InputError(
                    f"{path}: expected a checkpoint of the same settings, got another [{name}]; choose another output "
                    "folder, or --restart"
                )
        self.state = saved["state"]
        self.resolved.model.from_bytes(saved["model"])
        restore_optimizer(self.resolved.model, self.resolved.optimizer, saved["optimizer"], self.state["step"])
        self.rows = [row for row in read_log(self.output / LOG) if row["step"] <= self.state["step"]]
        note(f"going on after batch {self.state['step']}, once its place in the text is found")

    def learn(self) -> None:
        """Learns from the batches, skipping any learned before the run was stopped."""
        resolved, learned = self.resolved, self.state["step"]
        batches = resolved.batches()
        with progress(total=resolved.max_steps, initial=learned, unit="batch") as bar:
            for step in range(resolved.max_steps):
                # All random numbers depend on the step alone, so that a run can resume at any step.
                fix_random_seed(resolved.seed + step)
                epoch, batch = next(batches, (0, None))
                if batch is None:
                    break
                if step < learned:
                    self.begun = time.monotonic()
                    continue
                self._update(epoch, batch)
                bar.update()
                if self.state["step"] % resolved.save_every == 0:
                    self._save()
        if self.characters:
            self._save()

    def _update(self, epoch: int, batch: list[Doc]) -> None:
        model, optimizer = self.resolved.model, self.resolved.optimizer
        loss = update(model, batch, optimizer, self.metrics)
        self.state = {**self.state, "step": self.state["step"] + 1, "epoch": epoch}
        if loss != loss:
            raise InputError(f"expected a loss, got {loss} for batch {self.state['step']}; try a lower learn_rate")
        self.characters += sum(map(len, batch))

    def _save(self) -> None:
        resolved = self.resolved
        seconds = time.monotonic() - self.begun
        self.state["characters"] += self.characters
        row: dict[str, Any] = {**self.state, **self.metrics.score()}
        row.update(learn_rate=resolved.optimizer.learn_rate, characters_per_second=self.characters / max(seconds, 1e-6))
        with resolved.model.use_params(resolved.optimizer.averages or {}):
            encoder = resolved.model.get_ref("tok2vec").to_bytes()
            if resolved.held_out:
                score = evaluate_held_out(resolved.model, resolved.held_out, resolved.seed)
                row.update((f"held_out_{name}", value) for name, value in score.items())
            if save := resolved.model.attrs.get("save"):
                save(resolved.model, self.output)
        self.rows.append(row)
        write_text(self.output / LOG, "".join(f"{json.dumps(each)}\n" for each in self.rows))
        write_bytes(self.output / ENCODER, encoder)
        # Written last: a kill before it costs batches, but nothing that is on disk.
        state = {**self.state, "settings": resolved.settings}
        save_checkpoint(self.output / CHECKPOINT, resolved.model, resolved.optimizer, state)
        note("  ".join(f"{name} {value:.6g}" for name, value in row.items()))
        self.metrics, self.characters, self.begun = Metrics(), 0, time.monotonic()


def update(model: Model, batch: list[Doc], optimizer: Optimizer, metrics: Metrics) -> float:
    """Makes one step of the optimizer and its schedules. RETURNS: the loss, summed over the masked characters."""
    logits, backprop = model.begin_update(batch)
    loss, gradient = model.attrs["loss"](model.ops, batch, logits)
    backprop(gradient)
    model.finish_update(optimizer)
    optimizer.step_schedules()
    metrics.add(loss, logits)
    give_back()
    return loss


def evaluate_held_out(model: Model, batches: list[list[Doc]], seed: int) -> dict[str, float]:
    """Returns the scores (see `Metrics`) of batches with some of their characters masked, the same for the same
    seed."""
    fix_random_seed(seed)
    metrics = Metrics()
    for batch in batches:
        logits = model.predict(batch)
        metrics.add(model.attrs["loss"](model.ops, batch, logits)[0], logits)
    return metrics.score()
