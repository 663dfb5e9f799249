"""A design as a TOML file: one that people read, change and send on. What is wrong with it is told by line."""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import time
from decimal import Decimal
from typing import Any

import tomlkit
from tomlkit.items import Item, Table

from domain import fields
from domain.designs.choices import Choice, Unfit, checked, from_file, moment, to_file
from domain.designs.model import (
    BLOCKS,
    LONGEST_TEXT,
    LONGEST_THEME,
    MOST_THEMES,
    Design,
    Span,
    ThemeChoice,
    choice_of,
    choices,
)
from domain.phase_kinds import KINDS
from domain.phases import HERE

FORMAT = 1
LARGEST = 100_000  # bytes
MOST_FLAWS = 20
MOST_DOTS = 2_000  # a name of 49,000 parts takes tomllib most of a minute
ABOUT = ("title", "source", "taught")
TOKEN = re.compile(r"[a-z][a-z0-9-]{1,79}")
MOST_TOKENS, LONGEST_TOKEN = 60, 120


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why a file can't be taken: the line (1 is the first, 0 none in particular), what stands there, and a kind.

    Kinds: those of fields.Wrong, and not_fit, not_toml, too_large, not_utf8, newer, unknown, not_a_table, not_a_text,
    hidden_characters, twice, not_a_token, half, not_a_time, until_before_from.
    """

    line: int
    where: str
    kind: str
    limit: int | None = None


class FlawedFile(ValueError):
    """Nothing was taken over. `flaws` is never empty; at most MOST_FLAWS are told."""

    def __init__(self, *flaws: Flaw) -> None:
        super().__init__(", ".join(f"line {flaw.line}: {flaw.where} {flaw.kind}" for flaw in flaws))
        self.flaws = flaws[:MOST_FLAWS]


def read(data: bytes) -> Design:
    """The design in a file. Raises FlawedFile."""
    if data.count(b".") > MOST_DOTS:
        raise FlawedFile(Flaw(0, "", "not_toml"))
    document, lines = parsed(data)
    found = Reader(lines)
    design = found.design(document)
    if found.flaws:
        raise FlawedFile(*sorted(found.flaws, key=lambda flaw: flaw.line))
    return design


def read_kept(text: str) -> Design:
    """The design in a text that `written` wrote; what this version knows no more is left out."""
    document, lines = parsed(text.encode())
    return Reader(lines).design(document)


def parsed(data: bytes) -> tuple[dict[str, Any], "Lines"]:
    if len(data) > LARGEST:
        raise FlawedFile(Flaw(0, "", "too_large", LARGEST // 1000))
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise FlawedFile(Flaw(data[: error.start].count(b"\n") + 1, "", "not_utf8")) from error
    try:
        return tomllib.loads(text, parse_float=Decimal), Lines(text)
    except (ValueError, ArithmeticError, RecursionError) as error:  # also of a number that is absurdly long
        at = re.search(r"at line (\d+)", str(error))
        line = int(at[1]) if at else text.count("\n") + 1
        raise FlawedFile(Flaw(line, "", "not_toml")) from error


class Lines:
    """On which line a name stands in a TOML text."""

    HEADER = re.compile(r"[ \t]*\[{1,2}([^\[\]]{1,200})\]")  # both match in linear time: anybody's text is read
    NAME = re.compile(r"[ \t]*([A-Za-z0-9_\"'-]{1,100})[ \t]*=")

    def __init__(self, text: str) -> None:
        self.found: dict[tuple[str, int, str], int] = {}
        section, number, counts = "", 0, dict[str, int]()
        for n, line in enumerate(text.split("\n"), 1):
            if header := self.HEADER.match(line):
                section = header[1].strip()
                number = counts[section] = counts.get(section, -1) + 1
                self.found.setdefault((section, number, ""), n)
            elif name := self.NAME.match(line):
                self.found.setdefault((section, number, name[1].strip("\"'")), n)

    def of(self, section: str, name: str = "", number: int = 0) -> int:
        """The line, or that of the section, or 0."""
        return self.found.get((section, number, name)) or self.found.get((section, number, "")) or 0


class Reader:
    """Reads a document whole, and keeps what is wrong with it."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self.flaws: list[Flaw] = []

    def flaw(self, section: str, name: str, kind: str, limit: int | None = None, number: int = 0) -> None:
        where = ".".join(filter(None, (section, name)))
        self.flaws.append(Flaw(self.lines.of(section, name, number), where, kind, limit))

    def design(self, document: Mapping[str, Any]) -> Design:
        self.check_format(document.get("format"))
        values: dict[str, Any] = {}
        spans: dict[str, Span] = {}
        for section, content in document.items():
            if section in ("format", "about", "themes") or not self.table(section, content):
                continue
            own = {name: value for name, value in content.items() if name not in SPAN or section not in KINDS}
            values |= self.values(section, own)
            if section in KINDS:
                spans[section] = self.span(section, content)
        return Design(
            values,
            self.themes(document.get("themes", [])),
            {kind: spans[kind] for kind in KINDS if kind in spans},
            self.tokens(document.get("look")),
            self.about(document.get("about", {})),
        )

    def check_format(self, found: Any) -> None:
        if isinstance(found, bool) or not isinstance(found, int) or found < 1:
            self.flaw("", "format", "missing" if found is None else "not_a_number")
        elif found > FORMAT:
            self.flaw("", "format", "newer", FORMAT)

    def table(self, section: str, content: Any) -> bool:
        known = {choice.section for choice in choices()} | set(KINDS)
        if section not in known:
            self.flaw(section, "", "unknown")
        elif not isinstance(content, dict):
            self.flaw("", section, "not_a_table")
        return section in known and isinstance(content, dict)

    def values(self, section: str, content: Mapping[str, Any]) -> dict[str, Any]:
        values = {}
        for name, found in content.items():
            choice = choice_of(section, name)
            if choice is None:
                if (section, name) != ("look", "tokens"):
                    self.flaw(section, name, "unknown")
                continue
            try:
                refuse_hidden(found)
                values[choice.field] = from_file(choice, found)
            except Unfit as unfit:
                self.flaw(section, name, unfit.kind, unfit.limit)
        return values

    def span(self, kind: str, content: Mapping[str, Any]) -> Span:
        span: dict[str, Any] = {}
        for name, check in SPAN.items():
            if name in content:
                try:
                    refuse_hidden(content[name])
                    span[FIELDS.get(name, name)] = check(content[name])
                except Unfit as unfit:
                    self.flaw(kind, name, unfit.kind, unfit.limit)
        if ("opens" in content) != ("closes" in content):
            self.flaw(kind, "opens" if "opens" in content else "closes", "half")
        elif "opens" in span and "closes" in span and span["closes"] <= span["opens"]:
            self.flaw(kind, "closes", "closes_before_opens")
        found = Span(**span)
        if found.ends and found.days == 1 and found.ends <= (found.begins or time()):
            self.flaw(kind, "until", "until_before_from")
        return found

    def themes(self, found: Any) -> tuple[ThemeChoice, ...]:
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            self.flaw("", "themes", "not_a_table")
            return ()
        if len(found) > MOST_THEMES:
            self.flaw("themes", "", "too_many", MOST_THEMES)
        return tuple(self.theme(one, number) for number, one in enumerate(found[:MOST_THEMES]))

    def theme(self, found: Mapping[str, Any], number: int) -> ThemeChoice:
        theme: dict[str, Any] = {"name": ""}
        for name, value in found.items():
            choice = THEME.get(name)
            if choice is None:
                self.flaw("themes", name, "unknown", number=number)
                continue
            try:
                refuse_hidden(value)
                theme[name] = from_file(choice, value)
            except Unfit as unfit:
                self.flaw("themes", name, unfit.kind, unfit.limit, number)
        if "name" not in found:
            self.flaw("themes", "name", "missing", number=number)
        return ThemeChoice(**theme)

    def tokens(self, look: Any) -> dict[str, str]:
        found = look.get("tokens", {}) if isinstance(look, dict) else {}
        if not isinstance(found, dict):
            self.flaw("look", "tokens", "not_a_table")
            return {}
        if len(found) > MOST_TOKENS:
            self.flaw("look.tokens", "", "too_many", MOST_TOKENS)
        for name, value in found.items():
            if not TOKEN.fullmatch(name) or not isinstance(value, str) or not fit_token(value):
                self.flaw("look.tokens", name, "not_a_token")
        return {name: value for name, value in found.items() if isinstance(value, str)}

    def about(self, found: Any) -> dict[str, str]:
        if not isinstance(found, dict):
            self.flaw("", "about", "not_a_table")
            return {}
        for name, value in found.items():
            if name not in ABOUT:
                self.flaw("about", name, "unknown")
            elif not isinstance(value, str) or fields.visible(value) != value or len(value) > 2_000:
                self.flaw("about", name, "not_a_text")
        return {name: fields.text(found[name]) for name in ABOUT if isinstance(found.get(name), str)}


