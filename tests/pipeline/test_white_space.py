import random

from conftest import SENTENCES

from spacy_cner.pipeline.entity_writer import Entity, trimmed


def test_no_entity_begins_or_ends_with_white_space(trained):
    draw, found = random.Random(0), 0
    for _ in range(200):
        text, _ = draw.choice(SENTENCES)
        for _ in range(draw.randint(1, 3)):
            place = draw.randrange(len(text) + 1)
            text = text[:place] + draw.choice([" ", "\n", "\t", "\u3000", "  "]) + text[place:]
        doc = trained(text)
        found += len(doc.ents)
        assert doc.text == text
        assert (
            [ent.text for ent in doc.ents] == [ent.text.strip() for ent in doc.ents] == [*map(str, doc.spans["cner"])]
        )
        assert len(doc.spans["cner"].attrs["scores"]) == len(doc.ents)
    assert found > 200
    space = Entity(2, 4, "LOC", 0.5)
    assert trimmed("王海 \n大连\t", [Entity(0, 4, "PER", 0.9), space, Entity(3, 7, "LOC", 0.8)]) == [
        Entity(0, 2, "PER", 0.9),
        Entity(4, 6, "LOC", 0.8),
    ]
