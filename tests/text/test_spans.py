import random

from spacy_cner.text.spans import touching


def test_touching_spans_are_those_that_share_a_character_with_the_range() -> None:
    rng = random.Random(0)
    for _ in range(200):
        borders = sorted(rng.sample(range(30), rng.choice((0, 2, 4, 8))))
        spans = [(a, b, "X") for a, b in zip(borders[::2], borders[1::2], strict=True)]
        start = rng.randrange(30)
        end = rng.randrange(start + 1, 31)
        expected = [span for span in spans if set(range(span[0], span[1])) & set(range(start, end))]
        assert touching(spans, start, end) == expected
