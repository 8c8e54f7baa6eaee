import torch

from spacy_cner.nn.precision import computing, predict_in


def test_training_and_prediction_are_told_apart():
    with computing("bfloat16", "cpu", True):
        assert torch.is_autocast_enabled("cpu")
        assert torch.get_autocast_dtype("cpu") == torch.bfloat16
    with computing("bfloat16", "cpu", False):
        assert not torch.is_autocast_enabled("cpu")
    predict_in("bfloat16")
    try:
        with computing("float32", "cpu", False):
            assert torch.is_autocast_enabled("cpu")
    finally:
        predict_in("float32")


def test_float32_is_not_tf32_and_all_is_as_it_was_afterwards():
    cudnn = torch.backends.cudnn
    before = cudnn.enabled, cudnn.benchmark, cudnn.benchmark_limit, cudnn.deterministic, cudnn.allow_tf32
    with computing("float32", "cpu", True):
        assert not cudnn.allow_tf32
        assert (cudnn.enabled, cudnn.benchmark, cudnn.benchmark_limit, cudnn.deterministic) == before[:4]
    assert (cudnn.enabled, cudnn.benchmark, cudnn.benchmark_limit, cudnn.deterministic, cudnn.allow_tf32) == before
