"""What the tests share: sentences written for them, and small pipelines that train in seconds."""

import os
from itertools import product

import numpy
import pytest
import spacy
from hypothesis import settings
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example
from thinc.api import Adam, Model, Optimizer

from spacy_cner.corpus.document import AnnotatedText, join_words
from spacy_cner.errors import missing

# A machine may be busy: no test fails for being slow.
settings.register_profile("spacy_cner", deadline=None)
settings.load_profile("spacy_cner")
# Ray's thread that collects statistics of use goes on after a test, and would write to the log of the next.
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"


def pytest_addoption(parser):
    parser.addoption("--without-torch", action="store_true", help="skip what fails because torch is not installed")


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    return skipped_without_torch(collector, (yield))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    return skipped_without_torch(item, (yield))


def skipped_without_torch(node, report):
    reasons = ("No module named 'torch'", missing("torch")) if node.config.getoption("without_torch") else ()
    if report.failed and any(reason in report.longreprtext for reason in reasons):
        report.outcome, report.longrepr = "skipped", (str(node.path), 0, "needs torch")
    return report


# A training of the config clc that takes a second.
TINY = {
    "components.cner.model.tok2vec.embed.widths": [8],
    "components.cner.model.tok2vec.embed.buckets": [50],
    "components.cner.model.tok2vec.encode.filters": 8,
    "components.cner.model.encoder.width": 8,
    "training.optimizer.learn_rate.total_steps": 3,
    "training.eval_frequency": 2,
}
# text, entities as (start, end, label) in characters
SENTENCES: list[tuple[str, list[tuple[int, int, str]]]] = [
    ("林小燕昨天去了青岛。", [(0, 3, "PER"), (7, 9, "LOC")]),
    ("青岛的海风吹着她。", [(0, 2, "LOC")]),
    ("王海在蓝天银行工作。", [(0, 2, "PER"), (3, 7, "ORG")]),
    ("蓝天银行今天不开门!", [(0, 4, "ORG")]),
    ("今天天气真好,没有谁出门。", []),
    ("林小燕和王海都住在大连。", [(0, 3, "PER"), (4, 6, "PER"), (9, 11, "LOC")]),
]
# The same in words.
SEGMENTED = [
    "林小燕 昨天 去 了 青岛 。",
    "青岛 的 海风 吹着 她 。",
    "王海 在 蓝天 银行 工作 。",
    "蓝天 银行 今天 不 开门 !",
    "今天 天气 真 好 , 没有 谁 出门 。",
    "林小燕 和 王海 都 住 在 大连 。",
]


def small_model(**tagger: object) -> dict[str, object]:
    """A CLC small enough to learn SENTENCES by heart in a second or two."""
    return {
        "@architectures": "spacy_cner.CrfTagger.v1",
        "tok2vec": {
            "@architectures": "spacy.Tok2Vec.v2",
            "embed": {"@architectures": "spacy_cner.CharNgramEmbed.v1", "widths": [24], "buckets": [200]},
            "encode": {"@architectures": "spacy_cner.CharCNN.v1", "filters": 32, "windows": [2, 3]},
        },
        "encoder": {"@architectures": "spacy_cner.BiLSTM.v1", "width": 32},
        **tagger,
    }


def make_examples(nlp: Language, sentences=SENTENCES) -> list[Example]:
    return [Example.from_dict(nlp.make_doc(text), {"entities": entities}) for text, entities in sentences]


def word_examples(nlp: Language, segmented=SEGMENTED, entities: list | None = None) -> list[Example]:
    """Segmented sentences, without entity annotation unless `entities` are given: one list for each sentence."""
    references = [
        AnnotatedText(text, ents, words).to_doc(nlp.vocab)
        for (text, words), ents in zip(map(join_words, map(str.split, segmented)), entities or [None] * len(segmented))
    ]
    return [Example(nlp.make_doc(reference.text), reference) for reference in references]


def joint_examples(nlp: Language) -> list[Example]:
    """SENTENCES with entities and words."""
    return word_examples(nlp, entities=[entities for _, entities in SENTENCES])


def partial_examples(nlp: Language) -> list[Example]:
    """Sentences of which one name is known, as an entity and as a word, and nothing of what is around it; and some of
    which all is known."""
    examples, rests = [], ["在青岛工作", "昨天去了大连", "喜欢看海风", "今天不出门"]
    for name, rest in product(["王海", "林小燕", "张青", "李大山", "陈晓"], rests):
        reference = nlp.make_doc(f"{name}{rest}。")
        reference.set_ents([Span(reference, 0, len(name), "PER")], default="missing")
        reference.spans["words"] = [reference[: len(name)]]
        examples.append(Example(nlp.make_doc(reference.text), reference))
    return [*examples, *word_examples(nlp, [f"我们 {' '.join(rest)} 。" for rest in rests], [[]] * len(rests))]


def step(nlp: Language, examples: list[Example], optimizer: Optimizer) -> dict[str, float]:
    """One update as `spacy train` does it: given the optimizer, nlp.update would apply it to a shared tok2vec before
    its listeners have sent their gradients. RETURNS: the losses."""
    losses = nlp.update(examples, sgd=False, losses={}, drop=0.0)
    for _, pipe in nlp.pipeline:
        pipe.finish_update(optimizer)
    return losses


