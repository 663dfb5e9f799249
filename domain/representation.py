"""Representation (wie doen er mee): the figures of turnout beside who lives there, and how sure a difference is.

Reads turnout_figures, how many codes were issued and who lives there; never what those figures were counted from.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from domain import area_figures, areas, disclosure, turnout
from domain.area_figures import Known
from domain.areas import Area
from domain.database import Database
from domain.processes import Process
from domain.turnout import NONE, dimension

SURE, LIKELY = 2.58, 1.64  # standard deviations: one in a hundred by chance both ways; one in ten
MATTERS = 0.8  # times what was expected: with thousands of codes any difference is sure, but few are worth a table
SMALL = 100  # codes, or answers: below it a share says little
STEPS = (5, 10, 20, 30, 40)  # per cent: where the map takes the next colour
PARENTS_FROM = 13  # areas: from so many on they stand below the larger area they lie in

Days = Mapping[str, Mapping[str, int]]  # day → group → figure


def wilson(count: float, of: float, z: float) -> tuple[float, float]:
    """Between which shares the true one lies (Wilson, 1927), for a share seen `count` times in `of`. From 0 to 1."""
    if of <= 0:
        return 0.0, 1.0
    share, square = min(1.0, count / of), z * z
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = z / (1 + square / of) * math.sqrt(share * (1 - share) / of + square / (4 * of * of))
    return max(0.0, middle - half), min(1.0, middle + half)


Rate = tuple[float, float]  # how many, of how many


def verdict(lowest: Rate, highest: Rate, least: float, most: float) -> str:
    """How a group, of which between `lowest` and `highest` took part, compares with a share between `least` and `most`.

    behind, behind_likely, ahead_likely, ahead, or the empty text: it can be chance or rounding, or differs by too
    little to matter. It is sure of what holds at the ends of both, where rounding hides as much as it can; how much a
    difference matters is judged in the middle.
    """
    if highest[1] <= 0:
        return ""
    middle = (lowest[0] + highest[0]) / (lowest[1] + highest[1])
    if middle < MATTERS * least and wilson(*highest, LIKELY)[1] < least:
        return "behind" if wilson(*highest, SURE)[1] < least else "behind_likely"
    if MATTERS * middle > most and wilson(*lowest, LIKELY)[0] > most:
        return "ahead" if wilson(*lowest, SURE)[0] > most else "ahead_likely"
    return ""


@dataclass(frozen=True, slots=True)
class Row:
    """A group. `figure` is at least how many took part, None if it isn't shown; `of` how many could have.

    `share` and `highest`, what it may be before rounding, in per cent; `since` the day from which it was behind all the
    time. `rest`: it makes up for the others and has no figure of its own; if it has one here, that follows from those
    of the others and the total.
    """

    key: str
    name: str = ""
    figure: int | None = None
    of: float = 0
    share: float | None = None
    expected: float | None = None
    verdict: str = ""
    since: str = ""
    rest: bool = False
    highest: float | None = None

    @property
    def by_rounding(self) -> bool:
        """It seems to have less than expected, but that can be because it was rounded down."""
        if self.verdict or self.share is None or self.highest is None or self.expected is None:
            return False
        return round(self.share) < round(self.expected) and self.expected <= self.highest

    @property
    def behind(self) -> bool:
        return self.verdict.startswith("behind")

    @property
    def small(self) -> bool:
        return self.of < SMALL

    @property
    def step(self) -> int:
        """The colour on the map: 0 … len(STEPS)."""
        return sum(self.share >= step for step in STEPS) if self.share is not None else 0


@dataclass(frozen=True, slots=True)
class Part:
    """Areas in one larger one; its own figure is the sum of what they show."""

    area: Area | None
    rows: tuple[Row, ...]

    @property
    def figure(self) -> int:
        return sum(row.figure or 0 for row in self.rows)

    @property
    def of(self) -> float:
        return sum(row.of for row in self.rows)

    @property
    def share(self) -> float:
        """In per cent of those that are shown."""
        of = sum(row.of for row in self.rows if row.figure is not None)
        return 100 * self.figure / of if of else 0.0

    @property
    def whole(self) -> bool:
        """All that lies in it is shown."""
        return all(row.figure is not None for row in self.rows)


@dataclass(frozen=True, slots=True)
class Section:
    """One dimension as it was last shown, on `day`; without rows where nothing of it may be shown."""

    day: str = ""
    rows: tuple[Row, ...] = ()

    @property
    def shown(self) -> list[Row]:
        return [row for row in self.rows if row.figure is not None]

    @property
    def widest(self) -> float:
        """The largest share that a bar is drawn of, in per cent."""
        return max((row.highest or row.share or 0 for row in self.shown), default=0)

    @property
    def largest(self) -> int:
        return max((row.figure or 0 for row in self.rows), default=0)

    @property
    def hidden(self) -> list[Row]:
        return [row for row in self.rows if row.figure is None]

    @property
    def behind(self) -> list[Row]:
        """The furthest first."""
        return sorted((row for row in self.rows if row.behind), key=lambda row: (row.share or 0) / (row.expected or 1))


@dataclass(frozen=True, slots=True)
class Watch:
    """All that the page shows. `total` and `issued` of the vote; `days`: the total on each day."""

    total: int
    issued: int
    days: tuple[tuple[str, int], ...]
    area: Section
    parts: tuple[Part, ...]
    age: Section
    first_time: Section
    channel: Section
    contributions: Mapping[str, Mapping[str, Section]]
    year: int | None = None  # of who lives there
    history: Mapping[str, Days] = field(default_factory=dict)
    by_area: Mapping[str, int] = field(default_factory=dict)  # codes issued

    @property
    def empty(self) -> bool:
        return not self.days and not self.contributions


@dataclass(frozen=True, slots=True)
class Between:
    """What the figures of one day say of a group: at least `low`, at most `high`. `known`: it may be shown."""

    low: int
    high: int
    known: bool


def between(
    key: str, groups: Mapping[str, int], rest: str | None, others: Iterable[str], total: int, issued: Mapping[str, int]
) -> Between:
    """From what is shown alone. `others`: every group but this one; `total` rounded down; `issued` may be empty."""
    if key != rest or key in groups:
        low = groups.get(key, 0)
        return Between(low, low + room(key, groups, issued), key in groups)
    shown = sum(groups.values())
    low = disclosure.rounded(max(0, total - shown - sum(room(other, groups, issued) for other in others)))
    return Between(low, max(0, total + disclosure.FEWEST - 1 - shown), low > 0)


def room(key: str, groups: Mapping[str, int], issued: Mapping[str, int]) -> int:
    """How many more than its figure a group may be."""
    figure = groups.get(key, 0)
    return issued[key] - figure if key in issued and figure >= disclosure.most(issued[key]) else disclosure.FEWEST - 1


def watch(db: Database, process: Process) -> Watch:
    """May take 100 ms for hundreds of areas: off the event loop."""
    history, by_area = turnout.history(db, process.id), turnout.issued_then(db, process.id)
    tree = {str(area.id): area for area in areas.tree(db, areas.of_process(db, process.id))}
    people = area_figures.of_area(db, areas.of_process(db, process.id))
    days = tuple((day, groups[NONE]) for day, groups in sorted(history.get("total", {}).items()))
    totals, rest = history.get("total", {}), rests(db, process.id)
    area = area_section(history, by_area, tree, rest.get("area"))
    return Watch(
        total=days[-1][1] if days else 0,
        issued=sum(by_area.values()),
        days=days,
        area=area,
        parts=tuple(parts(area.rows, tree)),
        age=age_section(history.get("age", {}), people, process),
        first_time=plain(history.get("first_time", {}), dict.fromkeys(turnout.FIRST_TIME, "")),
        channel=plain(history.get("channel", {}), channels(turnout.VOTES), rest.get("channel"), totals),
        contributions=dict(contributions(history, tree, process, rest)),
        year=min((known.year for name, known in people.items() if name in area_figures.AGES), default=None),
        history=history,
        by_area=by_area,
    )


def rests(db: Database, process_id: int) -> dict[str, str]:
    """Per dimension the group that made up for the others, the last time that its figures were made."""
    found = db.execute("SELECT rests FROM turnout_days WHERE process_id = ? ORDER BY day", [process_id])
    together: dict[str, str] = {}
    for (text,) in found:
        together |= json.loads(text)
    return together


def last(days: Days) -> tuple[str, Mapping[str, int]]:
    return max(days.items(), default=("", {}))


def area_section(
    history: Mapping[str, Days], issued: Mapping[str, int], tree: Mapping[str, Area], rest: str | None
) -> Section:
    """Every area that got codes, in the order of the tree; at its end the codes without an area."""
    days, totals = history.get("area", {}), {day: groups[NONE] for day, groups in history.get("total", {}).items()}
    day, groups = last(days)
    if not groups or not issued:
        return Section(day)
    listed = [key for key in tree if key in issued] + [key for key in issued if key not in tree]
    codes = sum(issued.values())

    def row(key: str) -> Row:
        others = [other for other in listed if other != key]
        seen = {each: between(key, days[each], rest, others, totals[each], issued) for each in sorted(days)}
        said = {each: judged(seen[each], issued[key], totals[each], codes) for each in seen}
        low, high = seen[day].low, min(issued[key], seen[day].high)
        known = seen[day].known
        return Row(
            key,
            tree[key].name if key in tree else "",
            low if known else None,
            issued[key],
            100 * low / issued[key] if known else None,
            100 * totals[day] / codes,
            said[day],
            since(said),
            key == rest,
            100 * high / issued[key] if known else None,
        )

    return Section(day, tuple(map(row, listed)))


def judged(found: Between, issued: int, total: int, codes: int) -> str:
    """Each day is compared with the share of that day, which was rounded down too."""
    if not disclosure.most(issued):
        return ""
    high = min(issued, found.high)
    return verdict((found.low, issued), (high, issued), total / codes, (total + disclosure.FEWEST - 1) / codes)


def since(said: Mapping[str, str]) -> str:
    """The first of the last days on which it was behind all the time."""
    first = ""
    for day in sorted(said, reverse=True):
        if not said[day].startswith("behind"):
            break
        first = day
    return first


def parts(rows: Sequence[Row], tree: Mapping[str, Area]) -> Iterable[Part]:
    """The rows by the area they lie in; one part without an area where there are few."""
    if len(rows) < PARENTS_FROM:
        yield Part(None, tuple(rows))
        return
    by_parent: dict[str, list[Row]] = {}
    for row in rows:
        area = tree.get(row.key)
        by_parent.setdefault(str(area.parent_id) if area and area.depth > 1 else "", []).append(row)
    for parent, inside in by_parent.items():
        yield Part(tree.get(parent), tuple(inside))


def age_section(days: Days, people: Mapping[str, Known], process: Process) -> Section:
    """Of those who answered; `expected` and the verdict by who lives there and may vote."""
    day, groups = last(days)
    if not groups:
        return Section(day)
    asked = turnout.ages_asked(process)
    living = who_may(people, process.vote_age or 0, asked)

    def row(age: str) -> Row:
        figure, expected, answers = groups.get(age), living.get(age), answered(groups, asked)
        said = {each: judged_age(age, days[each], asked, expected) for each in days} if expected else {}
        return Row(
            age,
            "",
            figure,
            answers,
            100 * figure / answers if figure and answers else None,
            100 * expected if expected else None,
            said.get(day, ""),
            since(said),
        )

    return Section(day, tuple(map(row, asked)))


def answered(groups: Mapping[str, int], asked: Iterable[str]) -> int:
    """At least how many gave one of these answers."""
    return sum(groups.get(age, 0) for age in asked)


def judged_age(age: str, groups: Mapping[str, int], asked: Sequence[str], expected: float) -> str:
    """The others are rounded down too: of fewer answers a group is the larger part, of more the smaller."""
    low, others = groups.get(age, 0), [other for other in asked if other != age]
    high, rest = low + disclosure.FEWEST - 1, answered(groups, others)
    lowest = (low, low + rest + (disclosure.FEWEST - 1) * len(others))
    return verdict(lowest, (high, high + rest), expected, expected)


def who_may(people: Mapping[str, Known], vote_age: int, asked: Sequence[str]) -> dict[str, float]:
    """Which part of those who live there and may vote each age group is; empty if that isn't known.

    Of the group in which the age to vote lies, as many as years of it count: CBS doesn't say more.
    """
    named = dict(zip(turnout.AGES, area_figures.AGES, strict=True))
    if not all(named[age] in people for age in asked):
        return {}
    able = {age: people[named[age]].value * part_able(age, vote_age) for age in asked}
    together = sum(able.values())
    return {age: number / together for age, number in able.items()} if together else {}


def part_able(age: str, vote_age: int) -> float:
    low, _, high = age.partition("-")
    return (int(high) - vote_age) / (int(high) - int(low)) if high and int(low) < vote_age else 1.0


def plain(
    days: Days, names: Mapping[str, str], rest: str | None = None, totals: Mapping[str, Mapping[str, int]] | None = None
) -> Section:
    """Groups without anything to compare them with; shares of what is shown."""
    day, groups = last(days)
    if not groups:
        return Section(day)
    listed = {**names, **{key: "" for key in groups if key not in names}}
    total = (totals or {}).get(day, {}).get(NONE, 0)
    every = {*listed, NONE}
    seen = {key: between(key, groups, rest, every - {key}, total, {}) for key in listed}
    together = sum(found.low for found in seen.values() if found.known)
    return Section(
        day,
        tuple(
            Row(
                key,
                name,
                seen[key].low if seen[key].known else None,
                together,
                100 * seen[key].low / together if seen[key].known else None,
                rest=key == rest,
            )
            for key, name in listed.items()
        ),
    )


def channels(measure: str) -> dict[str, str]:
    return dict.fromkeys(turnout.COMES_IN[measure], "")


def contributions(
    history: Mapping[str, Days], tree: Mapping[str, Area], process: Process, rest: Mapping[str, str]
) -> Iterable[tuple[str, dict[str, Section]]]:
    names = {
        "area": {key: area.name for key, area in tree.items()},
        "theme": {str(theme.id): theme.name for theme in process.themes},
    }
    for measure in turnout.MEASURES[1:]:
        totals = history.get(dimension(measure, "total"), {})
        if totals:
            found = {"total": plain(totals, {NONE: ""})}
            for name, given in (names | {"channel": channels(measure)}).items():
                there = dimension(measure, name)
                found[name] = plain(history.get(there, {}), given, rest.get(there), totals)
            yield measure, found
