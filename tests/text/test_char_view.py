from time import process_time

import numpy
import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_cner.errors import InputError
from spacy_cner.text.char_view import (
    ENDED,
    UNKNOWN,
    CharView,
    WindowDocs,
    gold_entity_tags,
    gold_word_tags,
    window_tags,
    windows_of,
)
from spacy_cner.text.tags import SCHEMES, allowed_transitions, spans_to_tags, tag_list
from spacy_cner.text.windows import Window

NLP = spacy.blank("zh")
VIEW = CharView(NLP.vocab)
LABELS = ["PER", "LOC"]
MARKS = {UNKNOWN: "?", ENDED: "!"}


def tokens(*words):
    return Doc(NLP.vocab, words=words, spaces=[False] * len(words))


def names(example, scheme="bioes"):
    """The gold tags of the character view by name, `?` where unknown, `!` if that is behind a known entity."""
    tags = tag_list(LABELS, scheme)
    view = VIEW(example.predicted)
    found = gold_entity_tags(example, view, scheme, {tag: i for i, tag in enumerate(tags)})
    assert found.shape == (len(view),)
    assert found.dtype == numpy.int64
    return [MARKS.get(i) or tags[i] for i in found.tolist()]


# CharView


def test_a_char_doc_is_its_own_view():
    doc = NLP.make_doc("王海 A\n\n来")
    assert VIEW(doc) is doc


@pytest.mark.parametrize("text", ["王海来了", "王海 来\n\n了", " 王海", "𠮷野 😀"])
def test_the_view_of_words_is_what_the_char_segmenter_makes(text):
    doc = tokens(text[:2], text[2:])
    assert [token.text for token in VIEW(doc)] == [token.text for token in NLP.make_doc(text)]
    assert VIEW(doc).text == text


def word_texts(doc):
    return [word.text for word in doc.spans["words"]]


def test_the_view_keeps_words_where_they_are_asked_for():
    view = CharView(NLP.vocab, words=True)
    assert word_texts(view(tokens("王海", "来", "\n\n", "了"))) == ["王海", "来", "了"]
    assert "words" not in VIEW(tokens("王海", "来")).spans
    tagged = Doc(NLP.vocab, words=["王海", "来"], spaces=[False, False], pos=["PROPN", "VERB"])
    seen = view(tagged)
    assert [word.label_ for word in seen.spans["words"]] == ["PROPN", "VERB"]
    doc = tokens("王海来", "了")
    doc.spans["words"] = [doc[:1]]
    assert word_texts(view(doc)) == ["王海来"]


def test_windows_keep_words():
    doc = NLP.make_doc("王海来了。林也来了。")
    doc.spans["words"] = [Span(doc, 0, 2, label="nr"), doc[2:7], doc[7:10]]
    first, second = map(WindowDocs([doc]), windows_of([doc], 6))
    assert word_texts(first) == ["王海", "来了。"]
    assert first.spans["words"][0].label_ == "nr"
    assert word_texts(second) == ["林也", "来了。"]


# gold_entity_tags


@pytest.mark.parametrize(
    "scheme, expected",
    [
        ("bio", ["B-PER", "I-PER", "I-PER", "O", "B-LOC"]),
        ("bioes", ["B-PER", "I-PER", "E-PER", "O", "S-LOC"]),
        ("bmes", ["B-PER", "M-PER", "E-PER", "O", "S-LOC"]),
        ("bilou", ["B-PER", "I-PER", "L-PER", "O", "U-LOC"]),
    ],
)
def test_tags_of_each_scheme(scheme, expected):
    reference = NLP.make_doc("林小燕在沪")
    reference.ents = [reference.char_span(0, 3, "PER"), reference.char_span(4, 5, "LOC")]
    assert names(Example(NLP.make_doc(reference.text), reference), scheme) == expected


def test_words_on_either_side():
    words = tokens("林小", "燕在", "沪")
    words.ents = [Span(words, 1, 2, "LOC")]
    for predicted in (NLP.make_doc(words.text), tokens("林小燕", "在沪")):
        assert names(Example(predicted, words)) == ["O", "O", "B-LOC", "E-LOC", "O"]


