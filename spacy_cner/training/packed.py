"""Examples as bytes, for corpora of which no more is looked at than a batch."""

from typing import NamedTuple

from spacy.tokens import DocBin
from spacy.tokens._serialize import ALL_ATTRS
from spacy.training import Example
from spacy.vocab import Vocab

from ..corpus.fast_spans import fast_spans
from ..scratch import ByteRange, ScratchFile

ATTRS = [*(attr for attr in ALL_ATTRS if attr != "HEAD"), "NORM"]


class Stored(NamedTuple):
    """A packed example in a file."""

    scratch: ScratchFile
    place: ByteRange


Packed = bytes | Stored


@fast_spans()
def pack(example: Example, scratch: ScratchFile) -> Packed:
    """Returns both documents of an example, with all that a `.spacy` file holds of them: of Chinese text about a tenth
    of the memory that they take. They lie in the scratch file, and in memory where that has no room."""
    # spaCy reads back the ends of sentences or the heads that they follow from, not both.
    ends = "HEAD" if example.reference.has_annotation("DEP") else "SENT_START"
    docs = (example.predicted, example.reference)
    data = DocBin(attrs=[*ATTRS, ends], store_user_data=True, docs=docs).to_bytes()
    place = scratch.add(data)
    return data if place is None else Stored(scratch, place)


@fast_spans()
def unpack(packed: Packed, vocab: Vocab) -> Example:
    """Returns the example that `pack` packed."""
    data = packed if isinstance(packed, bytes) else packed.scratch.read(packed.place)
    predicted, reference = DocBin().from_bytes(data).get_docs(vocab)
    return Example(predicted, reference)
