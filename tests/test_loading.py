import random
import tempfile
from functools import partial
from pathlib import Path

import pytest
import spacy

from papers.run.table import read_table
from spacy_cner import loading
from spacy_cner.cli._card import read_card
from spacy_cner.corpus.prepare import read_recipe
from spacy_cner.errors import InputError
from spacy_cner.files import CHECKSUMS
from spacy_cner.loading import check_folder, config_folder, load_pipeline, read_yaml, save_pipeline

# Ten million values in eight lines.
BOMB = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 8))


def test_a_path(tmp_path):
    spacy.blank("zh").to_disk(tmp_path / "blank")
    assert load_pipeline(str(tmp_path / "blank")).lang == "zh"


@pytest.mark.parametrize("name", ["no_such_pipeline", "json", "none/such"])
def test_what_is_no_pipeline(name):
    with pytest.raises(InputError, match=f"{name}: expected a pipeline that loads, got"):
        load_pipeline(name)


def test_a_folder_that_is_no_pipeline(tmp_path):
    with pytest.raises(InputError, match="expected a pipeline that loads, got .*meta.json"):
        load_pipeline(str(tmp_path))


def test_a_pipeline_that_was_never_trained(tmp_path, trained):
    nlp = spacy.blank("zh")
    ner = nlp.add_pipe("ner")
    nlp.to_disk(tmp_path / "untrained")
    with pytest.raises(InputError, match="untrained: expected a trained pipeline, got one whose 'ner' was never init"):
        load_pipeline(str(tmp_path / "untrained"))
    ner.add_label("PER")
    nlp.initialize()
    for name, pipeline in (("ner", nlp), ("cner", trained)):
        pipeline.to_disk(tmp_path / name)
        assert load_pipeline(str(tmp_path / name)).pipe_names == [name]


def test_a_gpu_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="expected GPU 99: "):
        load_pipeline(str(tmp_path), 99)


def test_a_folder_for_it_is_made(tmp_path):
    save_pipeline(spacy.blank("zh"), tmp_path / "new" / "pipeline")
    assert load_pipeline(str(tmp_path / "new" / "pipeline")).lang == "zh"


def test_a_file_where_the_folder_should_be(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="file: expected a folder to write the pipeline to, got Not a directory"):
        save_pipeline(spacy.blank("zh"), tmp_path / "file")


def test_a_place_where_nothing_can_be_written_is_refused_before_any_work(tmp_path, monkeypatch):
    check_folder(tmp_path / "new" / "pipeline")
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="pipeline: expected a folder to write the pipeline to, got File exists"):
        check_folder(tmp_path / "file" / "pipeline")

    def refuse(suffix, prefix, folder):
        raise PermissionError(13, "Permission denied", f"{folder}/{prefix}{suffix}")

    monkeypatch.setattr(tempfile, "mkdtemp", refuse)
    with pytest.raises(InputError, match="pipeline: expected a folder to write the pipeline to, got Permission denied"):
        check_folder(tmp_path / "new" / "pipeline")


def test_a_pipeline_whose_component_is_a_file_is_replaced(tmp_path):
    nlp = spacy.blank("zh")
    nlp.add_pipe("sentencizer")
    save_pipeline(nlp, tmp_path / "pipeline")
    save_pipeline(nlp, tmp_path / "pipeline")
    assert (tmp_path / "pipeline" / "sentencizer.json").is_file()


def test_what_is_no_pipeline_is_not_replaced(tmp_path, trained):
    save_pipeline(trained, tmp_path / "model")
    save_pipeline(trained, tmp_path / "model")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    (tmp_path / "model" / "notes.txt").touch()
    with pytest.raises(InputError, match="model: expected a new folder, or one with a pipeline alone.*found notes.txt"):
        save_pipeline(trained, tmp_path / "model")
    with pytest.raises(InputError, match="expected a new folder, .*found model"):
        save_pipeline(trained, tmp_path)


def test_a_failure_leaves_the_pipeline_that_was_there(tmp_path, trained, monkeypatch):
    save_pipeline(trained, tmp_path / "model")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    def fail(path, **_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(loading, "write_checksums", fail)
    with pytest.raises(InputError, match="model: expected a folder to write the pipeline to, got No space left"):
        save_pipeline(trained, tmp_path / "model")
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_each_flipped_bit_of_a_saved_pipeline_is_refused(tmp_path, trained):
    save_pipeline(trained, tmp_path / "model")
    load_pipeline(str(tmp_path / "model"))
    draw = random.Random(0)
    for path in (path for path in (tmp_path / "model").rglob("*") if path.is_file()):
        whole = path.read_bytes()
        for _ in range(8):
            changed = bytearray(whole)
            changed[draw.randrange(len(whole))] ^= 1 << draw.randrange(8)
            path.write_bytes(changed)
            with pytest.raises(InputError, match=str(tmp_path / "model")) as error:
                load_pipeline(str(tmp_path / "model"))
            assert path.name in str(error.value) or path.name == CHECKSUMS
        path.write_bytes(whole)
    # Settings that were changed on purpose are told how to be kept.
    config = tmp_path / "model" / "config.cfg"
    config.write_text(config.read_text(encoding="utf-8").replace("threshold = 0.0", "threshold = 0.5"), "utf-8")
    with pytest.raises(InputError, match="if you changed it, remove .*model.cner_checksums.json"):
        load_pipeline(str(tmp_path / "model"))
    (tmp_path / "model" / CHECKSUMS).unlink()
    assert load_pipeline(str(tmp_path / "model")).get_pipe("cner").threshold == 0.5


@pytest.mark.parametrize("place", ["site-packages/spacy_cner/configs", "site-packages/configs"])
def test_configs_inside_the_package_or_next_to_it(place, tmp_path, monkeypatch):
    (tmp_path / place).mkdir(parents=True)
    monkeypatch.setattr(loading, "__file__", str(tmp_path / "site-packages" / "spacy_cner" / "loading.py"))
    assert config_folder() == tmp_path / place


def test_no_configs(tmp_path, monkeypatch):
    monkeypatch.setattr(loading, "__file__", str(tmp_path / "spacy_cner" / "loading.py"))
    with pytest.raises(InputError, match="expected an installation with its configs, found none"):
        config_folder()


def test_the_checkout_has_them():
    assert config_folder() == Path(loading.__file__).parents[1] / "configs"


@pytest.mark.parametrize("bomb", ["a: &a [*a]", BOMB])
def test_aliases_in_aliases_of_yaml(tmp_path, bomb):
    (tmp_path / "bomb.yml").write_text(bomb, encoding="utf-8")
    with pytest.raises(InputError, match="bomb.yml: expected a recipe, got aliases that stand for more than 1,000,000"):
        read_yaml(tmp_path / "bomb.yml", "a recipe")
    (tmp_path / "good.yml").write_text("a: &a [x, y]\nb: [*a, *a]\n", encoding="utf-8")
    assert read_yaml(tmp_path / "good.yml", "a recipe") == {"a": ["x", "y"], "b": [["x", "y"]] * 2}


def test_every_yaml_file_of_users_is_read_so(tmp_path):
    (tmp_path / "bomb.yml").write_text(BOMB, encoding="utf-8")
    readers = [partial(read_recipe, name="a"), partial(read_card, nlp=spacy.blank("zh")), read_table]
    for read in readers:
        with pytest.raises(InputError, match="bomb.yml: expected a.* got aliases that stand for more than"):
            read(tmp_path / "bomb.yml")
