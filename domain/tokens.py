"""Tokens of a house style (NL Design System), read from what a municipality publishes: CSS or JSON.

Nothing of the text goes along: a value is read as a colour, a length, a number or a list of known fonts, and written
anew in one form of its own. Whatever is something else is left out, with the reason.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

LONGEST_WAY = 200  # characters of the names on the way to a token
LARGEST = 400_000  # characters; the whole theme of a municipality, components and all
MOST_TOLD = 60  # of what was left out
DEEPEST = 40  # in JSON
MOST_STEPS = 12  # from one token that refers to another to a value

Reason = Literal[
    "unknown", "dark", "at_rule", "double", "see_through", "not_a_colour", "not_a_length", "not_a_number",
    "out_of_range", "unknown_font", "loose_end",
]  # fmt: skip


class Unreadable(ValueError):
    """The text is no token file. `kind`: empty, too_large or nothing_found."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class Misfit(ValueError):
    """The value is not what its name asks for; `reason` says why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


@dataclass(frozen=True, slots=True)
class Ignored:
    """What was left out. `name` as it stands in the file; it is text of others."""

    name: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Found:
    """What a file holds. `tokens`: ours, in normal form; `names`: how the file calls them; `more`: left out untold."""

    tokens: Mapping[str, str]
    names: Mapping[str, str] = field(default_factory=dict)
    ignored: tuple[Ignored, ...] = ()
    more: int = 0


# Values

NUMBER = r"[+-]?(?:\d{1,6}(?:\.\d{0,12})?|\.\d{1,12})"
HEX = re.compile(r"#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})", re.ASCII)
FUNCTION = re.compile(
    rf"(rgb|rgba|hsl|hsla)\(\s*({NUMBER})(%|deg)?\s*[,\s]\s*({NUMBER})(%)?\s*[,\s]\s*({NUMBER})(%)?\s*"
    rf"(?:[,/]\s*({NUMBER})(%)?\s*)?\)",
    re.ASCII,
)
SIZED = re.compile(rf"({NUMBER})(px|rem)?", re.ASCII)
NAMED = {"white": "#ffffff", "black": "#000000"}


def colour(text: str) -> str:
    """#rrggbb of a colour as CSS writes it: hex, rgb() or hsl(). Raises Misfit; also for one that is see-through."""
    bare = text.strip().lower()
    if bare in NAMED:
        return NAMED[bare]
    if HEX.fullmatch(bare):
        digits = bare[1:] if len(bare) > 5 else "".join(2 * digit for digit in bare[1:])
        return opaque(f"#{digits[:6]}", int(digits[6:] or "ff", 16) / 255)
    found = FUNCTION.fullmatch(bare)
    if found is None:
        raise Misfit("see_through" if bare == "transparent" else "not_a_colour")
    alpha = float(found[8] or 1) / (100 if found[9] else 1)
    return opaque(from_hsl(found) if found[1].startswith("hsl") else from_rgb(found), alpha)


def opaque(value: str, alpha: float) -> str:
    if alpha < 1:
        raise Misfit("see_through")
    return value


def from_rgb(found: re.Match[str]) -> str:
    parts = ((found[2], found[3]), (found[4], found[5]), (found[6], found[7]))
    return hexadecimal(*(float(number) * 255 / (100 if unit == "%" else 255) for number, unit in parts))


def from_hsl(found: re.Match[str]) -> str:
    """CSS Color 4, 7.1."""
    if found[3] == "%" or not (found[5] and found[7]):
        raise Misfit("not_a_colour")
    hue = float(found[2]) % 360
    saturation, light = (min(1.0, max(0.0, float(part) / 100)) for part in (found[4], found[6]))

    def channel(n: int) -> float:
        k = (n + hue / 30) % 12
        return 255 * (light - saturation * min(light, 1 - light) * max(-1.0, min(k - 3, 9 - k, 1.0)))

    return hexadecimal(channel(0), channel(8), channel(4))


def hexadecimal(*channels: float) -> str:
    return "#" + "".join(f"{min(255, max(0, round(channel))):02x}" for channel in channels)


def length(low: float, high: float) -> Callable[[str], str]:
    """Reads a length in px or rem as rem, from `low` to `high` rem. Raises Misfit."""

    def read(text: str) -> str:
        found = SIZED.fullmatch(text.strip().lower())
        if found is None or not (found[2] or float(found[1]) == 0):
            raise Misfit("not_a_length")
        size = float(found[1]) / (16 if found[2] == "px" else 1)
        if not low <= size <= high:
            raise Misfit("out_of_range")
        return f"{size:.4f}".rstrip("0").rstrip(".") + "rem"

    return read


