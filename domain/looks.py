"""The look (uiterlijk) of a process: tokens that somebody gave, made into colours that everyone can read.

What is kept are the tokens as they were given (domain/tokens.py). What is served is made of them here: a colour that
wasn't given follows from those that were, dark mode follows from light, and every pair that the style sheets use has
the contrast that WCAG 2.2 asks (1.4.3: 4.5 to 1 for text; 1.4.11: 3 to 1 for what else must be seen).
"""

import hashlib
import json
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from domain import audit, tokens
from domain.database import Database
from domain.processes import Process

Colours = Mapping[str, str]  # token -> #rrggbb
TEXT, SHAPE = 4.5, 3.0

PAGE = "basis-color-default-bg-document"
SUBTLE = "basis-color-default-bg-subtle"
TINT = "basis-color-action-1-bg-subtle"
BAD = "basis-color-negative-bg-subtle"
LINE = "basis-color-default-border-subtle"
EDGE = "basis-color-default-border-default"
INK = "basis-color-default-color-document"
PALE_INK = "basis-color-default-color-subtle"
ACCENT = "basis-color-accent"
ACTION = "basis-color-action-1-color-default"
HOVER = "basis-color-action-1-color-hover"
ON_ACTION = "basis-color-action-1-color-inverse"
MARK = "basis-color-highlight-bg-default"
MARK_HOVER = "basis-color-highlight-bg-hover"
ON_MARK = "basis-color-highlight-color-default"
NEGATIVE = "basis-color-negative-color-default"
BAR = "basis-color-inverse-bg-default"
BAR_EDGE = "basis-color-inverse-border-default"
ON_BAR = "basis-color-inverse-color-default"
PALE_ON_BAR = "basis-color-inverse-color-subtle"
BAR_ACCENT = "basis-color-inverse-accent"
BAR_NEGATIVE = "basis-color-inverse-negative"
FOCUS = "basis-focus-color"
FOCUS_ON_BAR = "basis-focus-inverse-color"

# As in static/wijkbudget.css; a test compares.
LIGHT: Colours = {
    ACCENT: "#0b6b50",
    PAGE: "#ffffff",
    SUBTLE: "#f2f5f4",
    LINE: "#d9e0de",
    EDGE: "#74827f",
    INK: "#14202b",
    PALE_INK: "#4a5762",
    ON_ACTION: "#ffffff",
    MARK: "#ffd166",
    MARK_HOVER: "#ffc233",
    ON_MARK: "#14202b",
    BAD: "#fdeeec",
    NEGATIVE: "#b3261e",
    BAR: "#14202b",
    BAR_EDGE: "#3c4b57",
    ON_BAR: "#ffffff",
    PALE_ON_BAR: "#c9d3da",
    BAR_NEGATIVE: "#ff9d92",
    FOCUS: "#14202b",
    FOCUS_ON_BAR: "#ffd166",
}
DARK: Colours = {
    PAGE: "#10181f",
    SUBTLE: "#1a252e",
    LINE: "#2e3c47",
    EDGE: "#8495a1",
    INK: "#eef3f5",
    PALE_INK: "#b3c0c9",
    ON_ACTION: "#10181f",
    BAD: "#3a1b19",
    NEGATIVE: "#ffb0a7",
    BAR: "#22303b",
    FOCUS: "#ffd166",
}


@dataclass(frozen=True, slots=True)
class Pair:
    """Two colours that stand on each other, and how much they must differ at least."""

    front: str
    back: str
    least: float


def pairs(front: str, backs: Iterable[str], least: float) -> list[Pair]:
    return [Pair(front, back, least) for back in backs]


