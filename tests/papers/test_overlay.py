"""How a config is merged with the one that it extends, and with the settings of a table's row."""

import pytest
from thinc.api import Config

from papers.run.overlay import find_config, load_overlay, override
from spacy_cner.errors import InputError
from spacy_cner.loading import config_folder

BASE = """
[paths]
train = null

[components]

[components.a]
factory = "a"

[components.a.model]
@architectures = "one"
width = 1
depth = 2

[components.a.model.encode]
@architectures = "encode"
size = 3

[components.a.model.tok2vec]
@layers = "concatenate.v1"

[components.a.model.tok2vec.*.first]
@architectures = "first"

[components.a.model.tok2vec.*.second]
@architectures = "second"
sizes = {"x": 1, "y": 2}

[components.b]
factory = "b"

[training]
train = ${paths.train}
"""


@pytest.fixture
def write(tmp_path):
    """Writes a file, and gives its path."""
    (tmp_path / "base.cfg").write_text(BASE)

    def write_file(text, name="own.cfg"):
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return write_file


@pytest.fixture
def merged(write):
    """What a change of the base comes to: its component `a`, and the whole."""

    def merge(text):
        config = load_overlay(write(f'[overlay]\nextends = "base.cfg"\n\n{text}'))
        return config["components"].get("a"), config

    return merge


def test_settings_are_merged_into_blocks(merged):
    a, config = merged("[components.a.model]\nwidth = 5\nheight = 6\n\n[components.c]\nfactory = 'c'")
    assert (a["model"]["width"], a["model"]["depth"], a["model"]["height"]) == (5, 2, 6)
    assert a["model"]["encode"] == {"@architectures": "encode", "size": 3}
    assert list(config["components"]) == ["a", "b", "c"]
    assert "overlay" not in config
    assert config["training"]["train"] == "${paths.train}"


def test_a_block_with_another_function_replaces_the_whole(merged):
    a, _ = merged('[components.a.model]\n@architectures = "two"\nheight = 6')
    assert a == {"factory": "a", "model": {"@architectures": "two", "height": 6}}
    a, _ = merged('[components.a.model]\n@layers = "one"')
    assert a["model"] == {"@layers": "one"}
    a, _ = merged('[components.a]\nfactory = "other"')
    assert a == {"factory": "other"}


def test_a_block_with_the_same_function_is_merged(merged):
    a, _ = merged('[components.a.model]\n@architectures = "one"\nheight = 6')
    assert (a["model"]["width"], a["model"]["height"]) == (1, 6)


def test_null_removes_a_block(merged):
    a, config = merged("[components]\nb = null\n\n[components.a.model.tok2vec.*]\nfirst = null")
    assert list(config["components"]) == ["a"]
    assert list(a["model"]["tok2vec"]["*"]) == ["second"]


def test_null_as_an_argument_stays_so_that_no_default_takes_its_place(merged):
    a, _ = merged("[components.a.model]\nencode = null")
    assert a["model"]["encode"] is None
    a, _ = merged("[components.a]\nmodel = null")
    assert a == {"factory": "a", "model": None}


def test_null_is_also_a_value(merged):
    a, config = merged("[components.a.model]\nwidth = null\n\n[paths]\ndev = null")
    assert a["model"]["width"] is None
    assert config["paths"] == {"train": None, "dev": None}


def test_blocks_keep_their_order_and_new_ones_come_last(merged):
    first = '[components.a.model.tok2vec.*.third]\n@architectures = "third"'
    assert list(merged(first)[0]["model"]["tok2vec"]["*"]) == ["first", "second", "third"]
    sizes = "[components.a.model.tok2vec.*.first]\nsize = 2"
    assert list(merged(sizes)[0]["model"]["tok2vec"]["*"]) == ["first", "second"]
    a, _ = merged(f"{first}\n\n[components.a.model.tok2vec.*.second]")
    assert list(a["model"]["tok2vec"]["*"]) == ["first", "third", "second"]
    assert a["model"]["tok2vec"]["*"]["second"] == {"@architectures": "second", "sizes": {"x": 1, "y": 2}}


