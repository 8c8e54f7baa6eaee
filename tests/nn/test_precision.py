import multiprocessing
import threading

import pytest
import torch

from spacy_cner.errors import InputError
from spacy_cner.nn.precision import REPEATS, autocast, gains_by_bfloat16, predict_in


@pytest.fixture(autouse=True)
def as_before(monkeypatch):
    monkeypatch.setattr("spacy_cner.nn.precision._of_prediction", "float32")


def predicts_rounded():
    with autocast("float32", "cpu", False):
        return torch.is_autocast_enabled("cpu")


def test_training_and_prediction_are_told_apart():
    with autocast("bfloat16", "cpu", True):
        assert torch.is_autocast_enabled("cpu")
        assert torch.get_autocast_dtype("cpu") == torch.bfloat16
    with autocast("bfloat16", "cpu", False):
        assert not torch.is_autocast_enabled("cpu")
    predict_in("bfloat16")
    with autocast("float32", "cpu", False):
        assert torch.is_autocast_enabled("cpu")


def test_a_plain_call_sets_it_for_good():
    predict_in("bfloat16")
    assert predicts_rounded()
    predict_in("float32")
    assert not predicts_rounded()


def test_a_block_gives_back_what_was_before():
    predict_in("bfloat16")
    with predict_in("float32"):
        assert not predicts_rounded()
        with predict_in("bfloat16"):
            assert predicts_rounded()
        assert not predicts_rounded()
    assert predicts_rounded()


def test_a_block_that_fails_gives_it_back_too():
    with pytest.raises(KeyError), predict_in("bfloat16"):
        raise KeyError
    assert not predicts_rounded()


def test_a_precision_that_is_none_changes_nothing():
    predict_in("bfloat16")
    with pytest.raises(InputError, match="expected the precision float32, bfloat16 or auto, got 'float16'"):
        predict_in("float16")
    assert predicts_rounded()


def test_threads_and_forked_processes_predict_as_they_are_told():
    predict_in("bfloat16")
    seen = []
    thread = threading.Thread(target=lambda: seen.append(predicts_rounded()))
    thread.start()
    thread.join()
    with multiprocessing.get_context("fork").Pool(1) as pool:
        seen.append(pool.apply(predicts_rounded))
    assert seen == [True, True]


def test_float32_is_not_tf32_and_all_is_as_it_was_afterwards():
    cudnn = torch.backends.cudnn
    before = cudnn.enabled, cudnn.benchmark, cudnn.benchmark_limit, cudnn.deterministic, cudnn.allow_tf32
    with autocast("float32", "cpu", True):
        assert not cudnn.allow_tf32
        assert (cudnn.enabled, cudnn.benchmark, cudnn.benchmark_limit, cudnn.deterministic) == before[:4]
    assert (cudnn.enabled, cudnn.benchmark, cudnn.benchmark_limit, cudnn.deterministic, cudnn.allow_tf32) == before


@pytest.fixture
def measured_anew():
    gains_by_bfloat16.cache_clear()
    yield
    gains_by_bfloat16.cache_clear()


@pytest.mark.parametrize("kind", ["product", "recurrent"])
@pytest.mark.parametrize("seconds, gains", [((1.0, 0.5), True), ((1.0, 0.95), False), ((1.0, 1.7), False)])
def test_auto_takes_what_is_faster(monkeypatch, caplog, measured_anew, kind, seconds, gains):
    clock = ticks(seconds)
    monkeypatch.setattr("spacy_cner.nn.precision.has_bfloat16", lambda device: True)
    monkeypatch.setattr("spacy_cner.nn.precision.perf_counter", lambda: next(clock))
    with caplog.at_level("INFO", "spacy"):
        assert gains_by_bfloat16("cpu", kind) is gains
    assert f"precision auto: {'bfloat16' if gains else 'float32'} ({kind} in bfloat16 takes" in caplog.text
    assert gains_by_bfloat16("cpu", kind) is gains and next(clock, None) is None  # not measured again


def ticks(seconds):
    """What a clock says before and after each trial, in both precisions turn by turn."""
    now = 0.0
    for _ in range(REPEATS):
        for spent in seconds:
            yield now
            now += spent
            yield now


def test_auto_without_bfloat16_measures_nothing(monkeypatch, measured_anew):
    monkeypatch.setattr("spacy_cner.nn.precision.has_bfloat16", lambda device: False)
    monkeypatch.setattr("spacy_cner.nn.precision.perf_counter", None)
    assert gains_by_bfloat16("cpu", "product") is False
