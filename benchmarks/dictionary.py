"""What a dictionary is worth to a recogniser: off, hard, soft as it comes, soft with fitted weights, and learned.

python benchmarks/dictionary.py DEV.spacy TEST.spacy TERMS.tsv ... --model MODEL
python benchmarks/dictionary.py DEV.spacy TEST.spacy TERMS.tsv ... --train TRAIN.spacy

With --model, a dictionary is put before the `cner` of a pipeline; with --train, before a `cner_features` that is
trained here, once without and once with features of the dictionary. --own takes the names of the test set as the
dictionary: that of an owner who knows them all. Its weights are fitted on the development set with the names of that.
Recall on known names is that on gold entities that the dictionary has, with their label; a label of Weibo NER counts
without its suffix.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from spacy_cner.corpus.docbin import read_docs
from spacy_cner.evaluation.dictionary_weights import fit_weights
from spacy_cner.features.template_sets import make_templates
from spacy_cner.terms.columns import Term, TermColumns
from spacy_cner.terms.dictionary import TermDictionary
from spacy_cner.terms.reading import read_terms

KNOWN = [f"known[{place}]" for place in (-2, -1, 0, 1, 2)] + ["known[-1]known[0]", "known[0]known[1]", "c[0]known[0]"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dev", type=Path)
    parser.add_argument("test", type=Path)
    parser.add_argument("terms", nargs="*", type=Path)
    parser.add_argument("--model")
    parser.add_argument("--train", type=Path)
    parser.add_argument("--own", action="store_true")
    given = parser.parse_args()
    vocab = spacy.blank("zh").vocab
    dev, test = (list(read_docs(path, vocab)) for path in (given.dev, given.test))
    labels = {ent.label_ for doc in dev for ent in doc.ents}
    terms = list(with_labels(TermColumns.of(own(test)) if given.own else read_terms(given.terms)[0], labels))
    dev_terms = list(TermColumns.of(own(dev))) if given.own else terms
    for title, nlp in systems(given, terms, dev, dev_terms):
        print(f"{title:24} {score(nlp, test, terms)}", flush=True)


def own(docs: list[Doc]) -> list[tuple[str, str]]:
    return [(ent.text, ent.label_) for doc in docs for ent in doc.ents]


def with_labels(columns: TermColumns, labels: set[str]) -> Iterator[Term]:
    """The terms with the labels of a corpus, where these have a suffix."""
    for term in columns:
        yield term if term.label in labels else term._replace(label=f"{term.label}.NAM")


def systems(
    given: argparse.Namespace, terms: list[Term], dev: list[Doc], dev_terms: list[Term]
) -> Iterator[tuple[str, Language]]:
    if given.model:
        nlp, name = spacy.load(given.model), "cner"
    else:
        nlp, name = trained(given.train, []), "cner_features"
    yield "off", nlp
    pipe: Any = nlp.add_pipe("cner_dictionary", before=name)
    pipe.add(terms)
    yield f"hard, {len(pipe)} terms", nlp
    pipe.mode = "soft"
    yield "soft, weights 1", nlp
    pipe.clear()
    pipe.add(dev_terms)
    fitted = fit_weights(nlp, dev, name)
    pipe.clear()
    pipe.add(terms)
    yield f"soft, {fitted.weights if fitted else 'not fitted'}", nlp
    if fitted and fitted.best != fitted.weights:
        pipe.weights = fitted.best
        yield f"soft, best on dev, maybe by chance {fitted.best}", nlp
    if given.train:
        yield "learned", trained(given.train, terms)


def trained(train: Path, terms: list[Term]) -> Language:
    nlp = spacy.blank("zh", config={"nlp": {"tokenizer": {"@tokenizers": "spacy_cner.CharTokenizer.v1"}}})
    if terms:
        pipe: Any = nlp.add_pipe("cner_dictionary", config={"mode": "mark"})
        pipe.add(terms)
    templates = make_templates(["characters_wide", "names_wide"], KNOWN if terms else [])
    nlp.add_pipe("cner_features", config={"templates": templates})
    docs = list(read_docs(train, nlp.vocab))
    nlp.initialize(lambda: [Example(nlp.make_doc(doc.text), doc) for doc in docs])
    return nlp


def score(nlp: Language, test: list[Doc], terms: list[Term]) -> str:
    dictionary = TermDictionary()
    dictionary.add(TermColumns.of(terms))
    gold = {(i, *place(ent)) for i, doc in enumerate(test) for ent in doc.ents}
    known = {
        (i, *place(ent))
        for i, doc in enumerate(test)
        for ent in doc.ents
        if (term := dictionary.lookup(ent.text)) is not None and term.label == ent.label_
    }
    docs = nlp.pipe(doc.text for doc in test)
    found = {(i, *place(ent)) for i, doc in enumerate(docs) for ent in doc.ents}
    right = len(found & gold)
    p, r = 100 * right / max(1, len(found)), 100 * right / len(gold)
    recall = 100 * len(found & known) / max(1, len(known))
    f = 2 * p * r / max(1e-9, p + r)
    return f"P {p:5.2f}  R {r:5.2f}  F {f:5.2f}  recall on {len(known)} known names {recall:5.2f}"


def place(ent: Any) -> tuple[int, int, str]:
    return ent.start_char, ent.end_char, ent.label_


if __name__ == "__main__":
    main()
