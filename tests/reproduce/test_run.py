import pytest

from spacy_cner.errors import InputError
from spacy_cner.reproduce.run import check_patience


@pytest.mark.parametrize("patience, every", [(0, 1), (0, 500), (1500, 500)])
def test_patience_for_two_evaluations_or_none(patience, every):
    check_patience({"patience": patience, "eval_frequency": every})


@pytest.mark.parametrize("patience", [1500, 2000])
def test_patience_that_ends_before_the_second_evaluation(patience):
    with pytest.raises(InputError, match=f"more steps than the 2000 from one evaluation to the next.*got {patience}"):
        check_patience({"patience": patience, "eval_frequency": 2000})