def ratio(low: float, high: float) -> Callable[[str], str]:
    """Reads a bare number, or a percentage as one. Raises Misfit."""

    def read(text: str) -> str:
        bare = text.strip()
        found = SIZED.fullmatch(bare.removesuffix("%"))
        if found is None or found[2]:
            raise Misfit("not_a_number")
        number = float(found[1]) / (100 if bare.endswith("%") else 1)
        if not low <= number <= high:
            raise Misfit("out_of_range")
        return f"{number:.3f}".rstrip("0").rstrip(".")

    return read


# Fonts that stand on the visitor's own machine: nothing is fetched. As CSS takes them without quotes.
FONTS = (
    *("system-ui", "-apple-system", "BlinkMacSystemFont", "ui-sans-serif", "ui-serif", "ui-rounded"),
    *("Segoe UI", "Roboto", "Noto Sans", "Noto Serif", "Open Sans", "Source Sans Pro", "Fira Sans", "Ubuntu"),
    *("Arial", "Helvetica", "Helvetica Neue", "Verdana", "Tahoma", "Trebuchet MS", "Geneva", "Calibri", "Candara"),
    *("Lucida Grande", "Lucida Sans", "Gill Sans", "Optima", "Century Gothic", "Avenir", "Avenir Next", "Futura"),
    *("Georgia", "Times New Roman", "Times", "Palatino", "Palatino Linotype", "Cambria", "Garamond", "Charter"),
    *("Baskerville", "Rockwell", "sans-serif", "serif"),
)
BY_NAME = {name.lower(): name for name in FONTS}
SERIFS = {"ui-serif", "Noto Serif", *FONTS[FONTS.index("Georgia") : FONTS.index("sans-serif")]}


def font(text: str) -> str:
    """The known ones of a list of fonts, with sans-serif or serif at the end. Raises Misfit where none is known."""
    wanted = (part.strip().strip("\"'").strip().lower() for part in text.split(","))
    known = [*dict.fromkeys(BY_NAME[name] for name in wanted if name in BY_NAME)]
    if not [name for name in known if name not in ("serif", "sans-serif")]:
        raise Misfit("unknown_font")
    if known[-1] not in ("serif", "sans-serif"):
        known.append("serif" if known[0] in SERIFS else "sans-serif")
    return ", ".join(known)


# Names

COLOURS = (
    "basis-color-accent",
    "basis-color-default-bg-document",
    "basis-color-default-bg-subtle",
    "basis-color-default-border-subtle",
    "basis-color-default-border-default",
    "basis-color-default-color-document",
    "basis-color-default-color-subtle",
    "basis-color-action-1-color-default",
    "basis-color-action-1-color-hover",
    "basis-color-action-1-color-inverse",
    "basis-color-action-1-bg-subtle",
    "basis-color-highlight-bg-default",
    "basis-color-highlight-bg-hover",
    "basis-color-highlight-color-default",
    "basis-color-negative-bg-subtle",
    "basis-color-negative-color-default",
    "basis-color-inverse-bg-default",
    "basis-color-inverse-border-default",
    "basis-color-inverse-color-default",
    "basis-color-inverse-color-subtle",
    "basis-color-inverse-accent",
    "basis-color-inverse-negative",
    "basis-focus-color",
    "basis-focus-inverse-color",
)
SHAPES: Mapping[str, Callable[[str], str]] = {
    "basis-text-font-family-default": font,
    "basis-heading-font-family": font,
    "basis-text-font-size-sm": length(0.8125, 1.125),
    "basis-text-font-size-md": length(1, 1.375),
    "basis-text-font-size-lg": length(1.125, 1.625),
    "basis-text-font-size-xl": length(1.25, 2.25),
    "basis-text-line-height-md": ratio(1.4, 2),
    "basis-border-radius-sm": length(0, 1.5),
    "basis-border-radius-md": length(0, 2),
}
READERS: Mapping[str, Callable[[str], str]] = {**dict.fromkeys(COLOURS, colour), **SHAPES}

