"""A callback that initialises a pipeline with weights that were learned before."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from spacy import registry, util
from spacy.language import Language
from thinc.api import ConfigValidationError, Model

from ..errors import InputError
from ..files import read_described
from .pooling import pool
from .weights import nodes, read_weights, start_from


@registry.callbacks("spacy_cner.load_weights.v1")
def make_load_weights(
    encoder: str | None = None,
    recogniser: str | None = None,
    component: str = "cner",
    layer: str = "",
    partner: str | None = None,
    share: float = 0.5,
) -> Callable[[Language], None]:
    """Makes a callback for `[initialize.after_init]` that loads what was learned before. It replaces spaCy's
    `init_tok2vec` in a config without `[pretraining]`.

    encoder: a file that `python -m spacy_cner pretrain` or `export-encoder` wrote. With null, `layer` has random
        weights, and a warning says so, unless the recogniser has it.
    recogniser: a file that `python -m spacy_cner export-recogniser` wrote, from a pipeline of the same config. Labels
        that both have keep what was learned of them. With null, the tagger begins from scratch.
    component: the component that holds them. layer: the encoder's reference in its model ("pretrained" for
        `spacy_cner.CrfTagger.v1`), or "" for the whole model.
    partner: a recogniser that the tagger is pooled with, see `spacy_cner.models.pooling`: such a file for the layer
        `spacy_cner.Partner.v1`, or the folder of a pipeline with a `cner_features`. With null there is none.
    share: the partner's weight in the pool, from 0 to 1. It is 0 for a recogniser that was pooled before, and for one
        of labels that the partner lacks: then the partner gives features alone. Without a recogniser it is 1.
    A component that spaCy does not initialise, because it is sourced from a trained pipeline or frozen, keeps what it
    has learned: the callback says so and does nothing.

    It raises ConfigValidationError, which `spacy train` prints, if a file is missing, is of another
    architecture, or is not the one that its description (the same name with .json, if it is there) states."""
    return partial(
        _load_weights,
        encoder=encoder,
        recogniser=recogniser,
        component=component,
        layer=layer,
        partner=partner,
        share=share,
    )


def _load_weights(
    nlp: Language,
    *,
    encoder: str | None,
    recogniser: str | None,
    component: str,
    layer: str,
    partner: str | None,
    share: float,
) -> None:
    if component in nlp.disabled:
        util.logger.info("%s comes from a pipeline or is frozen, so it keeps its weights", component)
        return
    model: Any = nlp.get_pipe(component).model  # type: ignore[attr-defined]
    if encoder is None and layer and (recogniser is None or _is_frozen(model, layer)):
        util.logger.warning("No encoder is loaded, so its weights are random: give one with --paths.init_tok2vec FILE")
    elif encoder is not None:
        try:
            data = read_described(Path(encoder))
        except OSError as error:
            raise _invalid(nlp, "encoder", f"{encoder}: expected an encoder, got {error.strerror}") from error
        except InputError as error:
            raise _invalid(nlp, "encoder", str(error)) from error
        try:
            (model.get_ref(layer) if layer else model).from_bytes(data)
        except Exception as error:  # damaged weights fail in many ways
            other = "a recogniser: start from it with --paths.recogniser" if _is_recogniser(Path(encoder)) else error
            expected = f"expected an encoder of the architecture that {component} has, got {encoder}: {other}"
            raise _invalid(nlp, "encoder", expected) from error
        util.logger.info("Loaded the encoder's weights from %s", encoder)
    learned = None
    if recogniser is not None:
        try:
            learned = start_from(model, Path(recogniser))
        except InputError as error:
            raise _invalid(nlp, "recogniser", str(error)) from error
        util.logger.info("Started from the recogniser of %s in %s", ", ".join(learned.labels), recogniser)
    if partner is not None:
        try:
            labels = pool(model, Path(partner), share, learned)
        except InputError as error:
            raise _invalid(nlp, "partner", str(error)) from error
        util.logger.info("Pooled with the recogniser of %s in %s", ", ".join(labels), partner)
    elif model.maybe_get_ref("partner") is not None:
        util.logger.warning("No partner is loaded, so its weights are random: give one with --paths.partner FILE")


def _is_recogniser(path: Path) -> bool:
    """Whether a file has the weights of a whole tagger."""
    try:
        read_weights(path)
    except InputError:
        return False
    return True


def _is_frozen(model: Model, layer: str) -> bool:
    """Whether a recogniser leaves out the layer."""
    return any(frozen for node, frozen in nodes(model) if node is model.get_ref(layer))


def _invalid(nlp: Language, key: str, message: str) -> ConfigValidationError:
    return ConfigValidationError(config=nlp.config, errors=[{"loc": ["initialize", "after_init", key], "msg": message}])
