import pytest
import srsly

from spacy_cner.corpus.convert import ConversionReport
from spacy_cner.corpus.docbin import chinese_vocab
from spacy_cner.corpus.prepare import prepare_file, prepare_folder, read_recipe
from spacy_cner.errors import CorpusError, InputError
from spacy_cner.loading import config_folder


def lines(first, last):
    return "".join(f"[王海{i}]PER 在 [青岛]LOC 。\n" for i in range(first, last))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "train.txt").write_text(lines(0, 20), encoding="utf-8")
    (tmp_path / "dev.txt").write_text(lines(20, 23), encoding="utf-8")
    (tmp_path / "test.txt").write_text(lines(23, 25), encoding="utf-8")
    return tmp_path


def texts(parts):
    vocab = chinese_vocab()
    return {part: [doc.text for doc in docs.get_docs(vocab)] for part, docs in parts.items()}


def recipes(tmp_path, **entries):
    srsly.write_yaml(tmp_path / "corpora.yml", entries)
    return tmp_path / "corpora.yml"


RECIPE = {"format": "markup", "train": "train.txt", "dev": "dev.txt", "test": "test.txt"}
SHARED = {"format": "markup", "train": "train.txt", "dev_share": 0.2, "test": "test.txt"}


def sentences(first, last):
    return [f"王海{i}在青岛。" for i in range(first, last)]


# Recipes


FULL = {**RECIPE, "about": "x", "folder": "y", "encoding": "gb18030"}


@pytest.mark.parametrize("recipe", [RECIPE, SHARED, {**SHARED, "dev_in_train": True}, FULL])
def test_reads_a_recipe(tmp_path, recipe):
    assert read_recipe(recipes(tmp_path, mine=recipe, other=RECIPE), "mine") == recipe


@pytest.mark.parametrize(
    "other, message",
    [
        ({"folder": 2014}, "expected folder of 'mine' as str, got 2014"),
        ({"encoding": 936}, "expected encoding of 'mine' as str, got 936"),
        ({"train": {"file": 1998}}, "expected file of 'mine' as str, got 1998"),
        ({"format": ["bio"]}, "expected format of 'mine' as str, got ['bio']"),
        ({"format": "tagged", "labels": {"nr": 1}}, "expected labels of 'mine' as str for str, got {'nr': 1}"),
    ],
)
def test_what_yaml_reads_as_another_type_is_named(tmp_path, other, message):
    with pytest.raises(InputError) as error:
        read_recipe(recipes(tmp_path, mine={**RECIPE, **other}), "mine")
    assert message in str(error.value)


def test_the_name_of_a_corpus_may_be_a_number(tmp_path):
    path = tmp_path / "corpora.yml"
    path.write_text("2020: {format: bio, train: train.txt, dev_share: 0.1}\n", encoding="utf-8")
    assert read_recipe(path, "2020")["format"] == "bio"


def test_all_recipes_of_the_project_are_in_order():
    path = config_folder() / "corpora.yml"
    for name in srsly.read_yaml(path):
        assert read_recipe(path, name)["format"]


@pytest.mark.parametrize("recipe", [{**SHARED, "dev_in_train": "yes"}, {**RECIPE, "dev_in_train": True}])
def test_a_development_set_in_the_training_set_needs_a_share(tmp_path, recipe):
    with pytest.raises(InputError, match="expected dev_in_train of 'mine' to be true or false, next to a dev_share"):
        read_recipe(recipes(tmp_path, mine=recipe), "mine")


def test_a_development_set_in_the_training_set(folder):
    apart, both = (texts(prepare_folder(folder, recipe)) for recipe in (SHARED, {**SHARED, "dev_in_train": True}))
    assert both["train"] == sentences(0, 20)
    assert both["dev"] == apart["dev"] and not set(apart["dev"]) & set(apart["train"])


def test_a_test_set_out_of_the_training_file(folder):
    recipe = {"format": "markup", "train": "train.txt", "dev_share": 0.2, "test_share": 0.1}
    parts = texts(prepare_folder(folder, recipe))
    assert {name: len(part) for name, part in parts.items()} == {"train": 14, "dev": 4, "test": 2}
    assert sorted(sum(parts.values(), [])) == sorted(sentences(0, 20))


