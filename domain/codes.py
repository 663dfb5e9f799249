"""Codes (stemcodes) and receipts (controlecodes): random letters a person copies from paper, with a check character.

29 characters, none of which looks like another: no 0 and O, no 1, I and L, no S beside 5, no Z beside 2. 29 is prime,
so the weighted sum over it catches every single wrong character and every two that changed places.
"""

import secrets

ALPHABET = "23456789ABCDEFGHJKMNPQRTUVWXY"
VALUE = {character: value for value, character in enumerate(ALPHABET)}
LOOKALIKES = str.maketrans("SZ", "52")

CODE_LENGTH = 14  # 13 random characters are 63 bits, and one check character
RECEIPT_LENGTH = 18  # 17 random characters are 82 bits, and one check character


class Typo(ValueError):
    """What was typed can't be right: wrong length, a character that no code has, or the check character is off."""


def draw(length: int) -> str:
    """A new random text of `length` characters, the last of which is the check character."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(length - 1))
    return body + check_character(body)


def check_character(body: str) -> str:
    return ALPHABET[-sum(VALUE[c] * weight for weight, c in enumerate(body, 2)) % len(ALPHABET)]


def normal(typed: str, length: int) -> str:
    """The one way to write what was typed: capitals, without spaces, dots and dashes. Raises Typo."""
    text = "".join(c for c in typed.upper() if c.isalnum()).translate(LOOKALIKES)
    if len(text) != length or not set(text) <= VALUE.keys() or check_character(text[:-1]) != text[-1]:
        raise Typo(typed)
    return text


def is_typed(typed: str, length: int) -> bool:
    """Somebody typed a whole one of that length, and rightly."""
    try:
        return bool(normal(typed, length))
    except Typo:
        return False


def grouped(text: str) -> str:
    """As it stands on paper, in groups a person can hold in mind: K7QM3-XPT9W-BDHF, or three of six."""
    size = 5 if len(text) == CODE_LENGTH else 6
    return "-".join(text[start : start + size] for start in range(0, len(text), size))
