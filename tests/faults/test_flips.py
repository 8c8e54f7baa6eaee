"""Single bits flipped, at random places of a saved pipeline and of each asset: all are refused.

CNER_FLIPS is the number in the pipeline; each asset has a tenth of them."""

import os
import random
import shutil

import pytest

from spacy_cner.errors import InputError
from spacy_cner.files import read_described
from spacy_cner.loading import config_folder, load_pipeline, save_pipeline
from spacy_cner.vectors.ngrams import NgramVectors
from spacy_cner.vectors.words import WordVectors

pytestmark = pytest.mark.slow
FLIPS = int(os.environ.get("CNER_FLIPS", 1000))
ASSETS = config_folder().parent / "assets"
READERS = {"vectors.npz": NgramVectors.load, "words.npz": WordVectors.load}


def flip(path, draw):
    """Flips a bit. RETURNS: what flips it back."""
    place, bit = draw.randrange(path.stat().st_size), 1 << draw.randrange(8)

    def change():
        with path.open("r+b") as file:
            file.seek(place)
            old = file.read(1)[0]
            file.seek(place)
            file.write(bytes([old ^ bit]))

    change()
    return change


def test_a_saved_pipeline(trained_joint, tmp_path):
    save_pipeline(trained_joint, tmp_path / "model")
    files = [path for path in (tmp_path / "model").rglob("*") if path.is_file()]
    sizes = [path.stat().st_size for path in files]
    draw = random.Random(0)
    for i in range(FLIPS):
        # Half of them in any file, half in any byte.
        path = draw.choices(files, sizes if i % 2 else None)[0]
        back = flip(path, draw)
        with pytest.raises(InputError, match=path.name):
            load_pipeline(str(tmp_path / "model"))
        back()
    load_pipeline(str(tmp_path / "model"))


@pytest.mark.parametrize("name", sorted(path.name for path in ASSETS.glob("*.json") if path.stem != "samples"))
def test_an_asset(name, tmp_path):
    (path,) = (each for each in ASSETS.glob(f"{name.removesuffix('.json')}.*") if each.name != name)
    for each in (path, ASSETS / name):
        shutil.copy(each, tmp_path)
    read = READERS.get(path.name, read_described)
    draw = random.Random(0)
    for _ in range(FLIPS // 10):
        back = flip(tmp_path / path.name, draw)
        with pytest.raises(InputError, match=path.name):
            read(tmp_path / path.name)
        back()
    read(tmp_path / path.name)
