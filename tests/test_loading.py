from pathlib import Path

import pytest
import spacy

from spacy_cner import loading
from spacy_cner.errors import InputError
from spacy_cner.loading import config_folder, load_pipeline, save_pipeline


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
    with pytest.raises(InputError, match="file: expected a folder to write the pipeline to, got File exists"):
        save_pipeline(spacy.blank("zh"), tmp_path / "file")


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
