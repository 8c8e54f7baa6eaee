"""Numbers and addresses of people, in one form."""

import re

# GB 11643: weights of the first 17 digits, and the check digit for each remainder by 11
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = "10X98765432"


def phone_value(text: str) -> str:
    """Returns a telephone number's digits, with + before a country's code."""
    digits = re.sub(r"\D", "", text)
    return digits[2:] if len(digits) == 13 and digits.startswith("86") else digits


def email_value(text: str) -> str:
    """Returns an e-mail address in small letters."""
    return text.lower()


def id_value(text: str) -> str | None:
    """Returns the number of a resident identity card; None where its check digit is another."""
    number = text.upper()
    total = sum(int(digit) * weight for digit, weight in zip(number, WEIGHTS))
    return number if CHECKS[total % 11] == number[17] else None