@pytest.mark.parametrize("other", [{"test": "test.txt"}, {"dev_in_train": True}])
def test_a_share_for_the_test_set_stands_alone(tmp_path, other):
    recipe = {"format": "markup", "train": "train.txt", "dev_share": 0.2, "test_share": 0.1, **other}
    with pytest.raises(InputError, match="expected test_share of 'mine' without test and dev_in_train"):
        read_recipe(recipes(tmp_path, mine=recipe), "mine")


@pytest.mark.parametrize("name", ["dev_share", "test_share"])
@pytest.mark.parametrize("share", ["a tenth", "0.1", None, True, [0.1], 0, 1, -0.1, 1.5, float("nan")])
def test_a_share_is_a_number_between_0_and_1(tmp_path, name, share):
    recipe = {"format": "markup", "train": "train.txt", "dev_share": 0.2, "test_share": 0.1, name: share}
    with pytest.raises(InputError, match=f"corpora.yml: expected as {name} of 'mine' a number between 0 and 1, got "):
        read_recipe(recipes(tmp_path, mine=recipe), "mine")


def test_unknown_corpus_names_those_there_are(tmp_path):
    with pytest.raises(InputError, match="corpora.yml: expected a corpus out of one, two, got 'three'"):
        read_recipe(recipes(tmp_path, one=RECIPE, two=RECIPE), "three")


@pytest.mark.parametrize(
    "recipe",
    [
        {"train": "a", "dev": "b"},
        {"format": "bio", "dev": "b"},
        {"format": "bio", "train": "a"},
        {**RECIPE, "fraction": 0.5},
        None,
        "train.txt",
        ["train.txt"],
    ],
)
def test_recipes_that_lack_or_add_something(tmp_path, recipe):
    with pytest.raises(InputError, match="expected for 'mine' the keys format, train, and dev or dev_share"):
        read_recipe(recipes(tmp_path, mine=recipe), "mine")


@pytest.mark.parametrize("part", [None, 3, ["a"], {}, {"format": "bio"}, {"file": "a", "fraction": 0.5}])
def test_parts_that_are_no_files(tmp_path, part):
    with pytest.raises(InputError, match="expected as test of 'mine' a file or the key file .*, got"):
        read_recipe(recipes(tmp_path, mine={**RECIPE, "test": part}), "mine")


@pytest.mark.parametrize("text", ["", "- one\n- two\n", "- a: 1\n", "one", "a: [1\nb"])
def test_no_recipes_at_all(tmp_path, text):
    (tmp_path / "corpora.yml").write_text(text)
    with pytest.raises(InputError, match="corpora.yml: expected"):
        read_recipe(tmp_path / "corpora.yml", "mine")


def test_no_file_of_recipes(tmp_path):
    with pytest.raises(InputError, match="none.yml: expected a YAML file of corpora"):
        read_recipe(tmp_path / "none.yml", "mine")


# Folders


def test_parts_are_the_files(folder):
    parts = texts(prepare_folder(folder, RECIPE))
    assert parts == {"train": sentences(0, 20), "dev": sentences(20, 23), "test": sentences(23, 25)}


def test_a_share_of_the_training_file_is_the_development_set(folder):
    parts = texts(prepare_folder(folder, SHARED))
    assert {name: len(part) for name, part in parts.items()} == {"train": 16, "dev": 4, "test": 2}
    assert sorted(parts["train"] + parts["dev"]) == sorted(sentences(0, 20))
    assert parts == texts(prepare_folder(folder, SHARED))
    assert parts["dev"] != texts(prepare_folder(folder, SHARED, seed=1))["dev"]


def test_a_fraction_is_taken_before_the_share(folder):
    parts = texts(prepare_folder(folder, SHARED, fraction=0.5))
    assert {name: len(part) for name, part in parts.items()} == {"train": 8, "dev": 2, "test": 2}
    assert set(parts["train"] + parts["dev"]) < set(sentences(0, 20))
    assert not set(parts["train"]) & set(parts["dev"])


def test_a_fraction_leaves_development_and_test_files(folder):
    parts = texts(prepare_folder(folder, RECIPE, fraction=0.25))
    assert len(parts["train"]) == 5
    assert (parts["dev"], parts["test"]) == (sentences(20, 23), sentences(23, 25))