def test_missing_annotation():
    reference = tokens("林小燕", "在", "青岛")
    assert names(Example(NLP.make_doc(reference.text), reference)) == ["?"] * 6
    reference.set_ents([Span(reference, 2, 3, "LOC")], missing=[reference[0:1]], default="outside")
    assert names(Example(NLP.make_doc(reference.text), reference)) == ["?", "?", "?", "O", "B-LOC", "E-LOC"]
    reference.ents = []
    assert names(Example(NLP.make_doc(reference.text), reference)) == ["O"] * 6


@pytest.mark.parametrize(
    "scheme, expected",
    [("bio", "? B-PER I-PER I-PER ! ? B-LOC B-PER ! O"), ("bioes", "? B-PER I-PER E-PER ? ? S-LOC S-PER ? O")],
)
def test_missing_annotation_behind_an_entity(scheme, expected):
    reference = NLP.make_doc("找林小燕去了沪王家。")
    ents = [reference.char_span(1, 4, "PER"), reference.char_span(6, 7, "LOC"), reference.char_span(7, 8, "PER")]
    reference.set_ents(ents, outside=[reference[9:10]], default="missing")
    assert names(Example(NLP.make_doc(reference.text), reference), scheme) == expected.split()


def test_an_entity_of_unknown_borders_behind_a_known_one():
    reference = tokens("王", "海", "\n", "\n", "来")
    reference.ents = [Span(reference, 0, 2, "PER"), Span(reference, 2, 3, "LOC")]
    assert names(Example(NLP.make_doc("王海\n\n来"), reference), "bio") == ["B-PER", "I-PER", "!", "O"]


def test_a_border_inside_a_run_of_white_space_is_unknown():
    # The view has one token for both line feeds.
    reference = tokens("王", "\n", "\n", "海", "来")
    predicted = NLP.make_doc("王\n\n海来")
    for start, end, expected in (
        (0, 2, ["?", "?", "O", "O"]),
        (2, 4, ["O", "?", "?", "O"]),
        (0, 4, ["B-PER", "I-PER", "E-PER", "O"]),
        (1, 3, ["O", "S-PER", "O", "O"]),
    ):
        reference.ents = [Span(reference, start, end, "PER")]
        assert names(Example(predicted, reference)) == expected


def test_a_single_space_is_part_of_no_token():
    reference = NLP.make_doc("A B")
    reference.ents = [Span(reference, 0, 2, "PER")]
    assert names(Example(NLP.make_doc("A B"), reference)) == ["B-PER", "E-PER"]
    # The same with a token for the space, which spaCy's own tokenizers do not make.
    spaced = tokens("A", " ", "B")
    spaced.ents = [Span(spaced, 0, 3, "PER")]
    assert names(Example(NLP.make_doc("A B"), spaced)) == ["B-PER", "E-PER"]
    spaced.ents = [Span(spaced, 0, 2, "PER")]
    assert names(Example(NLP.make_doc("A B"), spaced)) == ["?", "O"]
    spaced.ents = [Span(spaced, 1, 2, "PER")]
    assert names(Example(NLP.make_doc("A B"), spaced)) == ["O", "O"]


def test_nothing_in_the_document():
    assert names(Example(NLP.make_doc(""), NLP.make_doc(""))) == []


def test_different_texts():
    example = Example(NLP.make_doc("王海来"), NLP.make_doc("王海来"))
    with pytest.raises(InputError, match="two sides have the same text, got '王江来' and '王海来'"):
        gold_entity_tags(example, NLP.make_doc("王江来"), "bioes", {"O": 0})


def test_a_label_the_model_does_not_have():
    reference = NLP.make_doc("王海来")
    reference.ents = [reference.char_span(0, 2, "ORG")]
    with pytest.raises(InputError, match="got 'ORG' for '王海' in '王海来'; see add_label"):
        names(Example(NLP.make_doc("王海来"), reference))


@st.composite
def references(draw):
    """A Doc with any tokens, entities and missing annotation."""
    text = draw(st.text(st.sampled_from("王海A \n"), min_size=1, max_size=10))
    cuts = sorted(draw(st.sets(st.integers(1, max(1, len(text) - 1)))) | {0, len(text)})
    doc = tokens(*(text[a:b] for a, b in zip(cuts, cuts[1:])))
    borders = sorted(draw(st.sets(st.integers(0, len(doc)))))
    kinds = st.sampled_from(["PER", "LOC", "missing", "outside"])
    spans = [(Span(doc, a, b, "x"), draw(kinds)) for a, b in zip(borders, borders[1:])]
    ents = [Span(doc, span.start, span.end, kind) for span, kind in spans if kind in LABELS]
    missing = [span for span, kind in spans if kind == "missing"]
    doc.set_ents(ents, missing=missing, default=draw(st.sampled_from(["missing", "outside"])))
    return doc


