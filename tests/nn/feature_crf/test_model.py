"""The CRF over sparse features against sums over all taggings, and against CRFsuite."""

from itertools import product

import numpy
import pytest
import spacy
import torch

from spacy_cner.models.feature_tagger import FeatureTagger
from spacy_cner.nn.crf import CRF
from spacy_cner.nn.feature_crf.model import FeatureCrf, make_batch
from spacy_cner.nn.feature_crf.training import PenalizedLoss, tag_pairs, train_feature_crf
from spacy_cner.text.tags import tag_list

TAGS, ROWS, BIGRAM_ROWS = 3, 6, 4
LENGTHS = [3, 1, 4, 2, 3, 4, 2, 3]


def make_data(seed=0, lengths=LENGTHS, columns=2):
    """rows, bigram_rows, tags of the characters, and sequences"""
    random = torch.Generator().manual_seed(seed)
    count = sum(lengths)
    starts = [sum(lengths[:i]) for i in range(len(lengths))]
    return (
        torch.randint(0, ROWS, (count, columns), generator=random, dtype=torch.int32),
        torch.randint(0, BIGRAM_ROWS, (count, 1), generator=random, dtype=torch.int32),
        torch.randint(0, TAGS, (count,), generator=random),
        [range(start, start + length) for start, length in zip(starts, lengths)],
    )


def make_model(bigram_rows=BIGRAM_ROWS):
    return FeatureCrf(CRF(TAGS).double(), ROWS, bigram_rows)


def score(model, rows, bigram_rows, sequence, path):
    """Of one tagging of one sequence, by the definition."""
    crf = model.crf
    total = crf.start_transitions[path[0]] + crf.end_transitions[path[-1]]
    for place, i in enumerate(sequence):
        tag = path[place]
        total = total + model.bias[tag] + model.weights[rows[i].long(), tag].sum()
        if place:
            before = path[place - 1]
            total = total + crf.transitions[before, tag]
            total = total + model.bigram_weights[bigram_rows[i].long(), before * TAGS + tag].sum()
    return total


