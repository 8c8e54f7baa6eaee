"""What the command `serve` makes of its arguments."""

import pytest

from spacy_cner.cli.serve import named, read_keys
from spacy_cner.errors import InputError


@pytest.mark.parametrize(
    "content, message",
    [
        ("first\n第二把\n".encode(), "keys.txt:2: expected an API key of printable ASCII characters"),
        (b"first\n\xff\n", "keys.txt: expected API keys in UTF-8, got byte 7"),
        (b"# none\n", "keys.txt: expected API keys, one a line, got none"),
    ],
    ids=["Chinese", "no UTF-8", "none"],
)
def test_keys_that_no_header_can_have_are_refused(tmp_path, content, message):
    (tmp_path / "keys.txt").write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_keys(tmp_path / "keys.txt")


def test_a_key_of_the_environment_is_refused_too(monkeypatch):
    monkeypatch.setenv("CNER_API_KEYS", "first 第二把")
    with pytest.raises(InputError, match="CNER_API_KEYS: expected an API key of printable ASCII characters"):
        read_keys(None)


def test_a_path_that_exists_may_look_like_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lr=1").mkdir()
    assert named(["lr=1", "a=b"]) == {"lr=1": "lr=1", "a": "b"}