@given(references(), st.sampled_from(sorted(SCHEMES)))
def test_tags_character_by_character(reference, scheme):
    view = NLP.make_doc(reference.text)
    borders = [(token.idx, token.idx + len(token)) for token in view]
    missing = {i for token in reference if token.ent_iob == 0 for i in range(token.idx, token.idx + len(token))}
    expected = ["?" if missing & set(range(start, end)) else "O" for start, end in borders]
    for ent in reference.ents:
        covered = [i for i, (a, b) in enumerate(borders) if a < ent.end_char and b > ent.start_char]
        if covered and (borders[covered[0]][0], borders[covered[-1]][1]) == (ent.start_char, ent.end_char):
            tags = spans_to_tags([(0, len(covered), ent.label_)], len(covered), scheme)
        else:
            tags = ["?"] * len(covered)
        for i, tag in zip(covered, tags):
            expected[i] = tag
    if scheme == "bio":
        behind = [i for i in range(1, len(expected)) if expected[i] == "?" and expected[i - 1] not in "?O"]
        for i in behind:
            expected[i] = "!"
    assert names(Example(NLP.make_doc(reference.text), reference), scheme) == expected


# gold_word_tags

ROLES = {"bio": {"B": 0, "I": 1, "E": 1, "S": 0}, "bmes": {"B": 0, "I": 1, "E": 2, "S": 3}}


def word_tags(reference, predicted=None, scheme="bmes", key="words"):
    """The gold tags of the character view as letters, `?` where unknown, `!` if that is behind a known word."""
    predicted = predicted or NLP.make_doc(reference.text)
    view = VIEW(predicted)
    found = gold_word_tags(Example(predicted, reference), view, key, {"W": ROLES[scheme]})
    assert found.shape == (len(view),)
    assert found.dtype == numpy.int64
    letters = "BI" if scheme == "bio" else "BMES"
    return "".join(MARKS.get(i) or letters[i] for i in found.tolist())


def with_words(text, *words):
    doc = NLP.make_doc(text)
    doc.spans["words"] = [doc.char_span(*word) for word in words]
    return doc


@pytest.mark.parametrize("scheme, expected", [("bio", "BIIBBI"), ("bmes", "BMESBE")])
def test_word_tags_of_each_scheme(scheme, expected):
    assert word_tags(with_words("林小燕在青岛", (0, 3), (3, 4), (4, 6)), scheme=scheme) == expected


def test_no_words_and_words_in_a_part():
    assert word_tags(NLP.make_doc("林小燕在")) == "????"
    assert word_tags(with_words("林小燕在"), key="words") == "????"
    assert word_tags(with_words("林小燕在青岛", (1, 3), (4, 5))) == "?BE?S?"
    assert word_tags(with_words("林小燕在", (0, 3)), key="others") == "????"
    assert word_tags(NLP.make_doc("")) == ""


def test_words_in_a_part_by_a_scheme_without_ends():
    assert word_tags(with_words("林小燕在青岛很好", (1, 3), (4, 5)), scheme="bio") == "?BI!B!??"
    # White space ends a word, too, but a word may hold it.
    assert word_tags(with_words("王海\n\n在青岛", (0, 2)), scheme="bio") == "BI?!??"
    assert word_tags(with_words("A\n\nB C", (0, 4)), scheme="bio") == "B?I!"
    assert word_tags(with_words("王海\n\n在", (0, 2), (4, 5)), scheme="bio") == "BI?B"


def test_segmentation_of_words_on_either_side():
    reference = tokens("林小燕", "在", "青岛")
    reference.spans["words"] = [reference[0:1], reference[1:3]]
    for predicted in (None, tokens("林小", "燕在青", "岛")):
        assert word_tags(reference, predicted) == "BMEBME"


def test_white_space_is_in_no_word():
    assert word_tags(with_words("王海\n\n在 青岛", (0, 2), (4, 5), (6, 8))) == "BE?SBE"
    # A word that holds white space goes on behind it.
    assert word_tags(with_words("A\n\nB C", (0, 4), (5, 6))) == "B?ES"
    assert word_tags(with_words("王海\n", (0, 3))) == "BE?"


