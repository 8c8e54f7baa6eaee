"""Other ways to write a term, by OpenCC: whole words are converted, where `Folding` compares characters one by one."""

from typing import Any

from ..errors import InputError
from .columns import SEPARATOR, TermColumns


def variants_of(columns: TermColumns, conversions: list[str]) -> TermColumns:
    """Returns the terms as conversions of OpenCC write them, where that is another text.

    conversions: names such as "s2tw" (simplified to Taiwan's characters), "s2twp" (with Taiwan's words) or "t2s".
    Raises InputError for an unknown one, and without the extra `dictionary`."""
    found = TermColumns()
    for name in conversions:
        converted = _converter(name).convert(SEPARATOR.join(columns.texts)).split(SEPARATOR)
        for term, text in zip(columns, converted, strict=True):
            if text != term.text:
                found.append(text, *term[1:])
    return found


def check_conversions(conversions: list[str]) -> None:
    """Raises InputError for a conversion that OpenCC does not have."""
    for name in conversions:
        _converter(name)


def _converter(name: str) -> Any:
    try:
        import opencc
    except ImportError:
        raise InputError('expected the extra dictionary for variants: pip install "spacy_cner[dictionary]"') from None
    if name not in (known := [config.removesuffix(".json") for config in opencc.CONFIGS]):
        raise InputError(f"expected a conversion of OpenCC out of {', '.join(known)}, got {name!r}")
    return opencc.OpenCC(name)
