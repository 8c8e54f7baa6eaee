"""The OpenAPI document, and requests that are made of it."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

OPERATIONS = [
    ("/v1/entities", "POST"),
    ("/v1/models", "GET"),
    ("/livez", "GET"),
    ("/readyz", "GET"),
    ("/metrics", "GET"),
]


@pytest.fixture(scope="module")
def schema(server):
    return schemathesis.openapi.from_url(f"{server.url}/openapi.json")


def test_all_operations_are_tried(schema):
    found = {(each.ok().path, each.ok().method.upper()) for each in schema.get_all_operations()}
    assert found == set(OPERATIONS)


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("path, method", OPERATIONS)
def test_requests_of_the_document_are_answered_as_it_says(schema, path, method, mode):
    """With bodies as the document has them, and with others: no status of 500 or more, and no answer that the document
    does not name."""
    operation = schema[path][method]
    if method == "GET" and mode is GenerationMode.NEGATIVE:
        with pytest.raises(Exception, match="[Nn]egative|Unsatisfiable|Impossible|[Cc]annot"):
            run(operation, mode, 1)
        return
    run(operation, mode, 100 if method == "POST" else 3)


def run(operation, mode, examples):
    @given(operation.as_strategy(generation_mode=mode))
    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def ask(case):
        response = case.call()
        assert response.status_code < 500
        # A schema cannot say which models and labels there are, nor "texts or documents": 422 and 404 are right too.
        case.validate_response(response, excluded_checks=[positive_data_acceptance])

    ask()


def test_the_document_names_all_problems(server):
    document = server.get("/openapi.json")[2]
    answers = document["paths"]["/v1/entities"]["post"]["responses"]
    assert {"200", "401", "404", "413", "415", "422", "429", "503"} <= set(answers)
    assert all("application/problem+json" in answers[status]["content"] for status in answers if status != "200")
    assert {"200", "401", "503"} <= set(document["paths"]["/v1/models"]["get"]["responses"])