def fit_token(value: str) -> bool:
    """Whether the value could stand in a style sheet without ending what it stands in. (What it may be in particular,
    domain/looks.py says.)"""
    return 0 < len(value) <= LONGEST_TOKEN and value.isprintable() and not set(value) & set('{};<>\\@"')


def refuse_hidden(found: Any) -> None:
    """Raises Unfit for characters that can't be seen, or turn the direction of what follows."""
    if isinstance(found, str) and fields.visible(found.replace("\r\n", "\n")) != found.replace("\r\n", "\n"):
        raise Unfit("hidden_characters")
    for one in found if isinstance(found, list) else ():
        refuse_hidden(one)


def text_of_phase(found: Any) -> str:
    return str(from_file(Choice("", "text", "text", high=LONGEST_TEXT), found))


def reactions(found: Any) -> bool:
    return bool(checked(Choice("", "reactions", "yes_no"), found))


def days(found: Any) -> int:
    return int(checked(Choice("", "days", "number", low=1, high=3_660), found))


def day(found: Any) -> int:
    return int(checked(Choice("", "day", "number", low=0, high=3_660), found))


CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


def time_of_day(found: Any) -> time:
    if not isinstance(found, str) or not CLOCK.fullmatch(found):
        raise Unfit("not_a_time")
    return time.fromisoformat(found)