def test_words_that_meet_inside_a_run_of_white_space():
    # The view has one token for both line feeds.
    reference = tokens("王", "\n", "\n", "海", "来")
    for borders, expected in (
        ([0, 2, 4, 5], "S?SS"),
        ([0, 1, 2, 3, 4, 5], "S?SS"),
        ([0, 2, 5], "S?BE"),
        ([1, 2, 3, 5], "??BE"),
        ([0, 5], "B?ME"),
    ):
        reference.spans["words"] = [reference[start:end] for start, end in zip(borders, borders[1:])]
        assert word_tags(reference) == expected


def test_a_token_for_a_single_space():
    spaced = tokens("A", " ", "B")
    spaced.spans["words"] = [spaced[0:1], spaced[1:2], spaced[2:3]]
    assert word_tags(spaced) == "SS"
    spaced.spans["words"] = [spaced[0:2], spaced[2:3]]
    assert word_tags(spaced) == "SS"
    spaced.spans["words"] = [spaced[0:3]]
    assert word_tags(spaced) == "BE"


@pytest.mark.parametrize(
    "words, shown",
    [
        ([(0, 2), (1, 3)], "'林小' and '小燕'"),
        ([(0, 3), (1, 2)], "'林小燕' and '小'"),
        ([(3, 4), (0, 3)], "'在' and '林小燕'"),
    ],
)
def test_words_that_overlap(words, shown):
    with pytest.raises(
        InputError, match=f"text order that do not overlap, got {shown} in doc.spans.'words'.* of '林小燕在'"
    ):
        word_tags(with_words("林小燕在", *words))


def test_words_with_parts_of_speech():
    reference = with_words("林小燕在青岛", (0, 3), (3, 4), (4, 6))
    person, _, place = reference.spans["words"]
    person.label_, place.label_ = "nr", "ns"
    reference.spans["words"] = [person, reference.spans["words"][1], place]
    roles = {"nr": ROLES["bmes"], "ns": {"B": 4, "I": 5, "E": 6, "S": 7}}
    example = Example(NLP.make_doc(reference.text), reference)
    found = gold_word_tags(example, example.predicted, "words", roles, labelled=True)
    # A word without a part of speech is not annotated.
    assert found.tolist() == [0, 1, 2, UNKNOWN, 4, 6]
    without_ends = {"nr": ROLES["bio"], "ns": {"B": 2, "I": 3, "E": 3, "S": 2}}
    found = gold_word_tags(example, example.predicted, "words", without_ends, labelled=True)
    assert found.tolist() == [0, 1, 1, ENDED, 2, 3]
    with pytest.raises(InputError, match=r"initialised with \(nr\), got 'ns' for '青岛' in '林小燕在青岛'"):
        gold_word_tags(example, example.predicted, "words", {"nr": ROLES["bmes"]}, labelled=True)


def test_words_of_different_texts():
    example = Example(NLP.make_doc("王海来"), with_words("王海来", (0, 3)))
    with pytest.raises(InputError, match="two sides have the same text, got '王江来' and '王海来'"):
        gold_word_tags(example, NLP.make_doc("王江来"), "words", {"W": ROLES["bio"]})


@st.composite
def segmented(draw):
    """A Doc with any tokens, of which some are words."""
    text = draw(st.text(st.sampled_from("王海A \n"), min_size=1, max_size=12))
    cuts = sorted(draw(st.sets(st.integers(1, max(1, len(text) - 1)))) | {0, len(text)})
    doc = tokens(*(text[a:b] for a, b in zip(cuts, cuts[1:])))
    borders = sorted(draw(st.sets(st.integers(0, len(doc)))))
    doc.spans["words"] = [doc[a:b] for a, b in zip(borders, borders[1:]) if draw(st.booleans())]
    return doc


