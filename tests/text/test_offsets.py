import json
from pathlib import Path

import pytest
import spacy

import spacy_cner
from spacy_cner.errors import InputError
from spacy_cner.text.offsets import OUTPUT_UNITS, UNITS, from_codepoints

CONTRACT = json.loads((Path(spacy_cner.__file__).parents[1] / "docs" / "offsets.json").read_text(encoding="utf-8"))
CASES = [pytest.param(case, id=case["name"]) for case in CONTRACT["cases"]]
ENCODINGS = {"utf16": ("utf-16-le", 2), "utf8": ("utf-8", 1), "codepoint": ("utf-32-le", 4)}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("unit", OUTPUT_UNITS)
def test_the_contract_says_where_its_mentions_stand(case, unit):
    encoding, size = ENCODINGS[unit]
    data = case["text"].encode(encoding)
    for entity in case["entities"]:
        start, end = entity[unit]
        assert data[start * size : end * size].decode(encoding) == entity["text"]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("unit", OUTPUT_UNITS)
def test_offsets_are_those_of_the_contract(case, unit):
    offsets = [offset for entity in case["entities"] for offset in entity["codepoint"]]
    expected = [offset for entity in case["entities"] for offset in entity[unit]]
    assert from_codepoints(case["text"], offsets, unit) == expected
    assert from_codepoints(case["text"], offsets[::-1], unit) == expected[::-1]
    assert [UNITS[unit](case["text"])[offset] for offset in offsets] == expected


def test_a_ruler_of_its_patterns_finds_its_entities():
    nlp = spacy.blank("zh")
    nlp.add_pipe("entity_ruler").add_patterns(CONTRACT["patterns"])
    for case in CONTRACT["cases"]:
        found = [[ent.start_char, ent.end_char, ent.label_] for ent in nlp(case["text"]).ents]
        assert found == [[*entity["codepoint"], entity["label"]] for entity in case["entities"]], case["name"]


def test_units_are_those_of_the_contract():
    assert list(OUTPUT_UNITS) == CONTRACT["units"]
    with pytest.raises(InputError, match="expected offsets counted in one of codepoint, utf16, utf8, got 'grapheme'"):
        from_codepoints("王", [0], "grapheme")
