"""Texts and documents of all kinds, from a random generator, and what is true of any pipeline's entities in them."""

from random import Random

from conftest import SENTENCES
from spacy.language import Language
from spacy.tokens import Doc, DocBin, Span

from spacy_cner.corpus.fast_spans import fast_spans
from spacy_cner.pipeline.entity_writer import blocked_spans

PIECES = [
    *(text for text, _ in SENTENCES), "王海", "林小燕", "青岛", "蓝天银行", "陳嘉欣",
    "北京大学", "昨天去了", "，", "。", "！？",
    " ", "  ", "\t", "\n", "\r\n", "\r", "\u3000", "\xa0", "\u2028", "\x85", "\0", "\x1b", "\ufeff", "\u200b",
    "\u202e", "A", "iPhone", "2026年", "3.5%", "http://a.b/c?d=1", "ＡＢ１", "é", "e\u0301", "ß", "İ", "ﬁ",
    "👨\u200d👩\u200d👧", "🇨🇳", "😀", "\ufe0f",
    "𠮷", "\ue000", "\U0010ffff", "\ufffd", "한국", "カナ", "<b>", "[PER]", "«", "“", "”", "《", "》",
]  # fmt: skip
ALONE = 20  # of so many documents one is also given to the pipeline alone, saved, and annotated twice


def random_text(draw: Random) -> str:
    """No piece, a few, or once in a while as many as do not fit in a window; and now and then any character."""
    chosen = []
    for _ in range(draw.randrange(9) * draw.choice([0, *[1] * 98, 20])):
        if draw.random() < 0.1:
            point = draw.randrange(draw.choice([0x80, 0x3000, 0xD800, 0x110000]))
            chosen.append(chr(point) if not 0xD800 <= point < 0xE000 else "王")
        else:
            chosen.append(draw.choice(PIECES))
    return "".join(chosen)


def random_doc(draw: Random, nlp: Language) -> Doc:
    """A text in the pipeline's tokens, or in others; the first or last tokens may be an entity already, or blocked."""
    text = random_text(draw)
    if draw.random() < 0.7:
        doc = nlp.make_doc(text)
    else:
        size = draw.choice([1, 2, 4, 30])
        words = []
        while text:
            length = draw.randint(1, size)
            words.append(text[:length])
            text = text[length:]
        doc = Doc(nlp.vocab, words=words, spaces=[draw.random() < 0.2 for _ in words])
    if len(doc) > 3 and draw.random() < 0.2:
        doc.set_ents([Span(doc, 0, 2, "GIVEN")], blocked=[doc[-2:]], default="missing")
    return doc


def found_in(doc: Doc) -> list[tuple[int, int, str]]:
    return [(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents]


def close(one: list[float], other: list[float]) -> bool:
    return len(one) == len(other) and all(abs(a - b) < 1e-4 for a, b in zip(one, other))


def tokens(doc: Doc) -> list[str]:
    return [token.text for token in doc]


def check(nlp: Language, before: Doc, doc: Doc) -> None:
    """What entities may be. before: the document as it was given to the pipeline."""
    assert doc.text == before.text and tokens(doc) == tokens(before)
    own = [ent for ent in doc.ents if ent.label_ != "GIVEN"]
    assert [ent for ent in found_in(doc) if ent[2] == "GIVEN"] == found_in(before)
    given = {i for ent in doc.ents if ent.label_ == "GIVEN" for i in range(ent.start, ent.end)}
    scored = zip(doc.spans["cner"], doc.spans["cner"].attrs["scores"], strict=True)
    beside = [(str(span), score) for span, score in scored if given.isdisjoint(range(span.start, span.end))]
    assert beside == [(str(ent), ent._.score) for ent in own]
    labels = {label for pipe in nlp.pipe_names for label in nlp.get_pipe(pipe).labels}
    blocked = {i for span in blocked_spans(before) for i in range(span.start, span.end)}
    own_tokens = tokens(doc) == tokens(nlp.make_doc(doc.text))
    for ent in own:
        assert ent.label_ in labels and 0 <= ent._.score <= 1
        assert blocked.isdisjoint(range(ent.start, ent.end))
        assert ent.text.strip() and (not own_tokens or ent.text == ent.text.strip())


def scores(doc: Doc) -> list[float]:
    return doc.spans["cner"].attrs["scores"]


def check_alone(nlp: Language, before: Doc, doc: Doc) -> None:
    """A document alone, one that was saved, and one that was annotated before have the same entities."""
    saved = next(DocBin(docs=[doc]).get_docs(nlp.vocab))
    for other in (nlp(before.copy()), nlp(doc.copy()), saved, Doc(nlp.vocab).from_bytes(doc.to_bytes())):
        assert found_in(other) == found_in(doc)
        assert close(scores(other), scores(doc))


@fast_spans()
def check_seeds(nlp: Language, seeds: range, batch: int) -> int:
    """Checks the documents that these seeds make, in batches. RETURNS: the number of entities found."""
    total = 0
    for start in range(seeds.start, seeds.stop, batch):
        part = range(start, min(start + batch, seeds.stop))
        with nlp.memory_zone():
            given = [random_doc(Random(f"{seed} doc"), nlp) for seed in part]
            before = [doc.copy() for doc in given]
            try:
                done = list(nlp.pipe(given, batch_size=batch))
            except Exception as error:
                raise AssertionError(f"a seed of {part}") from error
            for seed, old, doc in zip(part, before, done, strict=True):
                try:
                    check(nlp, old, doc)
                    if seed % ALONE == 0:
                        check_alone(nlp, old, doc)
                except Exception as error:
                    raise AssertionError(f"seed {seed}: {old.text!r} in {tokens(old)}") from error
                total += len(doc.spans["cner"])
    return total
