"""The attention of a pipeline's components for one text."""

from typing import NamedTuple

import numpy
from spacy.language import Language

from ..errors import InputError
from ..nn.attention import attention_weights
from ..text.char_view import CharView

BORDERS = ("[CLS]", "[SEP]")


class AttentionMap(NamedTuple):
    """The attention of one layer.

    weights: (heads, n_rows, n_columns); each row sums to 1. columns: the characters of the text, between BORDERS where
    the layer has vectors before and after them. rows: the same, or what else attends to them, such as classes."""

    name: str
    rows: list[str]
    columns: list[str]
    weights: numpy.ndarray


def attention_maps(nlp: Language, text: str) -> list[AttentionMap]:
    """Runs the pipeline on a text and returns the attention of its components, in pipeline order. Maps of a component
    with several layers have a number after its name.

    Raises InputError for a text without characters, a pipeline without attention, and a text longer than a component's
    window."""
    doc = nlp.make_doc(text)
    characters = [token.text for token in CharView(nlp.vocab)(doc)]
    if not characters:
        raise InputError(f"expected a text with characters, got {text!r}")
    maps: list[AttentionMap] = []
    for name, pipe in nlp.pipeline:
        with attention_weights() as found:
            doc = pipe(doc)
        for number, (weights, rows) in enumerate(found, 1):
            read = [BORDERS[0], *characters, BORDERS[1]] if weights.shape[-1] == len(characters) + 2 else characters
            if weights.shape[0] != 1 or weights.shape[-1] != len(read):
                raise InputError(
                    f"expected a sentence, which the component {name!r} reads as a whole, got {len(characters)} "
                    "characters"
                )
            title = name if len(found) == 1 else f"{name} {number}"
            maps.append(AttentionMap(title, rows or read, read, weights[0].float().cpu().numpy()))
    if not maps:
        raise InputError(f"expected a pipeline with attention, got {', '.join(nlp.pipe_names) or 'an empty one'}")
    return maps