def test_the_encoding_of_the_recipe(folder):
    (folder / "dev.txt").write_text(lines(20, 23), encoding="utf-16")
    recipe = {**RECIPE, "train": "dev.txt", "test": "dev.txt", "encoding": "utf-16"}
    assert texts(prepare_folder(folder, recipe))["dev"] == sentences(20, 23)


def test_a_part_in_another_format(folder):
    (folder / "other").mkdir()
    (folder / "other" / "test.utf16").write_text("王海  在  青岛\n她  来  了\n", encoding="utf-16")
    part = {"file": "other/test.utf16", "format": "segmented", "encoding": "utf-16"}
    assert read_recipe(recipes(folder, mine={**RECIPE, "test": part}), "mine")["test"] == part
    parts = prepare_folder(folder, {**RECIPE, "test": part})
    assert texts(parts) == {"train": sentences(0, 20), "dev": sentences(20, 23), "test": ["王海在青岛", "她来了"]}
    first = next(parts["test"].get_docs(chinese_vocab()))
    assert [word.text for word in first.spans["words"]] == ["王海", "在", "青岛"]
    assert not first.has_annotation("ENT_IOB")


def test_a_part_takes_from_the_others_what_it_does_not_say(folder):
    (folder / "dev.txt").write_text(lines(20, 23), encoding="utf-16")
    recipe = {**RECIPE, "dev": {"file": "dev.txt", "encoding": "utf-16"}, "test": {"file": "test.txt"}}
    assert texts(prepare_folder(folder, recipe))["dev"] == sentences(20, 23)


NUMBERED = "# text = 王海 在青岛\n1\t王海\tB-PER\t-\n2\t在\tO\t-\n3\t青岛\tB-LOC\t-\n\n"


def test_options_of_a_recipe(folder):
    (folder / "dev.txt").write_text(NUMBERED * 3, encoding="utf-8")
    conll = {"format": "conll", "column": 2, "tag_column": 3, "strict_tags": True}
    recipe = {**conll, "train": "dev.txt", "dev": "dev.txt", "test": {"file": "test.txt", "format": "markup"}}
    assert read_recipe(recipes(folder, mine=recipe), "mine") == recipe
    parts = prepare_folder(folder, recipe)
    assert texts(parts) == {"train": ["王海 在青岛"] * 3, "dev": ["王海 在青岛"] * 3, "test": sentences(23, 25)}
    (doc, *_) = parts["dev"].get_docs(chinese_vocab())
    assert [(ent.text, ent.label_) for ent in doc.ents] == [("王海", "PER"), ("青岛", "LOC")]
    alone = {**RECIPE, "dev": {"file": "dev.txt", **conll}}
    assert texts(prepare_folder(folder, alone))["dev"] == ["王海 在青岛"] * 3


@pytest.mark.parametrize(
    "options, message",
    [
        ({"format": "conl"}, "'mine': expected a format out of bio, .*, got 'conl'"),
        ({"column": 2}, "'mine': expected --column with the format conll, got it with 'markup'"),
        ({"format": "conll", "column": "2"}, "expected column of 'mine' as int, got '2'"),
        ({"format": "conll", "column": True}, "expected column of 'mine' as int, got True"),
        ({"format": "conll", "scheme": "iob"}, "'mine': expected --scheme out of bio, .*, got 'iob'"),
        ({"test": {"file": "test.txt", "offsets": "utf-8"}}, "'mine': expected --offsets with the format cluener or"),
        ({"lenient": "yes"}, "expected lenient of 'mine' to be true or false"),
    ],
)
def test_options_that_the_format_of_a_recipe_cannot_have(folder, options, message):
    with pytest.raises(InputError, match=f"corpora.yml: {message}"):
        read_recipe(recipes(folder, mine={**RECIPE, **options}), "mine")


def test_a_recipe_that_is_lenient(folder):
    with (folder / "dev.txt").open("a", encoding="utf-8") as file:
        file.write("[王海]PER 在 [青岛 。\n")
    report = ConversionReport()
    prepare_folder(folder, {**RECIPE, "lenient": True}, report=report)
    assert (report.sentences, [error.line for error in report.skipped]) == (25, [4])
    with pytest.raises(CorpusError, match="dev.txt:4: expected a ]"):
        prepare_folder(folder, RECIPE)


