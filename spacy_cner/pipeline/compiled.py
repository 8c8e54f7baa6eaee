"""Compiled pipelines: their networks predict by ONNX Runtime, and they need no torch."""

from typing import Any

from spacy import registry
from spacy.language import Language
from thinc.api import Config

from ..errors import InputError
from ..models.compiling import compile_tagger
from ..models.engines import is_compiled
from .network_tagging import NetworkTagger

ARCHITECTURE = "spacy_cner.OnnxTagger.v1"


def compile_pipeline(nlp: Language, *, int8: bool = False) -> Language:
    """Changes a trained pipeline: its networks become graphs of ONNX.

    Each component gets its own copy of features that it shared; what only helps in training is removed. int8: computes
    in 8 bits, which is faster and changes an entity now and then. Raises InputError for a pipeline without a network,
    and for one that cannot be compiled."""
    for name in [name for name, pipe in nlp.components if getattr(pipe, "only_for_training", False)]:
        nlp.remove_pipe(name)
    taggers = [(name, pipe) for name, pipe in nlp.components if isinstance(pipe, NetworkTagger)]
    for upstream, pipe in nlp.components:
        for name in list(getattr(pipe, "listening_components", [])):
            nlp.replace_listeners(upstream, name, ["model.tok2vec"])
    for name in [name for name, pipe in nlp.components if hasattr(pipe, "listening_components")]:
        nlp.remove_pipe(name)
    to_compile = [(name, pipe) for name, pipe in taggers if not is_compiled(pipe.model)]
    if not to_compile:
        found = ", ".join(nlp.pipe_names) or "no components"
        raise InputError(f"expected a pipeline with a network (cner or cws), got {found}")
    for name, pipe in to_compile:
        try:
            compiled = compile_tagger(pipe.model, int8=int8)
        except InputError as error:
            raise InputError(f"{error} in the component {name!r}") from None
        words = any(node.attrs.get("needs_words") for node in pipe.model.walk())
        block = {"@architectures": ARCHITECTURE, "tag_scheme": pipe.tag_scheme, "words": words}
        config: Any = nlp.get_pipe_config(name)
        config["model"] = Config(block)
        model = registry.resolve({"model": block})["model"]
        model.attrs["compiled"] = compiled
        pipe.model = model
    for section in ("corpora", "initialize", "pretraining"):
        nlp.config[section] = {}
    return nlp