def test_loss_is_that_of_all_taggings_and_its_gradient_that_of_small_steps():
    rows, bigram_rows, tags, sequences = make_data()
    model = make_model()
    objective = PenalizedLoss(model, rows, bigram_rows, tags, sequences, c2=0.3)
    x = torch.randn(objective.start().shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    value, gradient = objective(x)
    expected = 0.3 * float(x @ x)
    for sequence in sequences:
        every = [score(model, rows, bigram_rows, sequence, path) for path in product(range(TAGS), repeat=len(sequence))]
        gold = score(model, rows, bigram_rows, sequence, tags[sequence.start : sequence.stop].tolist())
        expected += float(torch.stack(every).logsumexp(0) - gold)
    assert value == pytest.approx(expected, rel=1e-5)
    assert not model.weights[0].any() and not model.bigram_weights[0].any()
    for i in range(0, len(x), 5):
        step = torch.zeros_like(x)
        step[i] = 0.05
        slope = (objective(x + step)[0] - objective(x - step)[0]) / 0.1
        assert float(gradient[i]) == pytest.approx(slope, abs=5e-3)


def test_transitions_of_a_batch():
    _, bigram_rows, _, sequences = make_data()
    model = make_model()
    model.bigram_weights[1:] = torch.randn(BIGRAM_ROWS - 1, TAGS**2)
    batch = make_batch(sequences)
    transitions = model.transitions(bigram_rows, batch)
    for row, sequence in zip(transitions, sequences):
        for place, i in enumerate(sequence[1:]):
            expected = model.bigram_weights[int(bigram_rows[i, 0])].view(TAGS, TAGS)
            torch.testing.assert_close(row[place], expected)
    assert make_model().transitions(bigram_rows[:, :0], batch) is None


def test_pairs_do_not_cross_sequences():
    tags = torch.tensor([0, 2, -1, 1, 2, 0])
    assert tag_pairs(tags, [range(0, 4), range(4, 6)], 3).tolist() == [-1, 2, -1, -1, -1, 6]


def test_unknown_tags_are_summed_over():
    rows, bigram_rows, tags, sequences = make_data()
    known = make_model()
    train_feature_crf(known, rows, bigram_rows, tags, sequences, c1=0.0, c2=0.5, max_iterations=50)
    partly = make_model()
    more = [*sequences, range(len(tags), len(tags) + 3)]
    wider = torch.cat([rows, rows[:3]]), torch.cat([bigram_rows, bigram_rows[:3]])
    train_feature_crf(
        partly, *wider, torch.cat([tags, torch.tensor([-1, -1, -1])]), more, c1=0.0, c2=0.5, max_iterations=50
    )
    # A sequence of which nothing is known has the likelihood 1.
    torch.testing.assert_close(partly.weights, known.weights, atol=1e-3, rtol=1e-2)


@pytest.mark.parametrize("c1, c2", [(0.0, 0.5), (0.3, 0.1)])
def test_weights_are_those_of_crfsuite(c1, c2, tmp_path):
    pycrfsuite = pytest.importorskip("pycrfsuite")
    random = torch.Generator().manual_seed(3)
    lengths = torch.randint(2, 6, (60,), generator=random).tolist()
    rows, _, tags, sequences = make_data(4, lengths)
    rows[:, 1] = rows[:, 1].clamp(min=1)
    trainer = pycrfsuite.Trainer(algorithm="lbfgs", verbose=False)
    for sequence in sequences:
        items = []
        for i in sequence:
            names = [f"f{row}" for row in rows[i].tolist() if row]
            # CRFsuite counts a feature as often as an item has it, and has neither biases nor starts and ends.
            item = {name: float(names.count(name)) for name in names} | {"bias": 1.0}
            item |= {"start": 1.0} if i == sequence.start else {}
            item |= {"end": 1.0} if i == sequence.stop - 1 else {}
            items.append(item)
        trainer.append(items, [str(int(tag)) for tag in tags[sequence.start : sequence.stop]])
    trainer.set_params({
        "c1": c1, "c2": c2, "feature.possible_transitions": True, "feature.possible_states": True,
        "epsilon": 1e-7, "delta": 1e-9, "max_iterations": 500,
    })  # fmt: skip
    trainer.train(str(tmp_path / "model"))
    tagger = pycrfsuite.Tagger()
    tagger.open(str(tmp_path / "model"))
    info = tagger.info()
    model = make_model(1)
    result = train_feature_crf(model, rows, rows[:, :0], tags, sequences, c1=c1, c2=c2, max_iterations=500)
    # With an L1 penalty, bias and weights can do each other's work at almost no cost.
    near = 0.05 if c1 else 0.02
    if not c1:
        # The logged loss is with the L2 penalty.
        assert result.value == pytest.approx(trainer.logparser.last_iteration["loss"], rel=1e-4)
    for tag in range(TAGS):
        assert float(model.bias[tag]) == pytest.approx(info.state_features.get(("bias", str(tag)), 0.0), abs=near)
        for row in range(1, ROWS):
            theirs = info.state_features.get((f"f{row}", str(tag)), 0.0)
            assert float(model.weights[row, tag]) == pytest.approx(theirs, abs=near)
        for after in range(TAGS):
            theirs = info.transitions.get((str(tag), str(after)), 0.0)
            assert float(model.crf.transitions[tag, after]) == pytest.approx(theirs, abs=near)


def test_what_is_left_out_of_a_fold_has_no_influence():
    nlp, tags = spacy.blank("zh"), tag_list(["PER", "LOC"], "bioes")
    docs = [nlp.make_doc(text) for text in ("王海在北京", "李明在上海", "在王北")]
    gold = [numpy.array([tags.index(tag) for tag in ("B-PER", "E-PER", "O", "B-LOC", "E-LOC")])] * 2

    def thoughts(own):
        tagger = FeatureTagger(tags, "bioes", ["c[0]"], {}, window=256)
        given = [*gold, numpy.array([tags.index(tag) for tag in own.split()])]
        data = tagger.prepare(docs, docs, given, min_count=1)
        tagger.train(data, c1=0.0, c2=0.1, epochs=0, max_iterations=50, left_out={2})
        (tagged,) = tagger.tag_prepared(data, {2})
        return tagged.scores.marginals()

    numpy.testing.assert_array_equal(thoughts("O O O"), thoughts("S-LOC S-LOC S-PER"))