def test_a_missing_file(folder):
    (folder / "dev.txt").unlink()
    with pytest.raises(CorpusError, match="dev.txt: expected a readable file"):
        prepare_folder(folder, RECIPE)


@pytest.mark.parametrize("fraction", [0, -1, 1.5])
def test_impossible_fractions(folder, fraction):
    with pytest.raises(InputError, match="expected a fraction between 0 and 1"):
        prepare_folder(folder, RECIPE, fraction=fraction)


@pytest.mark.parametrize("share", [0, 1, 1.5, 0.001])
def test_impossible_shares(folder, share):
    with pytest.raises(InputError, match="expected"):
        prepare_folder(folder, {**SHARED, "dev_share": share})


# One file


def test_one_file_in_the_ratio_of_8_to_1_to_1(folder):
    parts = texts(prepare_file(folder / "train.txt", "markup"))
    assert {name: len(part) for name, part in parts.items()} == {"train": 16, "dev": 2, "test": 2}
    assert sorted(sum(parts.values(), [])) == sorted(sentences(0, 20))
    half = texts(prepare_file(folder / "train.txt", "markup", fraction=0.5))
    assert {name: len(part) for name, part in half.items()} == {"train": 8, "dev": 1, "test": 1}


def test_a_file_too_small_to_split(folder):
    with pytest.raises(InputError, match="expected enough documents for a ratio of 8:1:1, got 3"):
        prepare_file(folder / "dev.txt", "markup")


def test_a_sentence_that_breaks_the_format(folder):
    with (folder / "train.txt").open("a", encoding="utf-8") as file:
        file.write("[王海]PER 在 [青岛 。\n")
    with pytest.raises(CorpusError, match="train.txt:21: expected a ]"):
        prepare_file(folder / "train.txt", "markup")


def test_what_was_noted_is_reported(folder):
    (folder / "train.txt").write_text("王 I-PER\n海 I-PER\n\n" * 20 + "海\n", encoding="utf-8")
    report = ConversionReport()
    parts = prepare_file(folder / "train.txt", "bio", lenient=True, report=report)
    assert sum(map(len, parts.values())) == report.sentences == 20
    assert len(report.skipped) == 1
    assert {description: len(places) for description, places in report.notes.items()} == {
        "tag sequence that bio does not allow, repaired": 20
    }
    recipe = {"format": "bio", "train": "train.txt", "dev": "train.txt"}
    both = ConversionReport()
    prepare_folder(folder, recipe, lenient=True, report=both)
    assert (both.sentences, both.entities, len(both.skipped)) == (40, 40, 2)
    assert [len(places) for places in both.notes.values()] == [40]
    with pytest.raises(CorpusError, match="train.txt:61: expected a character and a tag"):
        prepare_folder(folder, recipe)


def test_options_of_the_format(folder):
    (folder / "train.txt").write_text("林小燕/nh 在/p 大连/ns\n" * 10, encoding="utf-8")
    report = ConversionReport()
    prepare_file(folder / "train.txt", "tagged", tag_set="ltp", report=report)
    assert report.entities == 20


def test_a_file_without_entities_is_refused(folder):
    (folder / "train.txt").write_text("林小燕/nh 来/v\n" * 10, encoding="utf-8")
    message = "train.txt: expected annotated entities, got none in 10 sentences; tags that are no entities here .*: nh"
    with pytest.raises(InputError, match=message):
        prepare_file(folder / "train.txt", "tagged")
    with pytest.raises(InputError, match=message):
        prepare_folder(folder, {"format": "tagged", "train": "train.txt", "dev": "train.txt"})
    (folder / "train.txt").write_text("林小燕 来\n" * 10, encoding="utf-8")
    assert len(prepare_file(folder / "train.txt", "segmented")["train"]) == 8


def test_recipes_that_unpack_to_more_than_fits(tmp_path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    (tmp_path / "corpora.yml").write_text("\n".join(lines) + "\n")
    with pytest.raises(InputError, match="expected a YAML file of corpora, got aliases that stand for more"):
        read_recipe(tmp_path / "corpora.yml", "a11")