def test_an_overlay_may_extend_an_overlay(write):
    write('[overlay]\nextends = "base.cfg"\n\n[components.a.model]\nwidth = 5\ndepth = 6', "middle.cfg")
    config = load_overlay(write('[overlay]\nextends = "middle.cfg"\n\n[components.a.model]\ndepth = 7'))
    assert [config["components"]["a"]["model"][key] for key in ("width", "depth")] == [5, 7]


def test_a_config_that_extends_nothing_is_itself(write):
    path = write(BASE.replace("null", '"train.spacy"'))
    assert load_overlay(path) == Config().from_disk(path, interpolate=False)


def test_the_base_is_a_file_beside_it_or_a_product_config(tmp_path, write):
    assert find_config("base.cfg", tmp_path) == tmp_path / "base.cfg"
    assert find_config("clc.cfg", tmp_path) == config_folder() / "clc.cfg"
    write(BASE, "clc.cfg")
    assert find_config("clc.cfg", tmp_path) == tmp_path / "clc.cfg"
    (tmp_path / "other").mkdir()
    assert find_config("../base.cfg", tmp_path / "other").resolve() == (tmp_path / "base.cfg").resolve()


@pytest.mark.parametrize(
    "text, message",
    [
        (
            '[overlay]\nextends = "gone.cfg"',
            "own.cfg: extends = 'gone.cfg': .*gone.cfg: expected a config there or in ",
        ),
        (
            '[overlay]\nextend = "base.cfg"',
            "own.cfg: expected `extends` and a name in .overlay., got {'extend': 'base.cfg'}",
        ),
        ("[overlay]\nextends = 1", "own.cfg: expected `extends` and a name in .overlay., got {'extends': 1}"),
        ('[overlay]\nextends = "own.cfg"', "own.cfg: expected to extend another config, got 'own.cfg', which extends"),
        (
            '[overlay]\nextends = "ring.cfg"',
            "ring.cfg: expected to extend another config, got 'own.cfg', which extends",
        ),
        ("[a\nx = 1", "own.cfg: expected a config, got "),
    ],
)
def test_what_cannot_be_merged_is_named_with_its_file(write, text, message):
    write('[overlay]\nextends = "own.cfg"', "ring.cfg")
    with pytest.raises(InputError, match=message):
        load_overlay(write(text))


# Settings of a row


@pytest.fixture
def base(write):
    return load_overlay(write(BASE))


def test_overrides_set_merge_replace_and_remove(base):
    changes = {
        "components.a.model.width": 5,
        "components.a.model.encode": {"size": 4},
        "components.a.model.tok2vec.*.first": None,
        "components.a.model.tok2vec.*.second": {"@architectures": "third"},
        "components.b": None,
        "paths.words": None,
    }
    changed = override(base, changes)
    assert changed["components"] == {
        "a": {
            "factory": "a",
            "model": {
                "@architectures": "one",
                "width": 5,
                "depth": 2,
                "encode": {"@architectures": "encode", "size": 4},
                "tok2vec": {"@layers": "concatenate.v1", "*": {"second": {"@architectures": "third"}}},
            },
        }
    }
    assert changed["paths"] == {"train": None, "words": None}
    assert base["components"]["a"]["model"]["width"] == 1
    assert not changed.is_interpolated


def test_a_function_alone_may_be_overridden(base):
    model = override(base, {"components.a.model.@architectures": "two"})["components"]["a"]["model"]
    assert (model["@architectures"], model["width"]) == ("two", 1)


def test_later_overrides_see_earlier_ones(base):
    changes = {"components.a.model": {"@architectures": "two", "width": 7}, "components.a.model.width": 8}
    assert override(base, changes)["components"]["a"]["model"] == {"@architectures": "two", "width": 8}
    assert changes["components.a.model"]["width"] == 7


@pytest.mark.parametrize("key", ["components.c.model.width", "components.a.model.width.more"])
def test_an_override_without_its_block_is_an_error(base, key):
    with pytest.raises(InputError, match=f"{key}: expected a setting of the config, which has no block"):
        override(base, {key: 1})
