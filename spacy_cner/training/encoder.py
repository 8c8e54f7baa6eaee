"""A callback that initialises a pipeline with the weights of a pre-trained encoder."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from spacy import registry, util
from spacy.language import Language
from thinc.api import ConfigValidationError


@registry.callbacks("spacy_cner.load_encoder.v1")
def make_load_encoder(path: str | None = None, component: str = "cner", layer: str = "") -> Callable[[Language], None]:
    """Makes a callback for `[initialize.after_init]` that loads the weights of a pre-trained encoder. It replaces
    spaCy's `init_tok2vec` in a config without `[pretraining]`.

    path: a file that `python -m spacy_cner pretrain` or `export-encoder` wrote. With null, the weights do not change,
        and a warning says so.
    component: the component that holds the encoder. layer: a reference of its model ("pretrained" for
        `spacy_cner.CrfTagger.v1`), or "" for the whole model.
    The callback raises ConfigValidationError, which `spacy train` prints, if the file is missing or holds an encoder of
    another architecture."""
    return partial(_load_encoder, path=path, component=component, layer=layer)


def _load_encoder(nlp: Language, *, path: str | None, component: str, layer: str) -> None:
    if path is None:
        util.logger.warning("No encoder is loaded, so its weights are random: give one with --paths.init_tok2vec FILE")
        return
    model = nlp.get_pipe(component).model  # type: ignore[attr-defined]
    try:
        (model.get_ref(layer) if layer else model).from_bytes(Path(path).read_bytes())
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        message = f"expected an encoder of the architecture that {component} has, got {path}: {error}"
        raise ConfigValidationError(
            config=nlp.config, errors=[{"loc": ["initialize", "after_init", "path"], "msg": message}]
        ) from error
    util.logger.info("Loaded the encoder's weights from %s", path)
