"""Checks of the numbers that architectures are built by."""

from ..errors import InputError


def check_sizes(least: int = 1, **sizes: int | list[int]) -> None:
    """Raises InputError for a number below `least`, or a list that is empty or has one; names it as its keyword."""
    for name, given in sizes.items():
        numbers = given if isinstance(given, list) else [given]
        if not numbers or min(numbers) < least:
            raise InputError(f"expected {name} of at least {least}, got {given}")
