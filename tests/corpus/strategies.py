"""Hypothesis strategies for corpus tests."""

from hypothesis import strategies as st

from spacy_cner.corpus.document import AnnotatedText, trim

AWKWARD_TEXT = st.text(st.sampled_from("王海A1 \t\n　[]\\#-_é😄\u2028\u0301"), min_size=1, max_size=14)
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@st.composite
def annotated_texts(draw, text=AWKWARD_TEXT, aligned=False):
    """Any valid AnnotatedText; with `aligned`, entities begin and end where words do."""
    text = draw(text)
    cuts = sorted(draw(st.sets(st.integers(0, len(text)))) | {0, len(text)})
    words = trim(text, list(zip(cuts, cuts[1:], strict=False)))
    edges = sorted({edge for word in words for edge in word}) if aligned else range(len(text) + 1)
    cuts = sorted(draw(st.sets(st.sampled_from(edges)))) if edges else []
    entities = [
        (start, end, draw(st.sampled_from(["PER", "LOC.NAM", "x_1-y"])))
        for start, end in trim(text, list(zip(cuts, cuts[1:], strict=False)))
        if draw(st.booleans())
    ]
    return AnnotatedText(text, entities, draw(st.sampled_from([None, words])))