SPAN: Mapping[str, Callable[[Any], Any]] = {
    "opens": moment,
    "closes": moment,
    "day": day,
    "days": days,
    "from": time_of_day,
    "until": time_of_day,
    "text": text_of_phase,
    "reactions": reactions,
}
FIELDS = {"from": "begins", "until": "ends"}  # of Span, where a name of the file can't be one there

THEME = {
    "name": Choice("themes", "name", "line", high=LONGEST_THEME, needed="start"),
    "budget": Choice("themes", "budget", "amount", low=0),
    "min_length": Choice("themes", "min_length", "number", low=0, high=1_000),
    "max_length": Choice("themes", "max_length", "number", low=1, high=1_000),
    "max_sum_cost": Choice("themes", "max_sum_cost", "amount", low=100),
}


def written(design: Design) -> str:
    """The design as a file: every choice that was made, in the order of the steps."""
    document = tomlkit.document()
    document.add("format", tomlkit.item(FORMAT))
    if design.about:
        document.add("about", filled(design.about))
    for section in dict.fromkeys(choice.section for choice in choices()):
        table = section_of(design, section)
        if table is not None:
            document.add(section, table)
    if design.themes:
        listed = tomlkit.aot()
        for theme in design.themes:
            listed.append(filled({name: at(theme, name) for name in THEME}))
        document.add("themes", listed)
    return tomlkit.dumps(document)


def at(theme: ThemeChoice, name: str) -> Any:
    value = getattr(theme, name)
    return None if value is None or (name, value) == ("min_length", 0) else to_file(THEME[name], value)


def filled(values: Mapping[str, Any]) -> Table:
    table = tomlkit.table()
    for name, value in values.items():
        if value is not None:
            table.add(name, item(value))
    return table


def item(value: Any) -> Item:
    if isinstance(value, str) and ("\n" in value or len(value) > 100) and value.strip() == value:
        return tomlkit.string(value, multiline=True)
    if isinstance(value, Decimal):
        value = float(value)
    made: Item = tomlkit.item([*value] if isinstance(value, tuple) else value)
    return made


def section_of(design: Design, section: str) -> Table | None:
    table = tomlkit.table()
    if section in KINDS:
        if section not in design.spans:
            return None
        for name, value in span_in_file(design.spans[section]):
            table.add(name, item(value))
    for choice in choices():
        if choice.section == section and design.values.get(choice.field) is not None:
            if choice.options and choice.options != BLOCKS:
                table.add(tomlkit.comment(" | ".join(choice.options)))
            table.add(choice.name, item(to_file(choice, design.values[choice.field])))
    if section == "look" and design.tokens:
        table.add("tokens", filled(design.tokens))
    return table if len(table) or section in KINDS else None


def span_in_file(span: Span) -> Iterator[tuple[str, Any]]:
    if span.opens is not None and span.closes is not None:
        yield "opens", span.opens.astimezone(HERE)
        yield "closes", span.closes.astimezone(HERE)
    else:
        yield "day", span.day
        yield "days", span.days
        yield from ((name, f"{at:%H:%M}") for name, at in (("from", span.begins), ("until", span.ends)) if at)
    if span.text:
        yield "text", span.text
    if not span.reactions:
        yield "reactions", False
