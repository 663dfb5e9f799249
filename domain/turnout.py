"""Turnout (opkomst): who takes part. Figures are made once a day, from counts, into turnout_figures.

Everything that anybody is shown of who takes part comes from that table: rounded, without groups below ten, and safe
together with the exact totals that are published elsewhere (domain/disclosure.py says how). Here alone are the tables
counted in which the numbers live, and nothing in those ties a ballot to an area, an age or a channel: `roll` has no
ballots, `ballot_channels` and `voter_answers` are counters without a time.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain import areas, disclosure, phases, roll
from domain.database import Database
from domain.disclosure import Made
from domain.phase_kinds import KINDS
from domain.phases import HERE
from domain.processes import Process

CHANNELS = ("online", "paper", "desk", "helped")
# How each can come in here: of any other channel there is nothing to tell.
COMES_IN = {
    "votes": ("online", "desk", "helped"),
    "plans": CHANNELS,
    "supports": ("online", "paper"),
    "reactions": ("online",),
}
AGES = ("0-15", "15-25", "25-45", "45-65", "65+")  # as CBS groups them: from … up to, not including
FIRST_TIME = ("yes", "no")
QUESTIONS = {"age": AGES, "first_time": FIRST_TIME}
NONE = ""  # the group of what has no area, no theme, or gave no answer
VOTES, MEASURES = "votes", ("votes", "plans", "supports", "reactions")


@dataclass(frozen=True, slots=True)
class Counts:
    """Exact counts of one dimension, every group of it, and what disclosure.shown needs beside them."""

    groups: Mapping[str, int]
    rest: str | None = None
    issued: Mapping[str, int] | None = None


def dimension(measure: str, name: str) -> str:
    """Its name in the table: “area” for votes, “plans_area” for plans."""
    return name if measure == VOTES else f"{measure}_{name}"


def ages_asked(process: Process) -> tuple[str, ...]:
    """The age groups in which a voter can be."""
    lowest = process.vote_age or 0
    return tuple(age for age in AGES if age == AGES[-1] or int(age.partition("-")[2]) > lowest)


def answered(db: Database, process_id: int, answers: Mapping[str, str]) -> None:
    """Count these answers, one a question; never more of a question than there are ballots."""
    handed_in = db.execute("SELECT sum(number) FROM ballot_channels WHERE process_id = ?", [process_id]).fetchone()[0]
    for question, answer in answers.items():
        if answer not in QUESTIONS[question]:
            raise ValueError(answer)
        values = [process_id, question]
        given = db.execute("SELECT sum(number) FROM voter_answers WHERE process_id = ? AND question = ?", values)
        if (given.fetchone()[0] or 0) < (handed_in or 0):
            db.execute(
                "INSERT INTO voter_answers VALUES (?, ?, ?, 1) ON CONFLICT DO UPDATE SET number = number + 1",
                [*values, answer],
            )


def counted(db: Database, process: Process) -> dict[str, Counts]:
    """Every dimension that there is something to count in; exact, so for `figures` alone. Tens of ms for a town."""
    found = dict(votes(db, process))
    for measure, query in CONTRIBUTIONS.items():
        rows = db.execute(query, [process.id]).fetchall()
        if rows:
            found |= contributions(db, process, measure, rows)
    return found


def votes(db: Database, process: Process) -> Iterator[tuple[str, Counts]]:
    rows = db.execute(
        "SELECT coalesce(area_id, ''), count(*), count(used_on) FROM roll WHERE process_id = ? GROUP BY area_id",
        [process.id],
    ).fetchall()
    if not rows:
        return
    issued = {str(area): number for area, number, _ in rows}
    total = sum(used for _, _, used in rows)
    yield "total", Counts({NONE: total})
    if issued.keys() != {NONE}:
        yield "area", Counts({str(area): used for area, _, used in rows}, disclosure.rest_of(issued), issued)
    by_channel = dict(db.execute("SELECT channel, number FROM ballot_channels WHERE process_id = ?", [process.id]))
    if by_channel:
        yield "channel", Counts(filled(by_channel, CHANNELS, total), CHANNELS[0])
    for question, answers in QUESTIONS.items():
        query = "SELECT answer, number FROM voter_answers WHERE process_id = ? AND question = ?"
        given = dict(db.execute(query, [process.id, question]))
        if given:
            yield question, Counts(filled(given, answers, total), NONE)


def filled(counts: Mapping[str, int], groups: Iterable[str], total: int) -> dict[str, int]:
    """Every group, and as NONE whatever else makes up the total."""
    every = {group: counts.get(group, 0) for group in groups}
    return every | {NONE: max(0, total - sum(every.values()))}


THEME = "(SELECT min(theme_id) FROM plan_themes WHERE plan_id = plans.id)"  # a plan counts once, in its first theme
# Columns: area, theme, channel, how many.
CONTRIBUTIONS = {
    "plans": f"SELECT coalesce(area_id, ''), coalesce({THEME}, ''), channel, count(*) FROM plans "
    "WHERE process_id = ? AND status = 'published' GROUP BY 1, 2, 3",
    "supports": f"SELECT coalesce(area_id, ''), coalesce({THEME}, ''), supports.channel, count(*) FROM supports "
    "JOIN plans ON plans.id = plan_id WHERE process_id = ? AND status = 'published' GROUP BY 1, 2, 3",
    "reactions": f"SELECT coalesce(area_id, ''), coalesce({THEME}, ''), reactions.channel, count(*) FROM reactions "
    "JOIN plans ON plans.id = plan_id WHERE process_id = ? AND plans.status = 'published' "
    "AND reactions.status = 'published' AND reactions.account_id IS NULL GROUP BY 1, 2, 3",
}


def contributions(db: Database, process: Process, measure: str, rows: list[Any]) -> dict[str, Counts]:
    total = sum(row[-1] for row in rows)
    found = {dimension(measure, "total"): Counts({NONE: total})}
    there = {
        "area": [str(area.id) for area in areas.leaves(db, areas.of_process(db, process.id))],
        "theme": [str(theme.id) for theme in process.themes],
        "channel": list(CHANNELS),
    }
    for place, (name, groups) in enumerate(there.items()):
        if len(groups) > 1:
            sums: dict[str, int] = {}
            for row in rows:
                sums[str(row[place])] = sums.get(str(row[place]), 0) + row[-1]
            # What no group of now holds, such as an area that plans were given before it was parted, is NONE too.
            rest = groups[0] if name == "channel" or len(groups) < disclosure.MANY else None
            found[dimension(measure, name)] = Counts(filled(sums, groups, total), rest)
    return found


@dataclass(frozen=True, slots=True)
class Figures:
    """What is kept of one day: per dimension its groups, rounded. A dimension that isn't in it keeps its older ones."""

    day: str
    made_at: str
    groups: Mapping[str, Mapping[str, int]]
    rests: Mapping[str, str] = field(default_factory=dict)
    issued: Mapping[str, int] = field(default_factory=dict)


