"""A component's files are those that it saved, whoever saves and loads the pipeline."""

import importlib
import inspect
import pickle
import pkgutil
import random

import pytest
import spacy
import srsly
from conftest import blank_adversarial, entities, joint_examples, make_examples

from spacy_cner.errors import InputError
from spacy_cner.files import CHECKSUMS
from spacy_cner.loading import load_pipeline, save_pipeline
from spacy_cner.pipeline import __path__ as PIPELINE
from spacy_cner.pipeline.cner_rules import EntityRules
from spacy_cner.pipeline.feature_tagging import SavedTagger
from spacy_cner.pipeline.saving import Sealed
from spacy_cner.pipeline.settings import Configured
from spacy_cner.training.mixed import CORPUS_KEY

TEXT = "林小燕和王海都住在大连。"


@pytest.fixture(scope="module")
def pipelines(trained_joint):
    """A pipeline for each way in which a component of this package saves itself."""
    features, rules, adversarial = spacy.blank("zh"), spacy.blank("zh"), blank_adversarial()
    features.add_pipe("cner_features")
    features.initialize(lambda: make_examples(features))
    rules.add_pipe("cner_rules")
    examples = joint_examples(adversarial)
    for i, example in enumerate(examples):
        example.reference.user_data[CORPUS_KEY] = example.predicted.user_data[CORPUS_KEY] = f"corpus {i % 2}"
    adversarial.initialize(lambda: examples)
    return {"cner": trained_joint, "cner_features": features, "cner_rules": rules, "task_discriminator": adversarial}


def test_every_component_that_saves_something_is_of_these_kinds():
    modules = [
        importlib.import_module(f"spacy_cner.pipeline.{module.name}") for module in pkgutil.iter_modules(PIPELINE)
    ]
    classes = {each for module in modules for _, each in inspect.getmembers(module, inspect.isclass)}
    own = {each for each in classes if each.__module__.startswith("spacy_cner.")}
    # Of one with settings, what writes its files.
    writers = {each: super(Configured, each) if issubclass(each, Configured) else each for each in own}
    saving = {each: writer.to_disk for each, writer in writers.items() if hasattr(writer, "to_disk")}
    assert {each.__name__ for each in saving} >= {"NetworkTagger", "FeatureTaggerPipe", "EntityRules"}
    for each, to_disk in saving.items():
        assert to_disk in (Sealed.to_disk, SavedTagger.to_disk, EntityRules.to_disk), each


@pytest.mark.parametrize("name", ["cner", "cner_features", "cner_rules", "task_discriminator"])
def test_each_flipped_bit_of_a_component_is_refused(pipelines, name, tmp_path):
    pipelines[name].to_disk(tmp_path / "saved")
    files = [path for path in (tmp_path / "saved" / name).iterdir() if path.name != CHECKSUMS]
    assert sorted(srsly.read_json(tmp_path / "saved" / name / CHECKSUMS)) == sorted(path.name for path in files)
    draw = random.Random(0)
    for path in files:
        whole = path.read_bytes()
        for _ in range(10):
            changed = bytearray(whole)
            changed[draw.randrange(len(whole))] ^= 1 << draw.randrange(8)
            path.write_bytes(changed)
            with pytest.raises(InputError, match=f"{name}.{path.name}: expected the file that was saved"):
                spacy.load(tmp_path / "saved")
        path.write_bytes(whole)
    spacy.load(tmp_path / "saved")


def test_spacy_checks_the_whole_pipeline_that_a_command_saved(trained, tmp_path):
    save_pipeline(trained, tmp_path / "saved")
    whole = (tmp_path / "saved" / "meta.json").read_text(encoding="utf-8")
    (tmp_path / "saved" / "meta.json").write_text(whole.replace("0.0.0", "0.0.1"), encoding="utf-8")
    with pytest.raises(InputError, match="meta.json: expected the file that was saved"):
        spacy.load(tmp_path / "saved")
    # Saved anew by spaCy itself, it is another pipeline.
    trained.to_disk(tmp_path / "saved")
    assert not (tmp_path / "saved" / CHECKSUMS).exists()
    assert entities(spacy.load(tmp_path / "saved")(TEXT)) == entities(trained(TEXT))


def test_a_pipeline_without_checksums_loads(trained, tmp_path):
    save_pipeline(trained, tmp_path / "saved")
    for path in list((tmp_path / "saved").rglob(CHECKSUMS)):
        path.unlink()
    assert entities(spacy.load(tmp_path / "saved")(TEXT)) == entities(trained(TEXT))


@pytest.mark.parametrize(
    "name, part, read, write",
    [
        ("cner_features", "tagger", srsly.read_msgpack, srsly.write_msgpack),
        ("cner_rules", "rules.json", srsly.read_json, srsly.write_json),
    ],
)
def test_what_an_older_version_saved_is_named_as_such(pipelines, name, part, read, write, tmp_path):
    pipelines[name].to_disk(tmp_path / "saved")
    path = tmp_path / "saved" / name / part
    (path.parent / CHECKSUMS).unlink()
    saved = read(path)
    for key in saved:
        write(path, {other: value for other, value in saved.items() if other != key})
        with pytest.raises(InputError, match=f"saved: expected '{path.stem}.*of spacy_cner saves it, got .*'{key}'"):
            load_pipeline(str(tmp_path / "saved"))


class Touch:
    """What runs code when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_nothing_is_unpickled(trained, tmp_path):
    trained.to_disk(tmp_path / "saved")
    path = tmp_path / "saved" / "cner" / "model"
    message = srsly.msgpack_loads(path.read_bytes())
    attack = pickle.dumps(Touch(tmp_path / "ran"))
    holding = [i for i, shims in enumerate(message["shims"]) if shims]
    for i in holding:
        kept = srsly.msgpack_loads(message["shims"][i][0])
        message["shims"][i] = [srsly.msgpack_dumps({**kept, "state": attack})]
    path.write_bytes(srsly.msgpack_dumps(message))
    (path.parent / CHECKSUMS).unlink()
    with pytest.raises(Exception, match="Weights only load failed"):
        spacy.load(tmp_path / "saved")
    assert holding and not (tmp_path / "ran").exists()
