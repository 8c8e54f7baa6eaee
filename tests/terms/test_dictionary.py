import pickle
import threading

from hypothesis import example, given
from hypothesis import strategies as st

from spacy_cner.terms import dictionary as module
from spacy_cner.terms.columns import Term, TermColumns
from spacy_cner.terms.dictionary import TermDictionary, without_stops
from spacy_cner.terms.index import Hit, TermIndex

TEXTS = st.text(st.sampled_from("甲乙丙aA"), min_size=1, max_size=3)
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.lists(st.tuples(TEXTS, st.sampled_from("XY")), max_size=3)),
        st.tuples(st.just("remove"), st.lists(TEXTS, max_size=2)),
    ),
    max_size=6,
)


def hits(dictionary, text):
    return [(hit.start, hit.end, hit.term.label) for hit in dictionary.find(text)]


@given(CHANGES, st.text(st.sampled_from("甲乙丙aA"), max_size=12), st.sampled_from([1, 3, 20_000]))
@example([("add", [("a", "X")]), ("remove", ["A"]), ("add", [("A", "X")])], "a", 20_000)
@example([("add", [("A", "Y")]), ("add", [("a", "X")])], "A", 20_000)
def test_it_is_as_if_it_had_been_built_at_once(changes, text, many):
    """Whether changes are kept apart or merged."""
    before, module.MANY = module.MANY, many
    try:
        changed = TermDictionary()
        terms = {}
        for kind, values in changes:
            if kind == "add":
                changed.add(TermColumns.of(values))
                terms.update(dict(values))
            else:
                gone = {changed.folding(value) for value in values}
                here = {changed.folding(term) for term in terms}
                assert changed.remove(values) == len(gone & here)
                terms = {term: label for term, label in terms.items() if changed.folding(term) not in gone}
    finally:
        module.MANY = before
    assert {term.text: term.label for term in changed} == terms and len(changed) == len(terms)
    whole = TermIndex(TermColumns.of(terms.items()), changed.folding)
    assert {hit[:2] for hit in hits(changed, text)} == {hit[:2] for hit in whole.find(text)}
    for start, end, label in hits(changed, text):
        if text[start:end] in terms:
            assert label == terms[text[start:end]]


@given(
    st.lists(
        st.one_of(
            st.lists(st.tuples(TEXTS, st.sampled_from("XY"), st.just(""), st.sampled_from([1, 2])), max_size=3),
            st.text("aA甲", min_size=1, max_size=2),
        ),
        max_size=6,
    ),
    st.text("甲乙ａaＡA", max_size=12),
)
@example([[("AA", "X", "", 2)], [("aa", "Y", "", 1)]], "Aa")
@example([[("AA", "X", "", 1)], [("aa", "Y", "", 1)]], "Aa")
def test_it_is_the_same_when_it_is_saved_and_loaded(changes, text):
    changed = TermDictionary(guard=False)
    for change in changes:
        if isinstance(change, str):
            changed.remove([change])
        else:
            changed.add(TermColumns.of(change))
    loaded = changed
    for _ in range(3):
        loaded = pickle.loads(pickle.dumps(loaded))
        assert loaded.find(text) == changed.find(text)
        assert loaded.lookup(text) == changed.lookup(text)


def test_a_greater_weight_counts_more_than_a_later_form():
    dictionary = TermDictionary()
    dictionary.add(TermColumns.of([("ABC公司", "ORG", "", 2.0), ("abd公司", "ORG")]))
    dictionary.add(TermColumns.of([("abc公司", "BRAND"), ("ABD公司", "BRAND")]))
    assert hits(dictionary, "Abc公司Abd公司") == [(0, 5, "ORG"), (5, 10, "BRAND")]
    assert hits(dictionary, "abc公司") == [(0, 5, "BRAND")]
    found = [dictionary.lookup(text).label for text in ("Abc公司", "abc公司", "Abd公司", "abd公司")]
    assert found == ["ORG", "BRAND", "BRAND", "ORG"]


