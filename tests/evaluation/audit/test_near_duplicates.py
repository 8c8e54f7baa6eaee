import random

import pytest

from spacy_cner.evaluation.audit import copies
from spacy_cner.evaluation.audit.finding import Annotated

TEXT = "林小燕昨天去了青岛，今天又和王海一起坐车到大连去看海。"
FORM = "，中国国籍，无境外永久居留权，大学本科学历，高级工程师"


def docs(*texts):
    return [Annotated(text, []) for text in texts]


def people(count, form=FORM):
    """Documents of one form, all different."""
    draw = random.Random(0)
    names = {"".join(draw.choices("王李张刘陈杨黄赵周吴小明伟芳", k=3)) for _ in range(2 * count)}
    return docs(*(f"{name}，{draw.randint(1940, 1990)}年出生{form}。" for name in sorted(names)[:count]))


def said(files):
    return [(each.file, each.document, each.said.split(" % ")[1]) for each in copies.copies(files)]


@pytest.fixture
def compared(monkeypatch):
    """The pairs that are compared."""
    pairs, similarity = [], copies.similarity

    def counting(one, other):
        pairs.append((one, other))
        return similarity(one, other)

    monkeypatch.setattr(copies, "similarity", counting)
    return pairs


def test_texts_of_one_form_are_compared_with_few(compared):
    documents = people(200, f"{FORM}，历任公司副总经理、财务总监、董事会秘书，兼任子公司执行董事。{TEXT}")
    found = said({"train": documents})
    assert [number for _, number, _ in found] == list(range(2, 201))
    assert len(compared) == 199


def test_texts_that_share_bands_but_are_not_similar_are_compared_with_the_newest(compared, monkeypatch):
    monkeypatch.setattr(copies, "SIMILAR", 1.0)
    monkeypatch.setattr(copies, "NEWEST", 2)
    assert not said({"train": people(200)})
    assert len(compared) <= 200 * copies.BANDS * 2 < 200 * 199 / 2


def test_a_near_duplicate_of_a_near_duplicate():
    second = f"周明{TEXT[2:]}"
    third = f"{second[:-2]}山！"
    assert said({"train": docs(TEXT, second, third)}) == [("train", 2, "as document 1"), ("train", 3, "as document 2")]
    assert not said({"train": docs(TEXT, third)})


def test_the_training_set_comes_before_more_similar_texts_of_the_same_file():
    files = {"train": docs(TEXT), "test": docs(f"周明{TEXT[2:]}", f"吴明{TEXT[2:]}")}
    assert said(files) == [("test", 1, "as document 1 of train"), ("test", 2, "as document 1 of train")]


def test_texts_of_one_form_in_another_file_do_not_hide_the_training_set():
    files = {"train": docs(TEXT), "test": [*people(100, TEXT), *docs(f"周明{TEXT[2:]}")]}
    assert said(files)[-1] == ("test", 101, "as document 1 of train")