# What others call it, the best guess first: used where a file doesn't name ours.
ALSO: Mapping[str, tuple[str, ...]] = {
    "basis-color-accent": (
        *("basis-color-action-1-inverse-bg-default", "nl-button-primary-background-color"),
        *("utrecht-button-primary-action-background-color", "basis-color-accent-1-color-default", "utrecht-link-color"),
        *("denhaag-button-primary-action-background-color", "denhaag-color-primary"),
    ),
    "basis-color-default-bg-document": (
        *("utrecht-document-background-color", "utrecht-page-background-color", "utrecht-root-background-color"),
    ),
    "basis-color-default-color-document": ("utrecht-document-color", "nl-paragraph-color", "basis-color-text"),
    "basis-color-default-border-default": (
        *("utrecht-form-control-border-color", "utrecht-textbox-border-color", "nl-text-input-border-color"),
    ),
    "basis-color-action-1-color-default": ("nl-link-color", "utrecht-link-color"),
    "basis-color-action-1-color-hover": (
        *("basis-color-action-1-inverse-bg-hover", "nl-link-hover-color", "utrecht-link-hover-color"),
        "utrecht-button-primary-action-hover-background-color",
    ),
    "basis-color-action-1-color-inverse": (
        *("basis-color-action-1-inverse-color-default", "nl-button-primary-color"),
        "utrecht-button-primary-action-color",
    ),
    "basis-color-negative-color-default": ("utrecht-form-field-error-message-color", "utrecht-feedback-danger-color"),
    "basis-color-inverse-bg-default": ("utrecht-page-footer-background-color",),
    "basis-color-inverse-color-default": ("utrecht-page-footer-color",),
    "basis-focus-color": ("basis-focus-outline-color", "utrecht-focus-outline-color"),
    "basis-focus-inverse-color": ("basis-focus-inverse-outline-color", "utrecht-focus-inverse-outline-color"),
    "basis-text-font-family-default": ("utrecht-document-font-family", "nl-paragraph-font-family"),
    "basis-heading-font-family": (
        *("utrecht-heading-font-family", "utrecht-heading-1-font-family", "nl-heading-level-1-font-family"),
    ),
    "basis-text-font-size-md": ("utrecht-document-font-size", "nl-paragraph-font-size"),
    "basis-text-line-height-md": ("utrecht-document-line-height", "nl-paragraph-line-height"),
    "basis-border-radius-sm": ("nl-button-border-radius", "utrecht-button-border-radius"),
    "basis-border-radius-md": ("utrecht-card-border-radius",),
}
THEIRS = {other for others in ALSO.values() for other in others}
FAMILIES = ("basis", "utrecht", "nl", "denhaag")  # how a name of one begins, whatever stands before it in a file


def normal(given: Mapping[str, str]) -> dict[str, str]:
    """Of these tokens those that are ours and fit, in normal form; nothing else. Never raises."""
    kept = {}
    for name in READERS:
        try:
            kept[name] = READERS[name](given[name])
        except (KeyError, Misfit):
            continue
    return kept


def read(text: str) -> Found:
    """The tokens in a CSS or JSON file. Raises Unreadable, and nothing else whatever the text is."""
    if len(text) > LARGEST:
        raise Unreadable("too_large")
    if not text.strip():
        raise Unreadable("empty")
    declared, ignored = Declared(), list[Ignored]()
    for name, value, reason in declarations(text):
        if reason:
            ignored.append(Ignored(name[:80], reason))
        else:
            declared.add(name, value)
    tokens, names = dict[str, str](), dict[str, str]()
    for ours in READERS:
        take(ours, declared, tokens, names, ignored)
    settled = {*names.values(), *(one.name for one in ignored)}
    ignored += [Ignored(name[:80], left_out(name)) for name in declared.values if name not in settled]
    told = [*dict.fromkeys(one for one in ignored if one.name not in names.values())]
    if not tokens and not told:
        raise Unreadable("nothing_found")
    return Found(tokens, names, tuple(told[:MOST_TOLD]), max(0, len(told) - MOST_TOLD))


def left_out(name: str) -> Reason:
    return "double" if name in THEIRS else "unknown"


class Declared:
    """The declarations of a file: the last one of a name counts."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def add(self, name: str, value: str) -> None:
        self.values[name] = value

    def value(self, name: str) -> str:
        """The value, if need be by way of others: var(--other) or {other}. Raises Misfit."""
        text = self.values[name]
        for _ in range(MOST_STEPS):
            refers = REFERS.fullmatch(text.strip())
            if refers is None:
                return text
            other = name_of(refers[1] or refers[3])
            if other in self.values:
                text = self.values[other]
            elif refers[2]:
                text = refers[2]
            else:
                break
        raise Misfit("loose_end")


REFERS = re.compile(r"var\(\s*--([\w-]{1,120})\s*(?:,([^()]{0,200}))?\)|\{([^{}]{1,200})\}")


def take(ours: str, declared: Declared, tokens: dict[str, str], names: dict[str, str], ignored: list[Ignored]) -> None:
    """The token, under its own name, else under the first of the other names that has a value that fits."""
    for name in (ours, *ALSO.get(ours, ())):
        if name not in declared.values:
            continue
        try:
            tokens[ours] = READERS[ours](declared.value(name))
        except Misfit as misfit:
            ignored.append(Ignored(name, misfit.reason))
        else:
            names[ours] = name
            return


def declarations(text: str) -> Iterator[tuple[str, str, Reason | None]]:
    """Name, value and perhaps why it doesn't count, of everything in the file that could be a token."""
    if text.lstrip("\ufeff \t\r\n")[:1] in ("{", "["):
        try:
            document = json.loads(text.lstrip("\ufeff"))
        except (ValueError, RecursionError):
            document = None
        if document is not None:
            yield from in_json(document)
            return
    yield from in_css(text)


