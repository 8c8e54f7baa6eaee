from functools import partial
from itertools import count

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy import registry
from spacy.training import Example
from spacy.util import minibatch

from spacy_cner.errors import InputError
from spacy_cner.training.batchers import batch_by_task, make_batch_by_task
from spacy_cner.training.mixed import CORPUS_KEY

NLP = spacy.blank("zh")


def example(text="小鱼游水。", *, entities=None, corpus=None):
    doc = NLP.make_doc(text)
    if entities is not None:
        doc.set_ents([doc.char_span(*entity) for entity in entities])
    if corpus is not None:
        doc.user_data[CORPUS_KEY] = corpus
    return Example(NLP.make_doc(text), doc)


def task_of(item):
    return item[0]


def in_batches(items, size):
    """The batches of strings such as n1, c2, whose first letter is the task."""
    return list(batch_by_task(items, batcher=partial(minibatch, size=size), task_of=task_of))


def test_tasks_take_turns_and_what_is_left_comes_last():
    stream = ["n1", "c1", "n2", "n3", "c2", "c3", "c4", "c5", "c6", "c7"]
    assert in_batches(stream, 2) == [["n1", "n2"], ["c1", "c2"], ["n3"], ["c3", "c4"], ["c5", "c6"], ["c7"]]


def test_any_number_of_tasks():
    assert in_batches(["a1", "b1", "c1", "a2", "a3", "c2", "b2"], 2) == [
        ["a1", "a2"],
        ["b1", "b2"],
        ["c1", "c2"],
        ["a3"],
    ]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.sampled_from("ncx")), st.integers(1, 4))
def test_each_example_comes_once_in_a_batch_of_its_task(letters, size):
    stream = [f"{letter}{i}" for i, letter in enumerate(letters)]
    batches = in_batches(stream, size)
    assert all(len({task_of(item) for item in batch}) == 1 for batch in batches)
    for task in "ncx":
        own = [item for batch in batches for item in batch if task_of(item) == task]
        assert own == [item for item in stream if task_of(item) == task]
        assert [batch for batch in batches if task_of(batch[0]) == task] == list(minibatch(own, size))


@settings(deadline=None, max_examples=50)
@given(st.permutations("nnncccxxxnc"), st.integers(1, 4))
def test_no_two_batches_of_a_task_in_a_row_while_others_have_any(letters, size):
    head = ["n", "c", "x"]  # all tasks are known from the first batch on
    batches = in_batches([*head, *letters], 3 * size)
    order = [task_of(batch[0]) for batch in batches]
    for i, (task, following) in enumerate(zip(order, order[1:])):
        assert task != following or set(order[i:]) == {task}


def test_ends_with_a_task():
    """So that turns are kept to the end: what the others have left is not used."""
    stream = ["n1", "c1", "n2", "c2", "n3", "c3", "c4", "c5", "c6", "c7"]
    batches = batch_by_task(stream, batcher=partial(minibatch, size=2), task_of=task_of, until="n")
    assert list(batches) == [["n1", "n2"], ["c1", "c2"], ["n3"], ["c3", "c4"]]
    batches = batch_by_task(stream, batcher=partial(minibatch, size=2), task_of=task_of, until="c")
    assert list(batches) == in_batches(stream, 2)
    batches = batch_by_task(stream, batcher=partial(minibatch, size=2), task_of=task_of, until="N")
    with pytest.raises(InputError, match="expected examples of the task 'N', with which the epoch ends, got n, c"):
        list(batches)


def test_reads_no_more_than_it_needs():
    read = []

    def endless():
        for i in count():
            read.append(i)
            yield "nc"[i % 2] + str(i)

    batches = batch_by_task(endless(), batcher=partial(minibatch, size=4), task_of=task_of)
    for done in range(1, 20):
        next(batches)
        assert len(read) <= 4 * (done + 1)


def test_batches_by_annotation_through_a_config():
    batcher = registry.resolve(
        {
            "batcher": {
                "@batchers": "spacy_cner.batch_by_task.v1",
                "batcher": {
                    "@batchers": "spacy.batch_by_padded.v1",
                    "size": 20,
                    "buffer": 4,
                    "discard_oversize": False,
                },
            }
        }
    )["batcher"]
    # No entity at all is annotation too.
    stream = [example(entities=e) for e in ([(0, 2, "FISH")], None, [], None, None, [], None)]
    batches = list(batcher(stream))
    tasks = [[eg.reference.has_annotation("ENT_IOB") for eg in batch] for batch in batches]
    assert tasks == [[True, True, True], [False, False, False, False]]
    assert sorted(map(id, stream)) == sorted(id(eg) for batch in batches for eg in batch)


def test_batches_by_corpus():
    stream = [example(corpus=name) for name in "abcabc"]
    batches = make_batch_by_task(partial(minibatch, size=2), by="corpus")(stream)
    assert [[eg.reference.user_data[CORPUS_KEY] for eg in batch] for batch in batches] == [
        ["a", "a"],
        ["b", "b"],
        ["c", "c"],
    ]


def test_batches_by_corpus_need_its_name():
    with pytest.raises(InputError, match="read by spacy_cner.MixedCorpus.v1 for batches by corpus, got '小鱼游水。'"):
        list(make_batch_by_task(partial(minibatch, size=2), by="corpus")([example()]))


def test_unknown_kind_of_task():
    with pytest.raises(InputError, match="one of annotation, corpus, got 'label'"):
        make_batch_by_task(partial(minibatch, size=2), by="label")