def figures(db: Database, process: Process, now: datetime) -> Figures:
    """Those of today, as far as they may be shown after all that was shown before."""
    exact, before = counted(db, process), history(db, process.id)
    if codes_were_added(db, process):
        exact.pop("area", None)
    made: dict[str, dict[str, int]] = {}
    for measure in MEASURES:
        total = dimension(measure, "total")
        if total not in exact or not grew(exact[total].groups[NONE], before.get(total, {})):
            continue
        for name, counts in exact.items():
            if measure_of(name) == measure:
                made[name] = new_figures(counts, earlier(before, total, name))
    rests = {name: exact[name].rest or "" for name, groups in made.items() if groups and exact[name].rest is not None}
    return Figures(day_of(now), phases.to_text(now), made, rests, issued(db, process.id))


def codes_were_added(db: Database, process: Process) -> bool:
    """Whether areas have other numbers of codes than at the first figures of this vote.

    What was shown of areas then stays as it was: another group would make up for the rest, and two such tables beside
    each other can tell what a small group is exactly.
    """
    vote = process.voting_phase
    row = db.execute(
        "SELECT issued FROM turnout_days WHERE process_id = ? AND made_at >= ? ORDER BY day LIMIT 1",
        [process.id, phases.to_text(vote.opens_at) if vote else ""],
    ).fetchone()
    return row is not None and bool(json.loads(row[0]) != issued(db, process.id))


def measure_of(name: str) -> str:
    return name.partition("_")[0] if name.partition("_")[0] in MEASURES else VOTES


