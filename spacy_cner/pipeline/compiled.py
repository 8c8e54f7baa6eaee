"""Compiled pipelines: they need no torch. Networks predict by ONNX Runtime; sparse features are there in 8 bits."""

from typing import Any

from spacy import registry
from spacy.language import Language
from thinc.api import Config

from ..errors import CannotCompile
from ..loading import copy_shared_features
from ..models.engines import is_compiled
from .feature_tagging import FeatureTaggerPipe
from .network_tagging import NetworkTagger

ARCHITECTURE = "spacy_cner.OnnxTagger.v1"


def compile_pipeline(nlp: Language, *, int8: bool = False) -> Language:
    """Changes a trained pipeline: its networks become graphs of ONNX.

    Each component gets its own copy of features that it shared; what only helps in training is removed. int8: computes
    in 8 bits, which is faster and changes an entity now and then; the weights of sparse features are rounded to 8 bits,
    too. Raises CannotCompile for a pipeline without a network, but in 8 bits one with `cner_features` will do, and for
    one that cannot be compiled."""
    for name in [name for name, pipe in nlp.components if getattr(pipe, "only_for_training", False)]:
        nlp.remove_pipe(name)
    taggers = [(name, pipe) for name, pipe in nlp.components if isinstance(pipe, NetworkTagger)]
    if taggers:
        from ..models.compiling import compile_tagger  # needs torch, as sparse features do not
    for upstream in nlp.component_names:
        copy_shared_features(nlp, upstream, nlp.component_names)
    for name in [name for name, pipe in nlp.components if hasattr(pipe, "listening_components")]:
        nlp.remove_pipe(name)
    to_compile = [(name, pipe) for name, pipe in taggers if not is_compiled(pipe.model)]
    to_shrink = [pipe for _, pipe in nlp.components if int8 and isinstance(pipe, FeatureTaggerPipe)]
    if not to_compile and (taggers or not to_shrink):
        found = ", ".join(nlp.pipe_names) or "no components"
        if taggers:
            raise CannotCompile(f"expected a pipeline that is not compiled yet, got {found}; take what it was made of")
        features = " (--int8 makes cner_features smaller)" if "cner_features" in nlp.pipe_names else ""
        raise CannotCompile(f"expected a pipeline with a network (cner or cws), got {found}{features}")
    for pipe in to_shrink:
        pipe.require_tagger().make_small()
    for name, pipe in to_compile:
        try:
            compiled = compile_tagger(pipe.model, int8=int8)
        except CannotCompile as error:
            raise CannotCompile(f"{error} in the component {name!r}") from None
        words = any(node.attrs.get("needs_words") for node in pipe.model.walk())
        block = {"@architectures": ARCHITECTURE, "tag_scheme": pipe.tag_scheme, "words": words}
        config: Any = nlp.get_pipe_config(name)
        config["model"] = Config(block)
        model = registry.resolve({"model": block})["model"]
        model.attrs["compiled"] = compiled
        model.attrs["layers"] = sorted({node.name for node in pipe.model.walk() if not node.layers})
        pipe.model = model
    for section in ("corpora", "pretraining"):
        nlp.config[section] = {}
    # Nothing of what its training began from; other components may still be added and initialised.
    empty = dict.fromkeys(nlp.default_config["initialize"])
    nlp.config["initialize"] = {**empty, "components": {}, "tokenizer": {}}
    return nlp