def train(nlp: Language, examples: list[Example], *, steps: int = 60, rate: float = 0.02) -> float:
    """Full-batch updates. RETURNS: the last loss of the last component."""
    optimizer = nlp.resume_training()
    optimizer.learn_rate = rate
    losses: dict[str, float] = {}
    for _ in range(steps):
        losses = step(nlp, examples, optimizer)
    return losses[nlp.pipe_names[-1]]


def assert_training_changes_nothing(model: Model, docs: list[Doc]) -> None:
    """Of features that are used as they are: neither their rows nor, in training, what they are."""
    before, optimizer = model.predict(docs), Adam(0.1, L2=0.1)
    features, backprop = model.begin_update(docs)
    assert backprop([numpy.ones_like(rows) for rows in features]) == []
    model.finish_update(optimizer)
    for one, other, in_training in zip(before, model.predict(docs), features):
        numpy.testing.assert_array_equal(one, other)
        numpy.testing.assert_array_equal(one, in_training)


def assert_dropout_is_of_training_only(model: Model, docs: list[Doc], dropout: float) -> None:
    """Training leaves out about this share of the features and scales the others; prediction leaves out none."""
    spacy.util.fix_random_seed(0)
    rows = numpy.concatenate(model.predict(docs))
    in_training = numpy.concatenate(model.begin_update(docs)[0])
    dropped = (in_training == 0) & (rows != 0)
    assert abs(dropped.mean() - dropout) < 0.15
    numpy.testing.assert_allclose(in_training[~dropped], rows[~dropped] / (1 - dropout), rtol=1e-5)
    numpy.testing.assert_array_equal(rows, numpy.concatenate(model.predict(docs)))


def entities(doc) -> list[tuple[int, int, str]]:
    return [(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents]


def words(doc) -> list[str]:
    return [word.text for word in doc.spans["words"]]


def blank_joint(*, cws: dict[str, object] = {}, cner: dict[str, object] = {}) -> Language:  # noqa: B006
    """A shared tok2vec to which a `cws` and a `cner` listen, small; with settings of these two."""
    model, nlp = small_model(), spacy.blank("zh")
    nlp.add_pipe("tok2vec", config={"model": model["tok2vec"]})
    listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": 32, "upstream": "tok2vec"}
    nlp.add_pipe("cws", config={"model": {**model, "tok2vec": listener, "tag_scheme": "bio", "encoder": None}, **cws})
    nlp.add_pipe("cner", config={"model": {**model, "tok2vec": listener}, **cner})
    return nlp


def blank_adversarial(**discriminator: object) -> Language:
    """Shared and private BiLSTMs with attention, a `task_discriminator`, `cws` and `cner`, small."""
    model, nlp = small_model(), spacy.blank("zh")
    attention = {
        "@architectures": "spacy_cner.SelfAttention.v1",
        "heads": 2,
        "encoder": {"@architectures": "spacy_cner.BiLSTM.v1", "width": 16},
    }
    embed = model["tok2vec"]["embed"]  # type: ignore[index]
    shared = {"@architectures": "spacy_cner.EmbedAndEncode.v1", "embed": embed, "encode": attention}
    nlp.add_pipe("tok2vec", config={"model": shared})
    listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": 24 + 16, "upstream": "tok2vec"}
    adversary = {
        "@architectures": "spacy_cner.TaskDiscriminator.v1",
        "shared_width": 16,
        "tok2vec": listener,
        "reversal": {"@architectures": "spacy_cner.GradientReversal.v1", "scale": 1.0},
    }
    nlp.add_pipe("task_discriminator", config={"model": adversary, **discriminator})
    encoder = {"@architectures": "spacy_cner.SharedPrivate.v1", "shared_width": 16, "private": attention}
    tagger = {"@architectures": "spacy_cner.CrfTagger.v1", "tok2vec": listener, "encoder": encoder}
    nlp.add_pipe("cws", config={"model": {**tagger, "tag_scheme": "bio"}})
    nlp.add_pipe("cner", config={"model": {**tagger, "tag_scheme": "bioes"}})
    return nlp


@pytest.fixture(scope="session")
def trained() -> Language:
    """A pipeline that knows SENTENCES. Not to be changed by a test."""
    spacy.util.fix_random_seed(0)
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner", config={"model": small_model()})
    examples = make_examples(nlp)
    nlp.initialize(lambda: examples)
    train(nlp, examples)
    return nlp


@pytest.fixture(scope="session")
def trained_joint() -> Language:
    """A pipeline that knows SENTENCES and SEGMENTED. Not to be changed by a test."""
    spacy.util.fix_random_seed(0)
    nlp = blank_joint()
    examples = joint_examples(nlp)
    nlp.initialize(lambda: examples)
    train(nlp, examples)
    return nlp


@pytest.fixture(scope="session")
def bert(tmp_path_factory) -> str:
    """The folder of a tiny BERT."""
    pytest.importorskip("spacy_transformers")
    from tiny_bert import make_bert

    return make_bert(tmp_path_factory.mktemp("bert") / "tiny")


def gradients(nlp, component):
    """All that `nlp.update` would have the optimizer apply to a component, by layer and name."""
    found = {}
    for i, node in enumerate(nlp.get_pipe(component).model.walk()):
        for name in node.grad_names:
            found[i, name] = node.get_grad(name).copy()
        for shim in node.shims:
            for name, weight in shim._model.named_parameters():
                if weight.grad is not None:
                    found[i, name] = weight.grad.numpy().copy()
    return found