GROUNDS = (PAGE, SUBTLE, TINT, BAD)
# Everything that static/wijkbudget.css and beheer.css put on something else, what is moved first at the bottom.
PAIRS = (
    *pairs(INK, GROUNDS, TEXT),
    *pairs(PALE_INK, GROUNDS, TEXT),
    *pairs(ACTION, GROUNDS, TEXT),
    *pairs(ACTION, (LINE,), SHAPE),  # the bar of supports
    *pairs(HOVER, GROUNDS, TEXT),
    *pairs(ON_ACTION, (ACTION, HOVER), TEXT),
    *pairs(NEGATIVE, GROUNDS, TEXT),
    *pairs(EDGE, (PAGE, SUBTLE), SHAPE),
    *pairs(FOCUS, GROUNDS, SHAPE),
    *pairs(ON_MARK, (MARK, MARK_HOVER), TEXT),
    *pairs(ON_BAR, (BAR,), TEXT),
    *pairs(PALE_ON_BAR, (BAR,), TEXT),
    *pairs(BAR_NEGATIVE, (BAR,), TEXT),
    *pairs(BAR_NEGATIVE, (BAR_EDGE,), SHAPE),
    *pairs(BAR_ACCENT, (BAR_EDGE,), SHAPE),
    *pairs(FOCUS_ON_BAR, (BAR,), SHAPE),
)
ON_DARK = (ON_BAR, PALE_ON_BAR, BAR_NEGATIVE, BAR_ACCENT, FOCUS_ON_BAR)  # of the bar, which is dark on a light page too
LIGHT_GROUNDS = {PAGE: 0.7, SUBTLE: 0.6, TINT: 0.6, BAD: 0.6, LINE: 0.45}  # luminance that they must have
DARK_GROUNDS = {BAR: 0.1, BAR_EDGE: 0.15}  # and may have


@dataclass(frozen=True, slots=True)
class Repair:
    """A colour that was moved as little as made it pass; `darker`, or lighter."""

    name: str
    given: str
    made: str
    darker: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """A colour that was left out: whatever stands on it could not be read. `kind`: too_dark or too_light."""

    name: str
    given: str
    kind: str


@dataclass(frozen=True, slots=True)
class Look:
    """What the tokens come to. `light` and `dark` have every colour of the style sheets, and pass every one of PAIRS.
    `repairs` and `refusals` are of colours that were given."""

    tokens: Mapping[str, str]
    light: Colours
    dark: Colours
    shapes: Mapping[str, str]
    repairs: tuple[Repair, ...]
    refusals: tuple[Refusal, ...]
    key: str

    @property
    def plain(self) -> bool:
        """Nothing was given: the style sheets say it all."""
        return not self.tokens


def of(given: Mapping[str, str]) -> Look:
    """The look of these tokens, whoever wrote them: what is no token of ours in normal form is left out."""
    return made(tuple(sorted(given.items())))


@lru_cache(maxsize=256)
def made(given: tuple[tuple[str, str], ...]) -> Look:
    kept = tokens.normal(dict(given))
    colours = {name: value for name, value in kept.items() if name in tokens.COLOURS}
    shapes = {name: value for name, value in kept.items() if name in tokens.SHAPES}
    refusals = tuple(refused(colours))
    for refusal in refusals:
        del colours[refusal.name]
    light = passing(completed(colours), darker=True)
    repairs = tuple(repaired(colours, light))
    dark = passing(in_the_dark(light, colours), darker=False)
    sheet = style(light, dark, shapes, ":root") if kept else ""
    key = hashlib.sha256(sheet.encode()).hexdigest()[:12]
    return Look(kept, light, dark, shapes, repairs, refusals, key)


def repaired(given: Colours, light: Colours) -> Iterator[Repair]:
    for name, value in given.items():
        result = light[ACTION] if name == ACCENT and ACTION not in given else light[name]
        if result != value:
            yield Repair(name, value, result, luminance(result) < luminance(value))


def refused(colours: Colours) -> Iterator[Refusal]:
    for name, least in LIGHT_GROUNDS.items():
        if name in colours and luminance(colours[name]) < least:
            yield Refusal(name, colours[name], "too_dark")
    for name, most in DARK_GROUNDS.items():
        if name in colours and luminance(colours[name]) > most:
            yield Refusal(name, colours[name], "too_light")


