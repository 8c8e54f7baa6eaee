import numpy
from spacy.util import registry


def test_columns():
    model = registry.resolve({"model": {"@architectures": "spacy_cner.Columns.v1", "start": 1, "width": 2}})["model"]
    rows = [numpy.arange(8, dtype="f").reshape(2, 4), numpy.zeros((0, 4), dtype="f")]
    assert model.get_dim("nO") == 2
    output, backprop = model(rows, True)
    assert output[0].tolist() == [[1, 2], [5, 6]] and output[1].shape == (0, 2)
    gradients = backprop([numpy.ones_like(x) for x in output])
    assert gradients[0].tolist() == [[0, 1, 1, 0], [0, 1, 1, 0]] and gradients[1].shape == (0, 4)
