"""Named sets of feature templates for configs; `spacy_cner.features.template` says what a template is."""

from spacy import registry

from ..errors import InputError

NGRAMS = (
    *("c[-2]", "c[-1]", "c[0]", "c[1]", "c[2]"),
    *("c[-2]c[-1]", "c[-1]c[0]", "c[0]c[1]", "c[1]c[2]", "c[-1]c[1]"),
)
TRIGRAMS = ("c[-2]c[-1]c[0]", "c[-1]c[0]c[1]", "c[0]c[1]c[2]")
CLASSES = ("class[-1]", "class[0]", "class[1]", "class[-1]class[0]class[1]")
NAME_PARTS = ("surname[-1]", "surname[0]", "surname[1]", "given_name[-1]", "given_name[0]", "given_name[1]")
FULL_NAMES = (
    "surname[-2]given_name[-1]given_name[0]",
    "surname[-1]given_name[0]given_name[1]",
    "surname[0]given_name[1]given_name[2]",
)
NOT_NAMES = ("not_name[-1]", "not_name[0]", "not_name[1]")
TAILS = (
    *("place_tail[-1]", "place_tail[0]", "place_tail[1]", "org_tail[-1]", "org_tail[0]", "org_tail[1]"),
    *("title[-1]", "title[0]", "title[1]"),
)
WORD = ("pos[-1]", "pos[0]", "pos[1]", "word[0]pos[0]", "c[0]word[0]", "c[0]pos[0]")

# Sets of characters, then of name lists, of words, and of other columns.
TEMPLATE_SETS: dict[str, tuple[str, ...]] = {
    "characters": (*NGRAMS, *CLASSES),
    "characters_trigrams": (*NGRAMS, *TRIGRAMS, *CLASSES),
    "characters_wide": (
        *("c[-3]", "c[-2]", "c[-1]", "c[0]", "c[1]", "c[2]", "c[3]"),
        *("c[-2]c[-1]", "c[-1]c[0]", "c[0]c[1]", "c[1]c[2]", "c[-2]c[0]", "c[-1]c[1]", "c[0]c[2]"),
        *TRIGRAMS,
        *("class[-2]", "class[-1]", "class[0]", "class[1]", "class[2]", "class[-1]class[0]class[1]"),
    ),
    "names": (*NAME_PARTS, *FULL_NAMES, *TAILS),
    "names_iscas": (*NAME_PARTS, *NOT_NAMES, *TAILS, *reversed(FULL_NAMES)),
    "names_wide": (
        *(*NAME_PARTS, *FULL_NAMES),
        *("surname[0]given_name[1]class[2]", "surname[0]not_name[1]", "surname[0]not_name[2]"),
        *(*NOT_NAMES, *TAILS),
    ),
    "word": ("word[0]", *WORD),
    "words": ("word[-1]", "word[0]", "word[1]", *WORD),
    "words_iscas": (
        *("word[-1]", "word[0]", "word[1]"),
        *("pos[-2]", "pos[-1]", "pos[0]", "pos[1]", "pos[2]", "pos[-1]pos[0]", "pos[0]pos[1]"),
    ),
    # Word clusters of two sizes, the lists "coarse" and "fine".
    "clusters": (
        *(
            "coarse[-2]",
            "coarse[-1]",
            "coarse[0]",
            "coarse[1]",
            "coarse[2]",
            "coarse[-1]coarse[0]",
            "coarse[0]coarse[1]",
        ),
        *("fine[-2]", "fine[-1]", "fine[0]", "fine[1]", "fine[2]", "fine[-1]fine[0]", "fine[0]fine[1]"),
    ),
    # The tags of the entities that an earlier component has found.
    "tags": ("tag[-2]", "tag[-1]", "tag[0]", "tag[1]", "tag[2]", "tag[-1]tag[0]", "tag[0]tag[1]"),
    "tag_bigrams": ("B:tag[-1]", "B:tag[0]", "B:tag[1]"),
}
DEFAULT_TEMPLATES = list(TEMPLATE_SETS["characters"])


@registry.misc("spacy_cner.templates.v1")
def make_templates(sets: list[str] = ["characters"], more: list[str] = []) -> list[str]:  # noqa: B006
    """Returns the templates of named sets in order, then `more` of your own. A plain list of templates can replace this
    block everywhere.

    sets: keys of `TEMPLATE_SETS`:
        - characters, characters_trigrams or characters_wide;
        - names, names_iscas or names_wide: lists of names and their parts, which come with the package;
        - word, words or words_iscas: words and parts of speech;
        - clusters: word clusters (needs the setting `clusters`);
        - tags and tag_bigrams: entities found by an earlier component, for `cner_features` only.
    more: templates such as "c[-3]" or "my_list[0]".
    Raises InputError for an unknown set."""
    for name in sets:
        if name not in TEMPLATE_SETS:
            raise InputError(f"expected a set of templates out of {', '.join(TEMPLATE_SETS)}, got {name!r}")
    return [*(template for name in sets for template in TEMPLATE_SETS[name]), *more]
