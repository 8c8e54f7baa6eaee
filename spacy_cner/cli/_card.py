"""The card of a pipeline: what people should know before they use it. It goes into its wheel and its meta.json."""

from dataclasses import dataclass, field, fields
from pathlib import Path
from reprlib import repr as short_repr
from typing import Any

from spacy.language import Language
from spacy.util import walk_dict

from .. import __version__
from ..errors import InputError
from ..evaluation.report import format_scores
from ..loading import read_yaml
from ._licenses import SOURCES, foreign_layers

NOT_STATED = "not stated"
REQUIRED = ("description", "good_for", "not_for", "training_data", "author", "license")
SOURCE_KEYS = ("name", "license", "about", "url", "author")


@dataclass(frozen=True)
class Card:
    """What a pipeline's author says of it; texts, empty where nothing is said.

    labels: what each label means.
    training_data: what it has learned from, each with SOURCE_KEYS, at least a name and a licence.
    license: its name; for "MIT" without a license_file, the wheel gets that licence's text."""

    description: str = ""
    good_for: str = ""
    not_for: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    training_data: list[dict[str, str]] = field(default_factory=list)
    author: str = ""
    email: str = ""
    url: str = ""
    license: str = ""
    license_file: str = ""
    citation: str = ""


KEYS = tuple(each.name for each in fields(Card))


def stated_card(nlp: Language) -> Card:
    """Returns the card of a pipeline for which none was written: what its meta.json says."""
    sources = [each for each in nlp.meta.get("sources") or [] if isinstance(each, dict) and "name" in each]
    texts: dict[str, Any] = {
        key: nlp.meta.get(key) or "" for key in ("description", "author", "email", "url", "license")
    }
    return Card(**texts, training_data=sources)


def read_card(path: Path, nlp: Language) -> Card:
    """Reads a card in YAML for a pipeline. Raises InputError for keys that are unknown or missing, for values that are
    no texts, and for labels that the pipeline does not have."""
    values = read_yaml(path, "a YAML file with a model card")
    _check_keys(path, "a model card", values, REQUIRED, KEYS)
    for key, value in values.items():
        if key == "labels":
            _check_texts(path, "labels", value)
        elif key != "training_data":
            _check_texts(path, "", {key: value})
    if not isinstance(values["training_data"], list) or not values["training_data"]:
        raise InputError(f"{path}: expected a list as training_data, got {short_repr(values['training_data'])}")
    for source in values["training_data"]:
        _check_keys(path, "an item of training_data", source, ("name", "license"), SOURCE_KEYS)
        _check_texts(path, "training_data", source)
    known = {label for labels in nlp.pipe_labels.values() for label in labels}
    if unknown := values.get("labels", {}).keys() - known:
        raise InputError(f"{path}: expected labels out of {', '.join(sorted(known))}, got {min(unknown, key=str)!r}")
    card = Card(**values)
    if card.license_file and not (path.parent / card.license_file).is_file():
        raise InputError(f"{path}: expected a license_file next to it, found no {card.license_file}")
    return card


def _check_keys(path: Path, what: str, values: Any, required: tuple[str, ...], known: tuple[str, ...]) -> None:
    more = ", ".join(key for key in known if key not in required)
    expected = f"{path}: expected in {what} the keys {', '.join(required)} ({more} may be there)"
    if not isinstance(values, dict):
        raise InputError(f"{expected}, got {short_repr(values)}")
    if unknown := [key for key in values if key not in known]:
        raise InputError(f"{expected}, got {unknown[0]!r}")
    if missing := [key for key in required if key not in values]:
        raise InputError(f"{expected}, found no {missing[0]}")


def _check_texts(path: Path, what: str, values: Any) -> None:
    of = f" of {what}" if what else ""
    if not isinstance(values, dict):
        raise InputError(f"{path}: expected texts by their keys as {what}, got {short_repr(values)}")
    for key, value in values.items():
        if not isinstance(value, str) or not value.strip():
            raise InputError(f"{path}: expected a text as {key}{of}, got {short_repr(value)}")


def sources_of(card: Card, nlp: Language) -> list[dict[str, str]]:
    """Returns what a pipeline has learned from: what its card says, and whose weights it holds."""
    own = [SOURCES[layer] for layer in foreign_layers(nlp)]
    return [*(source for source in card.training_data if source not in own), *own]


def scores_of(nlp: Language, scores: dict[str, Any]) -> dict[str, Any]:
    """Returns scores without losses, and without those of words if no component of the pipeline is scored by them."""
    has_words = any("words_f" in nlp.get_pipe_meta(name).scores for name in nlp.pipe_names)
    return {
        key: value
        for key, value in scores.items()
        if not key.endswith("_loss") and (has_words or not key.startswith("words_"))
    }


