"""What a workflow is told is checked before it writes anything."""

import subprocess
import sys

import pytest

from spacy_cner.workflow import main

GOOD = [
    ["--name", "my_ner", "--steps", "600", "50"],
    ["--given", "raw_text", "texts", "--suffix", "_md", "--steps", "50", "50"],
    ["--given", "file", "my file.jsonl", "--own", "mine", "my_ner", "--name", "my_ner"],
]
BAD = [
    (["--given", "raw_text", ""], "expected a file or folder, --vars.raw_text PATH, got none"),
    (["--given", "raw_text", "texts", "--suffix", ""], "expected a suffix for what learns from the pipeline"),
    (
        ["--own", "embedded", "my_ner"],
        "expected names of your own, .* got those of the embedded corpus: embedded, my_ner",
    ),
    (["--own", "mine", "cner_clc"], "got those of the embedded corpus: mine, cner_clc"),
    (
        ["--name", "My_NER"],
        "small letters, digits and _ without the language, as cner_clc, got 'My_NER'",
    ),
    (["--version", "v1.0"], "expected a version in its plain form, 1.0, got 'v1.0'"),
    (["--version", "new"], "expected a version such as 0.1.0, got 'new'"),
    (
        ["--name", "my-ner"],
        "small letters, digits and _ without the language, as cner_clc, got 'my-ner'",
    ),
    (["--name", "我的"], "expected a name of small letters"),
    (["--name", "a", "--steps", "30", "50"], "got --vars.max_steps 30 and --vars.eval_frequency 50"),
]


@pytest.mark.parametrize("arguments", GOOD)
def test_what_can_be(arguments):
    main(arguments)


@pytest.mark.parametrize("arguments, message", BAD)
def test_what_cannot_be(arguments, message):
    with pytest.raises(SystemExit, match=message):
        main(arguments)


def test_a_workflow_ends_there():
    arguments, _ = BAD[0]
    done = subprocess.run([sys.executable, "-m", "spacy_cner.workflow", *arguments], capture_output=True, text=True)
    assert done.returncode == 1 and "--vars.raw_text" in done.stderr and "Traceback" not in done.stderr
