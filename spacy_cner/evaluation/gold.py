"""Gold documents as characters."""

from spacy.tokens import Doc, Span

from ..text.chars import is_char_doc


def is_annotated(doc: Doc) -> bool:
    """Returns whether any token has entity annotation, even if there are no entities."""
    return len(doc) > 0 and doc.has_annotation("ENT_IOB")


def char_doc(doc: Doc) -> Doc:
    """Returns a document with the same text and entities and one character per token; `doc` itself if it has that.

    spaCy aligns a predicted entity to the gold tokens that it touches. So with words as gold tokens, an entity that is
    only a part of a word would count as that word. With characters only equal spans match."""
    if is_char_doc(doc):
        return doc
    chars = Doc(doc.vocab, words=list(doc.text), spaces=[False] * len(doc.text))
    ents = [Span(chars, ent.start_char, ent.end_char, label=ent.label_) for ent in doc.ents]
    missing = [chars[token.idx : token.idx + len(token)] for token in doc if token.ent_iob == 0]
    chars.set_ents(ents, missing=missing, default="outside")
    chars.user_data.update(doc.user_data)
    return chars