def card_meta(card: Card, nlp: Language, test: dict[str, Any]) -> dict[str, Any]:
    """Returns what a card adds to a pipeline's meta.json, which `spacy info` prints.

    test: scores on a test set, if there are any."""
    dev = scores_of(nlp, nlp.meta.get("performance", {}))
    figures = {"development set": dev.get("ents_f"), "test set": scores_of(nlp, test).get("ents_f")}
    # The command leaves out labels.
    notes = [f"Labels of {_labels(name, found, card)}" for name, found in nlp.pipe_labels.items() if found]
    notes += [f"Good for: {card.good_for}", f"Not for: {card.not_for}"] if card.good_for else []
    notes += [f"F1 on its {name}: {100 * f:.1f}" for name, f in figures.items() if f is not None]
    notes += [f"Cite as: {card.citation}"] if card.citation else []
    return {
        "description": card.description or f"Pipeline of spacy_cner: {', '.join(nlp.pipe_names)}",
        "author": card.author,
        "email": card.email,
        "url": card.url,
        "license": card.license,
        "sources": sources_of(card, nlp),
        "notes": "\n".join([*map(_line, notes), "MODEL_CARD.md in its package says more."]),
        "performance": dev,
    }


def markdown(card: Card, nlp: Language, meta: dict[str, Any], test: dict[str, Any], requirements: list[str]) -> str:
    """Returns a card as Markdown, for MODEL_CARD.md.

    meta: that of the pipeline with `card_meta`, and the package's name and version."""
    package = f"{meta['lang']}_{meta['name']}"
    labels = [f"- {_labels(name, found, card)}" for name, found in nlp.pipe_labels.items() if found]
    sources = [_source(source) for source in meta["sources"]]
    cite = (
        card.citation
        or f"{card.author or package}: {package} {meta['version']}, a pipeline of spacy_cner {__version__}."
    )
    parts = [
        f"# {package} {meta['version']}",
        meta["description"],
        f"- Language: Chinese ({meta['lang']})\n- Author: {_contact(card)}\n- Licence: {card.license or NOT_STATED}\n"
        f"- Needs: {', '.join(requirements)}",
        "## What it finds",
        "\n".join(labels) or "No component has labels.",
        "## What it is for",
        f"Good for: {_line(card.good_for or NOT_STATED)}\n\nNot for: {_line(card.not_for or NOT_STATED)}",
        "## How good it is",
        _figures(scores_of(nlp, meta["performance"]), scores_of(nlp, test)),
        "## What it has learned from",
        "\n".join(sources if card.training_data else [f"- Annotated texts: {NOT_STATED}", *sources]),
        "LICENSES_SOURCES has the licences of what it took from others.",
        "## How it is made",
        "\n".join(_architecture(nlp, name) for name in nlp.pipe_names),
        "## How to cite it",
        _line(cite),
    ]
    return "\n\n".join(parts) + "\n"


def _line(text: str) -> str:
    return " ".join(text.split())


def _contact(card: Card) -> str:
    return ", ".join(filter(None, (card.author, card.email, card.url))) or NOT_STATED


def _labels(name: str, labels: list[str], card: Card) -> str:
    meant = [f"`{label}`" + (f" ({_line(card.labels[label])})" if label in card.labels else "") for label in labels]
    return f"`{name}`: {', '.join(meant)}"


def _source(source: dict[str, str]) -> str:
    by = f", {source['author']}" if "author" in source else ""
    more = "".join(f"; {_line(source[key])}" for key in ("about", "url") if key in source)
    return f"- {_line(source['name'])}{by}: {_line(source.get('license', NOT_STATED))}{more}"


def _figures(dev: dict[str, Any], test: dict[str, Any]) -> str:
    parts = []
    for name, scores in (("development set", dev), ("test set", test)):
        if scores.keys() & {"ents_f", "words_f"}:
            has_threshold = scores.get("decoding") == "spans"
            chosen = f", by which its threshold {dev['threshold']:g} was chosen" if has_threshold else ""
            table = "\n".join(line.rstrip() for line in format_scores(scores).splitlines() if line.strip())
            parts.append(f"On its {name}{chosen}, in percent:\n\n```text\n{table}\n```")
    return "\n\n".join(parts) or "It was not scored."


def _architecture(nlp: Language, name: str) -> str:
    found = [value for path, value in walk_dict(nlp.config["components"][name]) if path[-1] == "@architectures"]
    return f"- `{name}`: {', '.join(dict.fromkeys(found)) or nlp.get_pipe_meta(name).factory}"
