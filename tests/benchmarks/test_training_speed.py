import re
import sys

import spacy
import training_speed
from spacy.tokens import DocBin

SMALL = ["--components.cner.model.tok2vec.encode.filters", "8", "--components.cner.model.encoder.width", "8"]


def test_every_size_and_prediction(tmp_path, monkeypatch, capsys):
    path, doc = tmp_path / "train.spacy", spacy.blank("zh")("小林在南京。")
    doc.set_ents([doc.char_span(0, 2, label="PER"), doc.char_span(3, 5, label="LOC")])
    DocBin(docs=[doc] * 20).to_disk(path)
    arguments = ["configs/clc.cfg", "100", "200", "--steps", "1", "--paths.train", str(path), "--paths.dev", str(path)]
    monkeypatch.setattr(sys, "argv", ["training_speed.py", *arguments, *SMALL])
    training_speed.main()
    speeds = re.findall(r"(\d+) characters/s", capsys.readouterr().out)
    assert len(speeds) == 3
    assert all(int(speed) > 0 for speed in speeds)
