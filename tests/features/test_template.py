import pytest

from spacy_cner.errors import InputError
from spacy_cner.features.template import parse_template, parse_templates


def test_parses_columns_offsets_and_kind():
    plain, bigram = parse_templates(["c[-1]class[+2]", "B:tag[0]"])
    assert plain.parts == (("c", -1), ("class", 2)) and not plain.bigram
    assert bigram.parts == (("tag", 0),) and bigram.bigram


@pytest.mark.parametrize("text", ["", "c", "c[0", "c[x]", "c[0] c[1]", "B:", "b:c[0]", "C[0]", "c[0]!", "c[1.5]"])
def test_anything_else_is_an_error_that_shows_it(text):
    with pytest.raises(InputError, match="expected a template") as error:
        parse_template(text)
    assert repr(text) in str(error.value)


def test_the_same_template_twice_is_an_error():
    with pytest.raises(InputError, match=r"each template once, got 'c\[\+0\]'"):
        parse_templates(["c[0]", "c[+0]"])
    assert len(parse_templates(["c[0]", "B:c[0]"])) == 2


def test_seeds_differ_and_do_not_depend_on_the_notation():
    seeds = {parse_template(text).seed for text in ("c[0]", "c[1]", "c[0]c[1]", "c[1]c[0]", "class[0]")}
    assert len(seeds) == 5
    assert parse_template("c[+0]").seed == parse_template("c[0]").seed == parse_template("B:c[0]").seed