def grew(total: int, days: Mapping[str, Mapping[str, int]]) -> bool:
    last = days[max(days)][NONE] if days else 0
    return abs(disclosure.rounded(total) - last) >= disclosure.GROWTH


def earlier(before: Mapping[str, Mapping[str, Mapping[str, int]]], total: str, name: str) -> list[Made]:
    """What was shown of that dimension on every day that its total has figures, from first to last."""
    days = sorted(before.get(total, {}).items())
    return [Made(groups[NONE], before.get(name, {}).get(day, {})) for day, groups in days]


def new_figures(counts: Counts, before: list[Made]) -> dict[str, int]:
    groups = disclosure.shown(counts.groups, counts.rest, counts.issued)
    return groups if disclosure.may_follow(before, counts.groups, groups, counts.rest, counts.issued) else {}


def keep(db: Database, process_id: int, made: Figures) -> None:
    """Write the figures; of a day that had some already, those of the dimensions that were made anew."""
    values = {"process": process_id, "day": made.day}
    for name, groups in made.groups.items():
        if groups:
            db.execute(
                "DELETE FROM turnout_figures WHERE process_id = :process AND day = :day AND dimension = :name",
                values | {"name": name},
            )
        db.conn.executemany(
            "INSERT INTO turnout_figures (process_id, day, dimension, group_key, number) VALUES (?, ?, ?, ?, ?)",
            [(process_id, made.day, name, key, number) for key, number in groups.items()],
        )
    values |= {"made_at": made.made_at, "rests": json.dumps(made.rests), "issued": json.dumps(made.issued)}
    db.execute(
        "INSERT INTO turnout_days VALUES (:process, :day, :made_at, :rests, :issued) ON CONFLICT DO UPDATE "
        "SET made_at = excluded.made_at, rests = json_patch(rests, excluded.rests), issued = excluded.issued",
        values,
    )


def history(db: Database, process_id: int) -> dict[str, dict[str, dict[str, int]]]:
    """All figures that were ever shown: by dimension, day and group."""
    found: dict[str, dict[str, dict[str, int]]] = {}
    for name, day, group, number in db.execute(
        "SELECT dimension, day, group_key, number FROM turnout_figures WHERE process_id = ? ORDER BY day", [process_id]
    ):
        found.setdefault(name, {}).setdefault(day, {})[group] = number
    return found


def issued(db: Database, process_id: int) -> dict[str, int]:
    """How many codes each area got, by its id as text; NONE: those without an area. Takes tens of ms for a town."""
    return {str(area or NONE): number for area, number in roll.issued_by_area(db, process_id).items()}


def issued_then(db: Database, process_id: int) -> dict[str, int]:
    """The same when figures were last made, which costs nothing; as it is now where there are none yet."""
    query = "SELECT issued FROM turnout_days WHERE process_id = ? ORDER BY day DESC LIMIT 1"
    row = db.execute(query, [process_id]).fetchone()
    return json.loads(row[0]) if row else issued(db, process_id)


def day_of(moment: datetime) -> str:
    return moment.astimezone(HERE).date().isoformat()


def last_made(db: Database, process_id: int) -> datetime | None:
    """When figures were last made, also where none could be shown."""
    found = db.execute("SELECT max(made_at) FROM turnout_days WHERE process_id = ?", [process_id]).fetchone()[0]
    return phases.from_text(found) if found else None


def ended(process: Process) -> datetime | None:
    """From when on nobody takes part any more: the vote is sealed, or there is none and the phases before it closed.
    None if that is not known yet."""
    if process.voting_phase is not None:
        return process.sealed_at
    closing = [phase.closes_at for phase in process.phases if KINDS[phase.kind].growing]
    return max(closing, default=None)


def due(db: Database, process: Process, now: datetime) -> bool:
    """Figures are to be made: the first of today, or the last of all."""
    opening = [phase.opens_at for phase in process.phases if KINDS[phase.kind].growing]
    if not opening or now < min(opening):
        return False
    made, end = last_made(db, process.id), ended(process)
    if made is None:
        return True
    if end is not None and end <= now:
        return made < end
    return day_of(made) < day_of(now)


def final(db: Database, process: Process, now: datetime) -> bool:
    """The last figures were made: they stay as they are."""
    end, made = ended(process), last_made(db, process.id)
    return end is not None and end <= now and made is not None and made >= end
