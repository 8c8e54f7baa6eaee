"""The parts of a pre-training run, built from its config."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

from spacy.language import Language
from spacy.schemas import ConfigSchemaPretrain
from spacy.tokens import Doc
from spacy.training.pretrain import create_pretraining_model, ensure_docs
from spacy.util import dot_to_object, load_model_from_config, registry
from thinc.api import Config, ConfigValidationError, Model, Optimizer, fix_random_seed

from ..errors import InputError
from ..models.torch_layers import padded_size
from ..text.batching import batches_by_length

SAVE_EVERY = 500  # batches, if the config does not say
# The sections that a resumed run must share with the stopped one.
SECTIONS = ("nlp", "components", "corpora", "pretraining", "pretraining_loop")


@dataclass
class ResolvedConfig:
    """The parts of a run.

    batches: yields (epoch, batch), from the beginning of the text. held_out: batches to measure perplexity on.
    max_steps, save_every: in batches. settings: the config's sections that the result depends on."""

    model: Model
    optimizer: Optimizer
    batches: Callable[[], Iterator[tuple[int, list[Doc]]]]
    held_out: list[list[Doc]]
    max_steps: int
    save_every: int
    seed: int
    settings: dict[str, Any]


def resolve_config(config: Config) -> ResolvedConfig:
    """Builds the parts of a run; the model is built as `spacy pretrain` does.

    config: interpolated. Raises InputError if it has no `[pretraining]`, or `[pretraining_loop]` is incomplete, and
    where it names what does not exist or does not fit."""
    max_steps, held_out_name = _loop_settings(config)
    seed = config.get("training", {}).get("seed") or 0
    if not isinstance(seed, int):
        raise InputError(f"expected a whole number as the seed of [training], got {seed!r}")
    settings = {"training.seed": seed, **{name: json.loads(json.dumps(config[name])) for name in SECTIONS}}
    fix_random_seed(seed)
    with _building():
        nlp = load_model_from_config(config.merge({"initialize": {"init_tok2vec": None}}), auto_fill=True)
        resolved = registry.resolve(config["pretraining"], schema=ConfigSchemaPretrain)
        model = create_pretraining_model(nlp, resolved)
        read, name = _reader(config, resolved["corpus"]), resolved["corpus"]
        read_held_out = _reader(config, held_out_name) if held_out_name else None

    def batches() -> Iterator[tuple[int, list[Doc]]]:
        for epoch in count() if resolved["max_epochs"] == 0 else range(resolved["max_epochs"]):
            empty = True
            for batch in resolved["batcher"](read(nlp)):
                empty = False
                yield epoch, ensure_docs(batch)
            if empty:
                raise InputError(f"expected text in {name}, got none")

    return ResolvedConfig(
        model=model,
        optimizer=resolved["optimizer"],
        batches=batches,
        held_out=_batches(model, read_held_out(nlp)) if read_held_out else [],
        max_steps=max_steps,
        save_every=resolved["n_save_every"] or SAVE_EVERY,
        seed=seed,
        settings=settings,
    )


@contextmanager
def _building() -> Iterator[None]:
    """Turns what spaCy says of a config into InputError. Of a model that cannot be initialised it does not say why."""
    try:
        yield
    except (InputError, ConfigValidationError):
        raise
    except (KeyError, ValueError) as error:
        reason = error.__context__ if isinstance(error.__context__, ValueError) else error
        if isinstance(reason, InputError):
            raise reason from error
        words = reason.args[0] if isinstance(reason, KeyError) else reason
        raise InputError(f"expected a config whose [pretraining] names a tok2vec and texts, got {words}") from error


def _loop_settings(config: Config) -> tuple[int, str | None]:
    if not config.get("pretraining"):
        raise InputError(
            "expected a config with [pretraining], such as `python -m spacy_cner init clc_encoder` writes, got none"
        )
    loop = config.get("pretraining_loop", {})
    if set(loop) != {"max_steps", "held_out"} or not isinstance(loop["max_steps"], int) or loop["max_steps"] < 1:
        raise InputError(
            "expected [pretraining_loop] with max_steps (batches) and held_out (the name of a corpus, or null), got "
            f"{dict(loop)}"
        )
    return loop["max_steps"], loop["held_out"]


def _reader(config: Config, name: str) -> Callable[[Language], Iterable[Any]]:
    return registry.resolve({"corpus": dot_to_object(config, name)})["corpus"]


def _batches(model: Model, docs: Iterable[Any]) -> list[list[Doc]]:
    texts = ensure_docs(docs)
    return [[texts[i] for i in batch] for batch in batches_by_length(texts, padded_size(model.ops))]
