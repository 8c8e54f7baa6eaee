"""The loop that trains a character Transformer, for a budget of minutes."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from ...errors import InputError
from ...files import new_file, write_text
from ...text.progress import note
from ..log import LOG, read_log
from .device import choose_device, layer_dtype, matrix_rate
from .held_out import held_out_figures
from .learned import check_learned, piece_bytes, write_learned
from .masking import mask_words
from .model import CharacterModel, padded_vocabulary
from .optimizers import Optimizers
from .recipe import Budget, TransformerRecipe
from .rows import LENGTH, Order, seed_of, split_rows, to_device, unpack_rows
from .tokens import read_tokens

CHECKPOINT, LEARNED = "checkpoint.pt", "encoder"
SAVE_EVERY, SHOW_EVERY = 60, 15  # seconds
# To read the loss, the CPU waits for a GPU; so it does that once in so many steps.
LOOK_EVERY = 20


def pretrain_transformer(
    work: Path,
    recipe: TransformerRecipe,
    budget: Budget,
    *,
    pause_after: float | None = None,
    gpu_id: int = -1,
    compiled: bool = True,
    piece: float = 15.0,
    restart: bool = False,
) -> Path:
    """Trains on the tokens in `work`, or goes on with the run whose CHECKPOINT is there.

    At the end, and where a run pauses, LOG gets the loss of each text's held-out rows, and the folder LEARNED what was
    learned, see `write_learned`.

    pause_after: minutes, reading and compiling included, after which the run stops to be continued. gpu_id: -1 for the
    CPU. compiled: whether a GPU runs compiled code. piece: MiB of a file in LEARNED. restart: begins anew.
    RETURNS: the path of LEARNED. Raises InputError for settings that do not fit, for a checkpoint of other settings, if
    there are no tokens, and if the loss becomes NaN."""
    piece_bytes(piece)
    check_learned(work / LEARNED)
    pause = None if pause_after is None else time.monotonic() + 60 * pause_after
    run = TransformerRun(work, recipe, budget, choose_device(gpu_id), compiled=compiled and gpu_id >= 0)
    if restart:
        (work / CHECKPOINT).unlink(missing_ok=True)
    elif (work / CHECKPOINT).exists():
        run.resume()
    run.learn(pause)
    facts = {"recipe": asdict(recipe), **run.finish()}
    write_learned(work / LEARNED, run.model, run.vocabulary, facts, piece)
    return work / LEARNED


class TransformerRun:
    """A run and its progress. step: number of steps done. seen: tokens. seconds: of training."""

    def __init__(
        self, work: Path, recipe: TransformerRecipe, budget: Budget, device: torch.device, *, compiled: bool
    ) -> None:
        self.work, self.recipe, self.budget, self.device = work, recipe, budget, device
        self.step, self.seen, self.seconds = 0, 0, 0.0
        self.log: list[dict[str, Any]] = []
        tokens, begun = read_tokens(work), time.monotonic()
        self.vocabulary, self.settings = tokens.vocabulary, {**asdict(recipe), "tokens": tokens.checksum}
        rows = split_rows(tokens)
        self.rows, self.held_out = to_device(rows.train, device), rows.held_out
        self.order = Order(len(rows.train), recipe.batch, recipe.seed, device)
        torch.manual_seed(recipe.seed)
        size = padded_vocabulary(len(self.vocabulary))
        self.model = CharacterModel(size, recipe.width, recipe.layers, layer_dtype(device), recipe.borders).to(device)
        self.loss: Callable[..., torch.Tensor] = torch.compile(self.model) if compiled else self.model
        self.uncounted = LOOK_EVERY if compiled else 0  # the steps that wait for the compiler
        self.optimizers = Optimizers(self.model, fused=device.type == "cuda")
        self.generator = torch.Generator(device)
        self.matrix_rate = matrix_rate(device)
        inside = sum(weights.numel() for weights in self.model.matrices())
        note(
            f"{inside / 1e6:.1f} M parameters in {recipe.layers} layers of {recipe.width}, {len(self.vocabulary):,} "
            f"characters, {len(self.rows):,} rows of {LENGTH}, matrix rate {self.matrix_rate / 1e12:.3g} TFLOP/s, "
            f"begun in {time.monotonic() - begun:.0f} s"
        )

    def resume(self) -> None:
        """Restores the checkpoint in the work folder."""
        path = self.work / CHECKPOINT
        try:
            saved = torch.load(path, map_location=self.device, weights_only=True)
            settings, progress = saved["settings"], saved["progress"]
        except Exception as error:  # damaged files fail in many ways
            raise InputError(f"{path}: expected a checkpoint of `pretrain-transformer`, got {error!r}") from error
        if other := [name for name, value in self.settings.items() if settings.get(name) != value]:
            raise InputError(
                f"{path}: expected a checkpoint of the same settings, got another {other[0]} "
                f"({settings.get(other[0])}); choose another folder, or --restart"
            )
        self.model.load_state_dict(saved["model"])
        self.optimizers.load_state_dict(saved["optimizers"])
        self.step, self.seen, self.seconds = (progress[name] for name in ("step", "characters", "seconds"))
        self.log = [row for row in read_log(self.work / LOG) if row["step"] <= self.step]
        note(f"going on after step {self.step:,}, {self.seconds:.0f} seconds of {self.budget}")

    def learn(self, pause: float | None = None) -> None:
        """Trains until the budget is used, or until the time `pause` of `time.monotonic`."""
        look_every = LOOK_EVERY if self.device.type == "cuda" else 1
        total = torch.zeros((), device=self.device)
        first = looked = shown = self.step
        clock = shown_at = saved_at = time.monotonic()
        while self.budget.used(self.step, self.seconds) < 1:
            total += self._update()
            if self.step % look_every:
                continue
            loss = total.item() / (self.step - looked)  # waits for the device
            now = time.monotonic()
            if loss != loss:
                raise InputError(f"expected a loss, got {loss} in step {self.step:,}; try a lower --rate")
            if self.step > first + self.uncounted:
                self.seconds += now - clock
            total.zero_()
            looked = self.step
            if now - shown_at >= SHOW_EVERY:
                self._show(loss, (self.step - shown) * self.order.batch * LENGTH / (now - shown_at))
                shown, shown_at = self.step, now
            if now - saved_at >= SAVE_EVERY:
                self.save()
                saved_at = time.monotonic()
                shown_at += saved_at - now
            if pause is not None and now >= pause:
                break
            clock = time.monotonic()

    def _update(self) -> torch.Tensor:
        # All random numbers depend on the step alone, so that a run can go on at any step.
        self.generator.manual_seed(seed_of(self.recipe.seed, self.step))
        ids, begins = unpack_rows(self.rows[self.order.of_step(self.step)])
        masked = mask_words(ids, begins, self.recipe.masked, len(self.vocabulary), self.generator)
        loss = self.loss(*masked, begins)
        loss.backward()
        factor = self.recipe.factor(self.step, self.budget.used(self.step, self.seconds))
        self.optimizers.step(self.recipe.rate * factor, self.recipe.matrix_rate * factor)
        self.step += 1
        self.seen += ids.numel()
        return loss.detach()

    def _progress(self) -> dict[str, Any]:
        return {"step": self.step, "characters": self.seen, "seconds": round(self.seconds, 2)}

    def _show(self, loss: float, speed: float) -> None:
        share = speed * self.model.operations(self.recipe.masked) / self.matrix_rate
        figures = {"loss": loss, "characters_per_second": round(speed), "matrix_share": round(share, 4)}
        self.log.append({**self._progress(), **figures})
        note(
            f"step {self.step:,}  loss {loss:.3f}  {speed:,.0f} characters/s, {share:.1%} of the matrix rate  "
            f"{self.budget.used(self.step, self.seconds):.1%} of {self.budget}"
        )

    def save(self) -> None:
        """Writes the checkpoint and the log."""
        write_text(self.work / LOG, "".join(f"{json.dumps(row)}\n" for row in self.log))
        state = {
            "settings": self.settings,
            "progress": self._progress(),
            "model": self.model.state_dict(),
            "optimizers": self.optimizers.state_dict(),
        }
        with new_file(self.work / CHECKPOINT) as new:
            torch.save(state, new)

    def finish(self) -> dict[str, Any]:
        """Saves, and measures the held-out rows. RETURNS: the progress and their figures, which the log gets too."""
        figures = {**self._progress(), **held_out_figures(self.model, self.held_out, len(self.vocabulary))}
        # A run that has ended may be started again.
        self.log = [row for row in self.log if row["step"] < self.step or "loss" in row] + [figures]
        self.save()
        for name, perplexity in figures.get("held_out", {}).items():
            note(f"held-out perplexity of {name}: {perplexity:.2f}")
        return figures
