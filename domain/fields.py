"""Fields (velden) of a form: what somebody typed, made into values, and what is wrong with it."""

import re
import unicodedata
from collections.abc import Container
from dataclasses import dataclass
from datetime import date

MOST_EUROS = 100_000_000  # what a field for an amount takes; the tables take far more


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with a field. `kind` is one of those that templates/parts/fields.html has words for, `limit` what
    it may be at most or must be at least (characters, cents or a number)."""

    field: str
    kind: str
    limit: int | None = None


class WrongFields(ValueError):
    """A form that can't be taken as it is. `wrong` says why; it is never empty."""

    def __init__(self, *wrong: Wrong) -> None:
        super().__init__(", ".join(f"{one.field} {one.kind}" for one in wrong))
        self.wrong = wrong


def line(typed: str) -> str:
    """The text on one line, with no more than one space in a row and no characters that can't be seen.

    A space at which no line may end, as in “€ 30”, stays one.
    """
    return re.sub(r"[^\S\u00a0]+", " ", visible(typed)).strip()


def text(typed: str) -> str:
    """The text with line ends as \\n and no characters that can't be seen; at most one blank line in a row."""
    lines = [part.rstrip() for part in visible(typed.replace("\r\n", "\n").replace("\r", "\n")).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def visible(typed: str) -> str:
    """Without control characters, and without those that turn the direction of all text after them."""
    return "".join(c for c in typed if c in "\n\t" or (unicodedata.category(c) != "Cc" and c not in TURNING))


TURNING = {chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))} | {"\ufeff"}


def check_text(field: str, value: str, most: int, *, required: bool = False) -> list[Wrong]:
    """Whether the value is there, where it must be, and has at most that many characters."""
    if required and not value:
        return [Wrong(field, "missing")]
    return [Wrong(field, "too_long", most)] if len(value) > most else []


def check_name(field: str, value: str, most: int) -> list[Wrong]:
    """Whether it is a name that can stand on the site: there, not too long, and no e-mail address."""
    wrong = check_text(field, value, most, required=True)
    return [*wrong, Wrong(field, "no_address")] if "@" in unicodedata.normalize("NFKC", value) else wrong


def euros(typed: str) -> int:
    """Cents for an amount as people type it: “1500”, “€ 1.500,50”, “1,500.50” or “1500,-”.

    Raises ValueError for what is no amount, is below zero, has parts of cents or is absurdly high.
    """
    bare = re.sub(r"[€\s\u00a0\u202f]|euro?", "", typed, flags=re.IGNORECASE)
    bare = re.sub(r",[-–—=]+$", "", bare)
    found = AMOUNT.fullmatch(bare)
    if not found:
        raise ValueError(typed)
    whole = re.sub(r"[.,]", "", found["dots"] or found["commas"] or found["plain"])
    cents = (found["a"] or found["b"] or found["c"] or "").ljust(2, "0")
    if len(whole) > 12 or int(whole) > MOST_EUROS:
        raise ValueError(typed)
    return int(whole) * 100 + int(cents)


AMOUNT = re.compile(
    r"(?:(?P<dots>\d{1,3}(?:\.\d{3})+)(?:,(?P<a>\d{1,2}))?|(?P<commas>\d{1,3}(?:,\d{3})+)(?:\.(?P<b>\d{1,2}))?"
    r"|(?P<plain>\d+)(?:[.,](?P<c>\d{1,2}))?)",
    re.ASCII,
)


def number(typed: str) -> int:
    """A whole number of at most nine digits, dots between thousands allowed. Raises ValueError."""
    bare = re.sub(r"(?<=\d)[.\s](?=\d{3}\b)", "", typed.strip())
    if not re.fullmatch(r"-?[0-9]{1,9}", bare):
        raise ValueError(typed)
    return int(bare)


def day(typed: str) -> date:
    """A date as the browser sends it (2026-05-12), or as people type it (12-5-2026). Raises ValueError."""
    if found := re.fullmatch(r"([0-9]{1,2})[-/. ]([0-9]{1,2})[-/. ]([0-9]{4})", typed.strip()):
        return date(int(found[3]), int(found[2]), int(found[1]))
    return date.fromisoformat(typed.strip())


def address(typed: str) -> str:
    """An e-mail address, without spaces around it. Raises ValueError for what can't be one, or could be more than one
    header of a mail."""
    bare = typed.strip()
    if len(bare) > LONGEST_ADDRESS or not bare.isprintable() or not ADDRESS.fullmatch(bare):
        raise ValueError(typed)
    return bare


LONGEST_ADDRESS = 254  # RFC 5321
ADDRESS = re.compile(
    r"[^\s@<>(),;:\"\[\]\\]{1,64}@[^\s@<>(),;:\"\[\]\\._-][^\s@<>(),;:\"\[\]\\_]*\.[^\s@<>(),;:\"\[\]\\._-]{2,}"
)


def choice(typed: str, allowed: Container[str]) -> str:
    """The value, if it is one of those. Raises ValueError."""
    if typed not in allowed:
        raise ValueError(typed)
    return typed
