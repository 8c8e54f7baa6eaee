"""The Transformer: the same states as the ModernBertModel of transformers, whatever the padding."""

import pytest
import torch

from spacy_cner.errors import InputError
from spacy_cner.nn.attention import attention_weights
from spacy_cner.nn.transformer import Transformer, inner_width, rotate, rotations

WIDTH, LAYERS, HEADS = 32, 3, 4


@pytest.fixture
def module():
    torch.manual_seed(0)
    module = Transformer(WIDTH, LAYERS, HEADS).eval()
    for weights in module.parameters():
        weights.data += 0.1 * torch.randn_like(weights)
    return module


def hugging_face(module):
    transformers = pytest.importorskip("transformers")
    config = transformers.ModernBertConfig(
        vocab_size=8,
        hidden_size=WIDTH,
        intermediate_size=inner_width(WIDTH),
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        global_attn_every_n_layers=1,
        global_rope_theta=10000.0,
        norm_eps=1e-5,
        pad_token_id=0,
        reference_compile=False,
        attn_implementation="sdpa",
    )
    other = transformers.ModernBertModel(config).eval()
    state = {"embeddings.norm.weight": module.norm.weight, "final_norm.weight": module.final_norm.weight}
    for i, layer in enumerate(module.layers):
        parts = {
            "attn.Wqkv": torch.cat([layer.query.weight, layer.key.weight, layer.value.weight]),
            "attn.Wo": layer.mixed.weight,
            "mlp.Wi": torch.cat([layer.up.weight, layer.gate.weight]),
            "mlp.Wo": layer.down.weight,
            "mlp_norm": layer.mlp_norm.weight,
        }
        if i:
            parts["attn_norm"] = layer.attn_norm.weight
        state |= {f"layers.{i}.{name}.weight": weights for name, weights in parts.items()}
    missing, unexpected = other.load_state_dict(state, strict=False)
    assert missing == ["embeddings.tok_embeddings.weight"] and not unexpected
    return other


def test_states_are_those_of_transformers(module):
    other = hugging_face(module)
    with torch.no_grad():
        other.embeddings.tok_embeddings.weight.copy_(torch.randn(8, WIDTH))
    ids = torch.tensor([[1, 2, 3, 4, 5, 6], [7, 1, 1, 2, 0, 0]])
    seen = ids != 0
    rows = other.embeddings.tok_embeddings(ids)
    expected = other(input_ids=ids, attention_mask=seen.long()).last_hidden_state
    got = module.encode(rows, seen[:, None, None])
    torch.testing.assert_close(got[seen], expected[seen], atol=1e-5, rtol=1e-4)


def test_padding_and_other_sequences_change_nothing(module):
    x = torch.randn(2, 7, WIDTH)
    both = module(x, torch.tensor([7, 3]))
    alone = module(x[1:, :3], torch.tensor([3]))
    torch.testing.assert_close(both[1, :3], alone[0], atol=1e-5, rtol=1e-4)
    longer = torch.cat([x, torch.randn(2, 4, WIDTH)], 1)
    torch.testing.assert_close(module(longer, torch.tensor([7, 3]))[:, :3], both[:, :3], atol=1e-5, rtol=1e-4)


def test_what_stands_before_and_after_a_sequence_counts(module):
    x, lengths = torch.randn(1, 4, WIDTH), torch.tensor([4])
    before = module(x, lengths)
    for vector in (module.begin, module.end):
        vector.data += torch.randn(WIDTH)  # the same for all would be normalised away
        after = module(x, lengths)
        assert (before - after).abs().max() > 1e-3
        before = after


def test_scores_depend_on_the_distance_alone():
    cos, sin = rotations(12, 8)
    query, key = torch.randn(8), torch.randn(8)
    turned = [rotate(states.expand(12, 8), cos, sin) for states in (query, key)]
    scores = turned[0] @ turned[1].T
    torch.testing.assert_close(scores[2, 5], scores[6, 9], atol=1e-4, rtol=1e-4)
    assert abs(scores[2, 5] - scores[2, 9]) > 1e-3


def test_weights_can_be_watched(module):
    with attention_weights() as found:
        module(torch.randn(1, 5, WIDTH), torch.tensor([5]))
    assert [tuple(each.weights.shape) for each in found] == [(1, HEADS, 7, 7)] * LAYERS


def test_heads_share_the_width():
    with pytest.raises(InputError, match="expected a width that 5 heads of an even width share, got 32"):
        Transformer(32, 1, 5)