def test_a_greater_weight_stays():
    dictionary = TermDictionary()
    dictionary.add(TermColumns.of([("苹果", "ORG", "", 2.0), ("小米", "ORG")]))
    conflicts = dictionary.add(TermColumns.of([("苹果", "水果"), ("小米", "粮食")]))
    assert dictionary.lookup("苹果").label == "ORG" and dictionary.lookup("小米").label == "粮食"
    assert [(text, kept.label) for text, kept, _ in conflicts] == [("苹果", "ORG"), ("小米", "粮食")]


def test_terms_of_a_call_are_of_its_thread_alone():
    dictionary = TermDictionary()
    dictionary.add(TermColumns.of([("青岛", "LOC")]))
    wrong = []

    def run(label):
        for _ in range(50):
            with dictionary.of_call(TermColumns.of([("大连", label), ("青岛", label)])):
                if [hit.term.label for hit in dictionary.find("青岛大连")] != [label, label]:
                    wrong.append(label)

    threads = [threading.Thread(target=run, args=(f"L{i}",)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert hits(dictionary, "青岛大连") == [(0, 2, "LOC")]


def test_changes_while_others_search():
    dictionary = TermDictionary()
    dictionary.add(TermColumns.of([("青岛", "LOC")]))
    stop, wrong = threading.Event(), []

    def search():
        while not stop.is_set():
            if (0, 2, "LOC") not in hits(dictionary, "青岛大连"):
                wrong.append(1)

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for i in range(100):
        dictionary.add(TermColumns.of([(f"大连{i}", "LOC")]))
        dictionary.remove([f"大连{i - 1}"])
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong and len(dictionary) == 2


def test_stops():
    def found(terms, stops, text):
        indexes = [
            TermIndex(TermColumns.of((term, "X") for term in each), TermDictionary().folding) for each in (terms, stops)
        ]
        return without_stops(*(list(index.find(text)) for index in indexes))

    hits, closed = found(["阿里"], ["阿里山"], "阿里去阿里山")
    assert [hit[:2] for hit in hits] == [(0, 2)] and closed == [(3, 6)]
    hits, closed = found(["苹果公司"], ["苹果"], "苹果公司卖苹果")
    assert [hit[:2] for hit in hits] == [(0, 4)] and closed == [(5, 7)]
    assert found(["苹果"], ["苹果"], "苹果") == ([], [(0, 2)])


@given(*[st.lists(st.tuples(st.integers(0, 20), st.integers(1, 4)), max_size=12)] * 2)
def test_no_term_that_counts_has_a_character_of_a_stop(terms, stops):
    def hits_at(places):
        return [Hit(start, start + size, Term("", "X")) for start, size in sorted(places)]

    kept, closed = without_stops(hits_at(terms), hits_at(stops))
    assert all(first[1] <= second[0] for first, second in zip(closed, closed[1:]))
    assert kept == [hit for hit in hits_at(terms) if all(hit.end <= start or end <= hit.start for start, end in closed)]


def test_labels_are_those_of_the_terms_that_are_left():
    dictionary = TermDictionary()
    dictionary.add(TermColumns.of([("阿里", "ORG"), ("王海", "PER")]))
    dictionary.add(TermColumns.of([("阿里", "PER")]))
    assert dictionary.labels == ("PER",)
    dictionary.add(TermColumns.of([("青岛", "LOC")]))
    dictionary.remove(["王海"])
    assert dictionary.labels == ("LOC", "PER") == pickle.loads(pickle.dumps(dictionary)).labels
    dictionary.remove(["青岛"])
    assert dictionary.labels == ("PER",)


def test_a_term_with_two_labels_is_told_once():
    dictionary = TermDictionary()
    dictionary.add(TermColumns.of([("阿里", "ORG")]))
    dictionary.add(TermColumns.of([("王海", "PER")]))
    assert [text for text, *_ in dictionary.add(TermColumns.of([("王海", "ORG")]))] == ["王海"]
    assert dictionary.add(TermColumns.of([("青岛", "LOC")])) == []
    assert [text for text, *_ in dictionary.add(TermColumns.of([("周芳", "PER"), ("周芳", "ORG")]))] == ["周芳"]
