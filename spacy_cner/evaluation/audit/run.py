"""An audit: all checks on all files."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from .copies import copies
from .finding import KINDS, Files, Finding
from .places import borders, empty, encoding, labels
from .strings import inconsistent

CHECKS: tuple[Callable[[Files], Iterator[Finding]], ...] = (empty, labels, copies, inconsistent, borders, encoding)


def audit(files: Files) -> list[Finding]:
    """Returns what is suspicious in files by the checks that take seconds, in the order of `KINDS`, the most suspicious
    of each kind first. The first file is the one that is trained on: others should have nothing of it.

    files: the documents of each file by its name, as `read` returns them."""
    return ordered([finding for check in CHECKS for finding in check(files)])


def ordered(found: Sequence[Finding]) -> list[Finding]:
    """Returns findings in the order of their kinds, of each kind the most suspicious first."""
    order = list(KINDS)
    return sorted(found, key=lambda each: (order.index(each.kind), -each.worth))


def count(found: Sequence[Finding]) -> dict[str, int]:
    """Returns how many findings there are of each kind that has any."""
    kinds = Counter(each.kind for each in found)
    return {kind: kinds[kind] for kind in KINDS if kinds[kind]}