# CSS

PIECE = re.compile(
    r"/\*(?:[^*]|\*(?!/))*(?:\*/|\Z)"  # a comment
    # What stands in quotes; every way to end it is there, so that no text is looked through twice.
    r"|\"(?:[^\"\\\n]|\\.)*(?:\"|\\?\Z|(?=\n))|'(?:[^'\\\n]|\\.)*(?:'|\\?\Z|(?=\n))"
    r"|[{};]|[^{};\"'/]+|/|\"|'",
    re.DOTALL,
)
DECLARATION = re.compile(r"\s*--([\w-]{1,120})\s*:(.*)", re.DOTALL)


def in_css(text: str) -> Iterator[tuple[str, str, Reason | None]]:
    """The custom properties, in whatever block they stand. Of what holds only in the dark and of at-rules, none."""
    around, statement = list[str](), ""
    for piece in PIECE.findall(text):
        if piece.startswith("/*"):
            continue
        if piece not in ("{", "}", ";"):
            statement += piece
            continue
        if len(around) > DEEPEST:
            return
        if piece == "{" and not DECLARATION.fullmatch(statement):
            around.append(statement.strip().lower())
        else:
            yield from in_statement(statement, around)
        if piece == "}" and around:
            around.pop()
        statement = ""
    yield from in_statement(statement, around)


def in_statement(statement: str, around: list[str]) -> Iterator[tuple[str, str, Reason | None]]:
    bare = statement.strip()
    if bare.startswith("@"):
        yield bare.split()[0][:40], "", "at_rule"
    found = DECLARATION.fullmatch(statement)
    if found is None:
        return
    if any("dark" in prelude for prelude in around):
        yield name_of(found[1]), "", "dark"
    elif any(prelude.startswith("@") and not prelude.startswith(PLAIN_RULES) for prelude in around):
        yield name_of(found[1]), "", "at_rule"
    else:
        yield name_of(found[1]), found[2].replace("!important", "").strip()[:300], None


PLAIN_RULES = ("@media", "@layer", "@supports", "@scope", "@container")


# JSON: Style Dictionary, and what Figma and Tokens Studio write


def in_json(document: Any) -> Iterator[tuple[str, str, Reason | None]]:
    """Every leaf with a value; its name is the way to it. Of a set that is called dark, none."""
    waiting: list[tuple[tuple[str, ...], Any]] = [((), document)]
    while waiting:
        way, found = waiting.pop()
        leaf = value_in(found)
        if leaf is not None and way:
            name = name_of("-".join(way))
            yield name, leaf[:300], "dark" if any("dark" in step.lower().split("-") for step in way) else None
        elif isinstance(found, dict) and len(way) < DEEPEST:
            steps = ((str(step), below) for step, below in found.items() if not str(step).startswith("$"))
            short = LONGEST_WAY - sum(map(len, way))
            waiting += [((*way, step), below) for step, below in reversed([*steps]) if len(step) <= short]


def value_in(found: Any) -> str | None:
    """The value of a token as CSS would write it, or None for what is no token."""
    if isinstance(found, dict):
        for name in ("$value", "value"):
            if name in found and (inner := written(found[name])) is not None:
                return inner
        return None
    return written(found)


def written(value: Any) -> str | None:
    match value:
        case bool():
            return None
        case str():
            return value
        case int() | float():
            return f"{value:.6f}" if abs(value) < 1_000_000 else None
        case {"components": [*parts], "colorSpace": "srgb"} if len(parts) == 3 and all(map(is_number, parts)):
            return f"rgb({', '.join(f'{part * 255:.4f}' for part in parts)} / {value.get('alpha', 1)})"
        case {"value": int() | float() as number, "unit": str() as unit} if is_number(number):
            return f"{number:.6f}{unit}"
        case [*parts] if parts and all(isinstance(part, str) for part in parts):
            return ", ".join(parts)
    return None


def is_number(part: Any) -> bool:
    return isinstance(part, int | float) and not isinstance(part, bool) and abs(part) < 1_000_000


def name_of(found: str) -> str:
    """The name as CSS writes it, from where its family begins: in light.basis.color.accent a set stands before it."""
    steps = [step for step in re.split(r"[^a-z0-9]+", found.lower()) if step]
    begin = next((at for at, step in enumerate(steps) if step in FAMILIES), 0)
    return "-".join(steps[begin:])
