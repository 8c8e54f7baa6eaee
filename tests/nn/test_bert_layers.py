"""The layers against transformers' own BERT, and against what the paper's formulas say."""

import math

import pytest
import torch

from spacy_cner.nn.attention import attention_weights
from spacy_cner.nn.bert_layers import BertLayer, BertOutput
from spacy_cner.nn.classification_attention import ClassificationAttention

WIDTH, INNER = 12, 20
LENGTHS = torch.tensor([5, 1, 3])
PADDED = torch.randn(3, 5, WIDTH, generator=torch.Generator().manual_seed(1))
CLASSES = ["PER", "LOC", "ORG", "名"]


def classification_attention(heads=3, dropout=0.0):
    torch.manual_seed(0)
    module = ClassificationAttention(WIDTH, CLASSES, 6, heads, INNER, dropout)
    module.class_embeddings.copy_(torch.randn(4, 6))
    for weights in module.parameters():  # so that nothing is hidden by small weights
        torch.nn.init.normal_(weights, std=0.4)
    return module.eval()


def test_layer_is_that_of_transformers():
    bert = pytest.importorskip("transformers.models.bert.modeling_bert")
    config = bert.BertConfig(
        hidden_size=WIDTH, num_attention_heads=3, intermediate_size=INNER, attn_implementation="eager"
    )
    torch.manual_seed(0)
    theirs, ours = bert.BertLayer(config).eval(), BertLayer(WIDTH, 3, INNER, 0.1).eval()
    names = {
        "query": "attention.self.query", "key": "attention.self.key", "value": "attention.self.value",
        "rest.self_output": "attention.output.dense", "rest.self_norm": "attention.output.LayerNorm",
        "rest.intermediate": "intermediate.dense", "rest.output": "output.dense", "rest.norm": "output.LayerNorm",
    }  # fmt: skip
    weights = {
        f"{own}.{kind}": theirs.get_parameter(f"{their}.{kind}")
        for own, their in names.items()
        for kind in ("weight", "bias")
    }
    ours.load_state_dict(weights)
    mask = torch.zeros(3, 1, 1, 5).masked_fill(torch.arange(5) >= LENGTHS[:, None, None, None], -1e9)
    expected = theirs(PADDED, attention_mask=mask)[0]
    with torch.no_grad():
        found = ours(PADDED, LENGTHS)
    for row, length in enumerate(LENGTHS.tolist()):
        torch.testing.assert_close(found[row, :length], expected[row, :length])


def test_begins_as_bert_does():
    layer = BertLayer(240, 12, 960, 0.1)
    assert layer.query.weight.std().item() == pytest.approx(0.02, rel=0.1)
    assert not layer.rest.output.bias.any()
    assert (layer.rest.norm.weight == 1).all()


def test_similarity_is_a_softmax_over_the_characters():
    module = classification_attention()
    similarity = module.similarity(PADDED, LENGTHS)
    assert similarity.shape == (3, 3, 4, 5)
    query, key = module.query(PADDED), module.key(module.class_embeddings)
    for row, length in enumerate(LENGTHS.tolist()):
        for head in range(3):
            part = slice(4 * head, 4 * head + 4)
            for i in range(4):
                scores = query[row, :length, part] @ key[i, part] / math.sqrt(4)
                torch.testing.assert_close(similarity[row, head, i, :length], scores.softmax(0))
        assert not similarity[row, ..., length:].any()


def test_each_class_and_head_weighs_the_values():
    module = classification_attention()
    similarity, value = module.similarity(PADDED, LENGTHS), module.value(PADDED)
    merged = torch.zeros(3, 5, 4 * WIDTH)
    for i in range(4):
        for head in range(3):
            part = slice(4 * head, 4 * head + 4)
            merged[:, :, i * WIDTH :][:, :, part] = similarity[:, head, i, :, None] * value[:, :, part]
    torch.testing.assert_close(module(PADDED, LENGTHS), module.rest(merged, PADDED))


def test_two_residuals():
    output = BertOutput(7, WIDTH, INNER, 0.0)
    for weights in (*output.self_output.parameters(), *output.output.parameters()):
        torch.nn.init.zeros_(weights)
    normal = torch.nn.functional.layer_norm(PADDED, [WIDTH], eps=1e-12)
    torch.testing.assert_close(output(torch.randn(3, 5, 7), PADDED), normal, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("module", [classification_attention(), BertLayer(WIDTH, 3, INNER, 0.0).eval()])
def test_padding_changes_nothing(module):
    with torch.no_grad():
        expected = module(PADDED, LENGTHS)
        other = PADDED.clone()
        other[1, 1:], other[2, 3:] = 1e4, float("inf")
        other = torch.cat([other.nan_to_num(posinf=1e4), torch.full((3, 2, WIDTH), 7.0)], dim=1)
        found = module(other, LENGTHS)
    for row, length in enumerate(LENGTHS.tolist()):
        torch.testing.assert_close(found[row, :length], expected[row, :length], atol=1e-6, rtol=1e-5)
    assert torch.isfinite(module(PADDED, torch.tensor([5, 0, 3]))).all()


def test_weights_can_be_watched():
    module = classification_attention()
    with attention_weights() as found:
        module(PADDED, LENGTHS)
    (weights,) = found
    assert weights.rows == CLASSES
    torch.testing.assert_close(weights.weights, module.similarity(PADDED, LENGTHS).detach())


def test_class_embeddings_are_saved_but_not_trained():
    module = classification_attention()
    assert "class_embeddings" in module.state_dict()
    assert "class_embeddings" not in dict(module.named_parameters())
    before = module.class_embeddings.clone()
    module(PADDED, LENGTHS).sum().backward()
    assert module.key.weight.grad is not None
    assert torch.equal(module.class_embeddings, before)


def test_dropout_is_of_training_only():
    module = classification_attention(dropout=0.5)
    assert torch.equal(module(PADDED, LENGTHS), module(PADDED, LENGTHS))
    module.train()
    assert not torch.allclose(module(PADDED, LENGTHS), module(PADDED, LENGTHS))


@pytest.mark.parametrize("heads", [0, 5])
def test_heads_that_do_not_share_the_width(heads):
    with pytest.raises(ValueError, match=f"heads that share the width 12, got {heads}"):
        classification_attention(heads)
    with pytest.raises(ValueError, match=f"heads that share the width 12, got {heads}"):
        BertLayer(WIDTH, heads, INNER, 0.1)
