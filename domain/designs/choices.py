"""What a choice (keuze) in a design is: one value under one name, how it is read, and when it is fixed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Literal

from domain import fields, phases

Value = Any  # what a TOML file can hold; amounts are integer cents here, and euros in the file


class Unfit(ValueError):
    """The value can't be what is chosen. `kind` as in fields.Wrong."""

    def __init__(self, kind: str, limit: int | None = None) -> None:
        super().__init__(kind)
        self.kind, self.limit = kind, limit


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice of a design: `[section] name = value`.

    type: what its value is (TYPES). low, high: limits of a number, in cents of an amount, in characters of a text.
    options: what can be chosen, of `one_of` and `many_of`.
    default: what stands there until somebody decides.
    needed: why nothing opens before it was decided: "start" (there is nothing without it), "law" or "fairness".
    fixed: from when it stays as it is: "vote" (the vote opened), "supports" (somebody gave support), or never.
    kept: where in `processes`: a column of its own, or under its name in the JSON of `rule_options` or of `choices`,
        which any kind of phase may use without a change of the schema; or elsewhere, as domain/designs/making.py says.
    refuse: raises ValueError for a value of the type that nevertheless can't be; the page words it as `not_fit`.
    tidy: how it is written, whatever somebody types.
    """

    section: str
    name: str
    type: Literal["line", "text", "amount", "number", "one_of", "many_of", "yes_no", "lines"]
    default: Value = None
    low: int = 0
    high: int | None = None
    options: tuple[str, ...] = ()
    needed: Literal["", "start", "law", "fairness"] = ""
    fixed: Literal["", "vote", "supports"] = ""
    kept: Literal["column", "rule_options", "choices", "elsewhere"] = "column"
    refuse: Callable[[Any], object] | None = None
    tidy: Callable[[Any], Any] | None = None

    @property
    def field(self) -> str:
        """Its name in a form, unique in a design."""
        return f"{self.section}-{self.name}"


def as_typed(choice: Choice, value: Value) -> str | list[str]:
    """The value as it stands in a field; of `many_of` and `lines` a list."""
    if choice.type in ("many_of", "lines"):
        return [*(value or ())]
    if value is None:
        return ""
    if choice.type == "amount":
        return f"{value // 100}" if value % 100 == 0 else f"{value // 100},{value % 100:02}"
    if choice.type == "yes_no":
        return "yes" if value else "no"
    return str(value)


def from_typed(choice: Choice, typed: list[str]) -> Value:
    """The value that a form means; None for nothing. Raises Unfit."""
    if choice.type in ("many_of", "lines"):
        found = typed if choice.type == "many_of" else "\n".join(typed).split("\n")
        return checked(choice, [*filter(None, map(fields.line, found))])
    text = typed[0] if typed else ""
    if not text.strip():
        return None
    value = READERS[choice.type](text)
    return checked(choice, choice.tidy(value) if choice.tidy else value)


def amount(typed: str) -> int:
    try:
        return fields.euros(typed)
    except ValueError as error:
        raise Unfit("not_an_amount") from error


def number(typed: str) -> int:
    try:
        return fields.number(typed)
    except ValueError as error:
        raise Unfit("not_a_number") from error


def yes_no(typed: str) -> bool:
    if typed not in ("yes", "no"):
        raise Unfit("not_a_choice")
    return typed == "yes"


READERS: Mapping[str, Callable[[str], Value]] = {
    "line": fields.line,
    "text": fields.text,
    "amount": amount,
    "number": number,
    "one_of": str.strip,
    "yes_no": yes_no,
}


def from_file(choice: Choice, found: Any) -> Value:
    """The value that a TOML file gives. Raises Unfit; also for what a form would have changed silently."""
    if choice.type == "amount":
        found = cents(found)
    elif choice.type in ("line", "text") and isinstance(found, str):
        found = READERS[choice.type](found)
    return checked(choice, found)


def to_file(choice: Choice, value: Value) -> Value:
    """The value as a TOML file holds it."""
    if choice.type == "amount":
        return euros(value)
    return value


def cents(found: Any) -> int:
    """Cents of an amount in euros, whole or with two decimals. Raises Unfit."""
    if isinstance(found, bool) or not isinstance(found, int | Decimal):
        raise Unfit("not_an_amount")
    amount = Decimal(found)
    if not amount.is_finite() or abs(amount) > fields.MOST_EUROS or amount * 100 != int(amount * 100):
        raise Unfit("not_an_amount")
    return int(amount * 100)


def euros(value: int) -> int | Decimal:
    return value // 100 if value % 100 == 0 else Decimal(value) / 100


def checked(choice: Choice, value: Value) -> Value:
    """The value, if it is what the choice takes. Raises Unfit."""
    CHECKS[choice.type](choice, value)
    if choice.refuse and value:
        try:
            choice.refuse(value)
        except ValueError as error:
            raise Unfit("not_fit") from error
    return value


def check_text(choice: Choice, value: Value) -> None:
    if not isinstance(value, str):
        raise Unfit("not_a_text")
    if not value and choice.needed:
        raise Unfit("missing")
    if choice.high is not None and len(value) > choice.high:
        raise Unfit("too_long", choice.high)


def check_number(choice: Choice, value: Value) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Unfit("not_a_number")
    if value < choice.low:
        raise Unfit("too_cheap" if choice.type == "amount" else "too_low", choice.low)
    if choice.high is not None and value > choice.high:
        raise Unfit("too_dear" if choice.type == "amount" else "too_high", choice.high)


def check_one_of(choice: Choice, value: Value) -> None:
    if value not in choice.options:
        raise Unfit("not_a_choice")


def check_many_of(choice: Choice, value: Value) -> None:
    if not isinstance(value, list) or any(one not in choice.options for one in value):
        raise Unfit("not_a_choice")
    if len(set(value)) < len(value):
        raise Unfit("twice")
    if len(value) < choice.low:
        raise Unfit("missing")


def check_yes_no(choice: Choice, value: Value) -> None:
    if not isinstance(value, bool):
        raise Unfit("not_a_choice")


LONGEST_LINE = 200  # characters


def check_lines(choice: Choice, value: Value) -> None:
    """`high` is of the number of lines."""
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise Unfit("not_a_text")
    if choice.high is not None and len(value) > choice.high:
        raise Unfit("too_many", choice.high)
    if any(len(one) > LONGEST_LINE for one in value):
        raise Unfit("too_long", LONGEST_LINE)


CHECKS: Mapping[str, Callable[[Choice, Value], None]] = {
    "line": check_text,
    "text": check_text,
    "amount": check_number,
    "number": check_number,
    "one_of": check_one_of,
    "many_of": check_many_of,
    "yes_no": check_yes_no,
    "lines": check_lines,
}


def moment(found: Any) -> datetime:
    """The moment (UTC) that a file gives: with its offset, or as a time or day in the Netherlands. Raises Unfit."""
    try:
        if isinstance(found, datetime):
            if found.tzinfo is not None:
                phases.moment(found.astimezone(phases.HERE).date(), time())  # a year that somebody means
                return found.astimezone(UTC)
            return phases.moment(found.date(), found.time().replace(microsecond=0))
        if isinstance(found, date):
            return phases.moment(found, time())
    except (ValueError, OverflowError) as error:
        raise Unfit("not_a_date") from error
    raise Unfit("not_a_date")