def completed(given: Colours) -> dict[str, str]:
    """Every colour of a light page: those that were given, and the rest after them or as in the style sheet."""
    all_ = {**LIGHT, **given}
    all_[ACCENT] = given.get(ACCENT) or given.get(ACTION) or LIGHT[ACCENT]
    all_[ACTION] = given.get(ACTION) or all_[ACCENT]
    ready = moved(ACTION, {**all_, TINT: all_[PAGE]}, darker=True)
    all_[HOVER] = given.get(HOVER) or mixed(ready, "#000000", 0.2)
    all_[TINT] = given.get(TINT) or mixed(all_[ACCENT], all_[PAGE], 0.93)
    if PAGE in given:
        all_[SUBTLE] = given.get(SUBTLE) or mixed(all_[PAGE], "#14202b", 0.05)
    if NEGATIVE in given:
        all_[BAD] = given.get(BAD) or mixed(all_[NEGATIVE], all_[PAGE], 0.92)
    if BAR in given:
        all_[BAR_EDGE] = given.get(BAR_EDGE) or mixed(all_[BAR], "#ffffff", 0.17)
    all_[BAR_ACCENT] = given.get(BAR_ACCENT) or mixed(all_[ACCENT], "#ffffff", 0.55)
    return all_ | marked(all_, given)


def marked(all_: Colours, given: Colours) -> dict[str, str]:
    """The highlight: letters that can be read on it, and a hover on which they can be read even better."""
    if MARK not in given:
        return {MARK_HOVER: given.get(MARK_HOVER, LIGHT[MARK_HOVER])}
    letters = given.get(ON_MARK) or better_of("#14202b", "#ffffff", all_[MARK])
    to = "#ffffff" if luminance(letters) < luminance(all_[MARK]) else "#000000"
    hover = given.get(MARK_HOVER) or mixed(all_[MARK], to, 0.25)
    return {ON_MARK: letters, MARK_HOVER: hover}


def better_of(one: str, other: str, back: str) -> str:
    return one if contrast(one, back) >= contrast(other, back) else other


def in_the_dark(light: Colours, given: Colours) -> dict[str, str]:
    """The same look on a dark page: backgrounds as in the style sheet, what stands on them lightened."""
    all_ = {**light, **DARK}
    accent = mixed(light[ACCENT], "#ffffff", 0.55)
    all_ |= {ACTION: accent, HOVER: mixed(accent, "#ffffff", 0.45)}
    all_[TINT] = mixed(mixed(light[ACCENT], "#000000", 0.3), DARK[PAGE], 0.78)
    for name in (BAR, BAR_EDGE):
        all_[name] = given.get(name) or (DARK.get(name) or light[name])
    if NEGATIVE in given:
        all_[NEGATIVE] = mixed(light[NEGATIVE], "#ffffff", 0.5)
        all_[BAD] = mixed(mixed(light[NEGATIVE], "#000000", 0.3), DARK[PAGE], 0.78)
    if FOCUS in given:
        all_[FOCUS] = given[FOCUS]
    return all_


def passing(colours: dict[str, str], *, darker: bool) -> Colours:
    """The colours with those moved that PAIRS asks to. `darker`: what stands on the page is moved to black."""
    made_ = dict(colours)
    if not passes(ON_MARK, made_[ON_MARK], made_):
        made_[ON_MARK] = moved(ON_MARK, made_, darker=luminance(made_[ON_MARK]) < luminance(made_[MARK]))
    if not passes(ON_MARK, made_[ON_MARK], made_):  # the two highlights are too far from each other
        made_[ON_MARK] = better_of("#000000", "#ffffff", made_[MARK])
        made_[MARK_HOVER] = made_[MARK]
    for name in dict.fromkeys(pair.front for pair in PAIRS if pair.front != ON_MARK):
        to_black = (not darker) if name == ON_ACTION else darker and name not in ON_DARK
        made_[name] = moved(name, made_, darker=to_black)
    return made_


