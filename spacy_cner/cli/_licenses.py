"""The licences that go into a pipeline's wheel: its own, and those of the parts that it took from others."""

from collections.abc import Callable
from pathlib import Path

from spacy.language import Language
from thinc.api import Model

TEXTS = Path(__file__).parents[1] / "assets" / "licenses"
OURS = "Copyright (c) 2026 The spacy_cner authors"
JIEBA = "Copyright (c) 2013 Sun Junyi"
LAC = (
    "Copyright (c) 2019 PaddlePaddle Authors. All Rights Reserved.\nCopyright (c) 2018 Baidu, Inc. All Rights Reserved."
)
LAC_SOURCE = {
    "name": "LAC, the network that comes with jieba 0.42",
    "author": "Baidu (Jiao, Sun and Sun 2018)",
    "license": "Apache 2.0",
    "url": "https://github.com/baidu/lac",
    "about": "its texts of the web are not published; jieba is MIT",
}
# The layers that hold weights of others, by their names: what the card says of them.
SOURCES = {"jieba_network": LAC_SOURCE}


def mit(copyright_line: str) -> str:
    """Returns the MIT licence."""
    return (TEXTS / "MIT.txt").read_text(encoding="utf-8").replace("{copyright}", copyright_line)


def foreign_layers(nlp: Language) -> list[str]:
    """Returns the names of the layers, out of SOURCES, that a pipeline has, or that it was compiled of."""
    models = [getattr(pipe, "model", None) for _, pipe in nlp.components]
    nodes = [node for model in models if isinstance(model, Model) for node in model.walk()]
    names = {name for node in nodes for name in (node.name, *node.attrs.get("layers", ()))}
    return sorted(names & SOURCES.keys())


def notices(layers: list[str]) -> str:
    """Returns the licences of the parts that a pipeline with these layers has from others."""
    parts = [
        "What this pipeline took from others keeps its licence.\n",
        _part(
            "spacy_cner: the network's shape, and the vectors, lexicon and encoder if training began with them",
            mit(OURS),
        ),
    ]
    return "\n".join(parts + [NOTICES[layer]() for layer in layers])


def _part(title: str, text: str) -> str:
    return f"{'=' * 80}\n{title}\n{'=' * 80}\n\n{text.strip()}\n"


def _of_lac() -> str:
    apache = (TEXTS / "Apache-2.0.txt").read_text(encoding="utf-8")
    changes = (
        "Its weights were changed: the embedding is kept in half precision, unknown characters share a row,\n"
        "and where another tagger stands on it, its output layer is left out. In a pipeline that was compiled in\n"
        "8 bits, the weights are rounded to these."
    )
    return (
        _part("jieba, which LAC's files come with", mit(JIEBA)) + "\n" + _part("LAC", f"{LAC}\n\n{changes}\n\n{apache}")
    )


NOTICES: dict[str, Callable[[], str]] = {"jieba_network": _of_lac}