@given(segmented(), st.sampled_from(sorted(ROLES)))
def test_word_tags_character_by_character(reference, scheme):
    view = NLP.make_doc(reference.text)
    place = {token.idx: token.i for token in view if not token.is_space}
    expected = ["?"] * len(view)
    for word in reference.spans["words"]:
        inside = [place[i] for i in range(word.start_char, word.end_char) if i in place]
        letters = "S" if len(inside) == 1 else "B" + "M" * (len(inside) - 2) + "E"
        for i, letter in zip(inside, letters if inside else ""):
            expected[i] = letter if scheme == "bmes" else {"S": "B", "B": "B"}.get(letter, "I")
        behind = next((i for i in sorted(place.values()) if inside and i > inside[-1]), None)
        if scheme == "bio" and behind is not None:
            expected[behind] = "!"  # if no word begins there
    assert word_tags(reference, scheme=scheme) == "".join(expected)


# Windows


def test_windows_of_documents():
    short, empty, long = NLP.make_doc("王海。"), NLP.make_doc(""), NLP.make_doc("王海来。林燕 去了。A")
    docs = [short, empty, long]
    windows, show = windows_of(docs, 5), WindowDocs(docs)
    assert [(w.index, w.start, show(w).text) for w in windows] == [
        (0, 0, "王海。"),
        (2, 0, "王海来。"),
        (2, 4, "林燕 去了。"),
        (2, 9, "A"),
    ]
    assert show(windows[0]) is short
    assert [len(w) for w in windows] == [3, 4, 5, 1]


def test_a_byte_order_mark_in_the_text_is_a_character():
    doc = NLP.make_doc("\ufeff王海来。林燕 去了。A")
    assert "".join(WindowDocs([doc])(window).text for window in windows_of([doc], 5)) == doc.text


def test_a_long_document_takes_time_in_proportion():
    def seconds(doc):
        start = process_time()
        windows = windows_of([doc], 5)
        assert sum(map(len, map(WindowDocs([doc]), windows))) == len(doc)
        return process_time() - start

    short, long = (NLP.make_doc("王海来了。" * count) for count in (500, 8000))
    for doc in (short, long):
        doc.spans["words"] = [doc[i : i + 2] for i in range(0, len(doc), 5)]
    # 16 times the length; with work on the whole document for each window it would be 256 times the time.
    assert min(seconds(long) for _ in range(2)) < 80 * min(seconds(short) for _ in range(5))


@pytest.mark.parametrize("scheme", ["bio", "bioes"])
@pytest.mark.parametrize(
    "start, end, expected",
    [
        (0, 3, "O ? ?"),  # cuts the first entity behind its second tag
        (3, 6, "? = ="),  # its last tag alone
        (0, 4, "= = = ="),  # whole
        (1, 4, "= = ="),
        (4, 8, "= = = ="),
        (2, 3, "?"),  # the inside of an entity
        (5, 7, "= ?"),  # its first tag alone
        (4, 6, "= ="),  # ends between neighbours
        (6, 8, "= ="),  # begins between neighbours
    ],
)
def test_window_tags(scheme, start, end, expected):
    tags = tag_list(LABELS, scheme)
    # 0 O, 1-3 PER, 4 O, 5 PER, 6-7 PER
    document = spans_to_tags([(1, 4, "PER"), (5, 6, "PER"), (6, 8, "PER")], 8, scheme)
    indices = numpy.array([tags.index(tag) for tag in document])
    found = window_tags(indices, Window(0, start, end), allowed_transitions(tags, scheme).continues)
    wanted = [UNKNOWN if mark == "?" else indices[start + i] for i, mark in enumerate(expected.split())]
    assert found.tolist() == wanted
    assert (indices >= 0).all()  # those of the document stay


def test_window_tags_next_to_unknown_tags():
    tags = tag_list(LABELS, "bioes")
    continues = allowed_transitions(tags, "bioes").continues
    indices = numpy.array([UNKNOWN, UNKNOWN, tags.index("S-PER"), 0, 0, UNKNOWN])
    found = window_tags(indices, Window(0, 1, 5), continues)
    assert found.tolist() == [UNKNOWN, tags.index("S-PER"), 0, 0]


def test_window_tags_behind_an_entity():
    tags = tag_list(LABELS, "bio")
    continues = allowed_transitions(tags, "bio").continues
    indices = numpy.array([tags.index("B-PER"), tags.index("I-PER"), ENDED, UNKNOWN])
    for start, end, expected in (
        (0, 2, indices[:2]),
        (0, 3, indices[:3]),
        (1, 4, [UNKNOWN, ENDED, UNKNOWN]),
        (2, 4, indices[2:]),
    ):
        assert window_tags(indices, Window(0, start, end), continues).tolist() == list(expected)
