import pytest

from spacy_cner.errors import InputError
from spacy_cner.features.columns import CHAR_COLUMNS, DOC_COLUMNS
from spacy_cner.features.template import columns_of, parse_templates
from spacy_cner.features.template_sets import DEFAULT_TEMPLATES, TEMPLATE_SETS, make_templates
from spacy_cner.features.word_list import own_lists

KNOWN = {*CHAR_COLUMNS, *DOC_COLUMNS, *own_lists(), "coarse", "fine"}


@pytest.mark.parametrize("name", TEMPLATE_SETS)
def test_each_set_has_templates_whose_columns_exist(name):
    templates = parse_templates(TEMPLATE_SETS[name])  # raises an error for one that is there twice
    assert templates and set(columns_of(templates)) <= KNOWN


def test_sets_in_the_order_in_which_they_are_named_and_then_more():
    templates = make_templates(["clusters", "names"], ["c[-3]"])
    assert templates == [*TEMPLATE_SETS["clusters"], *TEMPLATE_SETS["names"], "c[-3]"]
    assert make_templates() == DEFAULT_TEMPLATES


@pytest.mark.parametrize("size", ["", "_trigrams", "_wide"])
def test_a_wider_set_of_characters_has_the_others(size):
    assert set(TEMPLATE_SETS["characters"]) <= set(TEMPLATE_SETS[f"characters{size}"])


def test_a_set_that_does_not_exist():
    with pytest.raises(InputError, match="expected a set of templates out of characters, .*, got 'letters'"):
        make_templates(["letters"])
