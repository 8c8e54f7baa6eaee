import sys

import pytest

from spacy_cner.errors import InputError
from spacy_cner.models import jieba_network
from spacy_cner.models.jieba_files import jieba_folder, read_dictionary, read_jieba_tags, read_variable
from spacy_cner.models.jieba_network import build_jieba_network


def test_what_is_in_them():
    folder = jieba_folder()
    entries, tags = read_dictionary(folder), read_jieba_tags(folder)
    assert len(entries) == len(set(entries.values())) and {"我", "OOV"} <= set(entries)
    assert len(tags) == 57 and tags[-1] == "O" and {"PER-B", "PER-I"} <= set(tags)
    assert read_variable(folder, "word_emb", -1, 128).shape[0] > max(entries.values())


def test_asks_for_jieba(monkeypatch):
    monkeypatch.setitem(sys.modules, "jieba", None)
    with pytest.raises(InputError, match=r"expected jieba .*spacy_cner\[words\]"):
        build_jieba_network().initialize()


def test_asks_for_the_files(monkeypatch, tmp_path):
    monkeypatch.setattr(jieba_network, "jieba_folder", lambda: tmp_path)
    with pytest.raises(InputError, match=r"word\.dic: expected a file of jieba's network"):
        build_jieba_network().initialize()


def test_says_what_is_wrong_with_a_file(tmp_path):
    folder = jieba_folder()
    (tmp_path / "model_baseline").mkdir()
    (tmp_path / "model_baseline" / "crfw").write_bytes((folder / "model_baseline" / "crfw").read_bytes()[:-2])
    with pytest.raises(InputError, match=r"crfw: expected float32 in the shape \(59, 57\) from byte \d+ on, got 13450"):
        read_variable(tmp_path, "crfw", 59, 57)
    with pytest.raises(InputError, match=r"shape \(60, 57\)"):
        read_variable(folder, "crfw", 60, 57)