def moved(name: str, colours: Colours, *, darker: bool) -> str:
    """The colour, moved to black or white as little as makes it pass; or black or white itself."""
    given, end = colours[name], "#000000" if darker else "#ffffff"
    step = bisect_left(range(STEPS), True, key=lambda n: passes(name, mixed(given, end, n / STEPS), colours))
    return mixed(given, end, step / STEPS)


STEPS = 256


def passes(name: str, value: str, colours: Colours) -> bool:
    return all(contrast(value, colours[pair.back]) >= pair.least for pair in OF_FRONT[name] if pair.back in colours)


OF_FRONT = {name: [pair for pair in PAIRS if pair.front == name] for name in {pair.front for pair in PAIRS}}


def failing(colours: Colours) -> list[Pair]:
    """The pairs that can't be told apart well enough; none in a Look."""
    return [pair for pair in PAIRS if contrast(colours[pair.front], colours[pair.back]) < pair.least]


# Colours as numbers


def channels(value: str) -> tuple[int, int, int]:
    return int(value[1:3], 16), int(value[3:5], 16), int(value[5:7], 16)


def mixed(value: str, other: str, part: float) -> str:
    """The colour with that part (0 to 1) of the other in it."""
    both = zip(channels(value), channels(other), strict=True)
    return tokens.hexadecimal(*(one + (two - one) * part for one, two in both))


@lru_cache(maxsize=4096)
def luminance(value: str) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2)."""
    linear = [LINEAR[channel] for channel in channels(value)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


LINEAR = [c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in range(256)]


def contrast(one: str, other: str) -> float:
    """Contrast ratio, 1 to 21 (WCAG 2.2)."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


# Style sheets

FIT = re.compile(r"#[0-9a-f]{6}|[0-9.]+(?:rem)?|[A-Za-z][A-Za-z ,-]*|-apple-system[A-Za-z ,-]*", re.ASCII)


def sheet(look: Look, selector: str = ":root") -> str:
    """The look as a style sheet, for after static/wijkbudget.css."""
    return style(look.light, look.dark, look.shapes, selector)


def style(light: Colours, dark: Colours, shapes: Mapping[str, str], selector: str) -> str:
    differs = {name: value for name, value in dark.items() if value != light[name]}
    return (
        f"{selector}{{{properties({**light, **shapes})}}}"
        f"@media (prefers-color-scheme:dark){{{selector}{{{properties(differs)}}}}}"
    )


def properties(values: Mapping[str, str]) -> str:
    if not all(map(FIT.fullmatch, values.values())):
        raise ValueError("no value of a token")  # can't be: everything was read and written anew
    return "".join(f"--{name}:{value};" for name, value in values.items())


def as_text(given: Mapping[str, str]) -> str:
    """The tokens as somebody pastes them: one a line."""
    return "\n".join(f"--{name}: {value};" for name, value in tokens.normal(given).items())


# What staff save


class Stale(Exception):
    """Somebody else changed it meanwhile. Nothing was saved."""


def save(
    db: Database, process: Process, given: Mapping[str, str], before: Mapping[str, str], now: datetime, account_id: int
) -> bool:
    """Make these the tokens of the process; False where they were already. `before`: those that the form began with.

    Raises Stale.
    """
    (kept,) = db.execute("SELECT look FROM processes WHERE id = ?", [process.id]).fetchone()
    there, wanted = json.loads(kept), tokens.normal(given)
    if there == wanted:
        return False
    if tokens.normal(there) != tokens.normal(before):
        raise Stale
    db.execute("UPDATE processes SET look = ? WHERE id = ?", [json.dumps(wanted), process.id])
    audit.record(db, account_id, process.id, "choices_changed", f"process {process.id}", now, changed=["look"])
    return True
