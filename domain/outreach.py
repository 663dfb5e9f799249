"""Outreach (erop uit): what staff did so that more people take part, and what the figures were before and after."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from domain import areas, audit, database, disclosure, fields, phases, turnout
from domain.database import Database
from domain.fields import Wrong, WrongFields
from domain.phases import HERE
from domain.processes import Process
from domain.representation import Days, Watch, room
from domain.turnout import NONE

# What others did, and with what came of it; templates/staff/turnout.html has words for each.
ACTIONS = ("letter", "market", "school", "community_centre", "door", "key_people", "event", "poster", "media", "other")
LONGEST = 1_000
MOST = 200  # of one process
LATER = timedelta(days=7)  # after which something may show


@dataclass(frozen=True, slots=True)
class Outreach:
    """One thing that was done. `area` is its name, empty for the whole process; `age` one of turnout.AGES or empty."""

    id: int
    action: str
    done_on: date
    area_id: int | None
    area: str
    age: str
    note: str
    by: str


@dataclass(frozen=True, slots=True)
class Typed:
    """The form as somebody filled it in."""

    action: str = ""
    done_on: str = ""
    area: str = ""
    age: str = ""
    note: str = ""


def checked(db: Database, process: Process, typed: Typed, now: datetime) -> dict[str, object]:
    """The columns. Raises WrongFields."""
    wrong = [] if typed.action in ACTIONS else [Wrong("action", "missing" if not typed.action else "not_a_choice")]
    day = None
    try:
        day = fields.day(typed.done_on)
    except ValueError:
        wrong.append(Wrong("done_on", "missing" if not typed.done_on.strip() else "not_a_date"))
    if day is not None and not day.year >= phases.FIRST_YEAR:
        wrong.append(Wrong("done_on", "not_a_date"))
    elif day is not None and day > now.astimezone(HERE).date():
        wrong.append(Wrong("done_on", "in_future"))
    if typed.area not in ("", *places(db, process)):
        wrong.append(Wrong("area", "not_a_choice"))
    if typed.age not in ("", *turnout.AGES):
        wrong.append(Wrong("age", "not_a_choice"))
    note = fields.text(typed.note)
    wrong += fields.check_text("note", note, LONGEST)
    if wrong or day is None:
        raise WrongFields(*wrong)
    return {
        "action": typed.action,
        "done_on": day.isoformat(),
        "area_id": int(typed.area) if typed.area else None,
        "age": typed.age,
        "note": note,
    }


def places(db: Database, process: Process) -> dict[str, str]:
    """The areas in that of the process, by id as text."""
    return {str(area.id): area.name for area in areas.tree(db, areas.of_process(db, process.id)) if area.depth}


def note(db: Database, process_id: int, values: Mapping[str, object], now: datetime, account_id: int) -> int:
    """Raises WrongFields where there are too many."""
    if db.execute("SELECT count(*) FROM outreach WHERE process_id = ?", [process_id]).fetchone()[0] >= MOST:
        raise WrongFields(Wrong("action", "too_many", MOST))
    row = {"process_id": process_id, **values, "account_id": account_id, "created_at": phases.to_text(now)}
    id_ = database.insert(db, "outreach", row)
    audit.record(db, account_id, process_id, "outreach_noted", f"outreach {id_}", now, kind=str(values["action"]))
    return id_


def remove(db: Database, process_id: int, outreach_id: int, now: datetime, account_id: int) -> bool:
    """Take back what was noted by mistake; False if it isn't there."""
    gone = db.execute("DELETE FROM outreach WHERE id = ? AND process_id = ?", [outreach_id, process_id]).rowcount
    if gone:
        audit.record(db, account_id, process_id, "outreach_removed", f"outreach {outreach_id}", now)
    return bool(gone)


def is_of_another(db: Database, process_id: int, outreach_id: int) -> bool:
    row = db.execute("SELECT 1 FROM outreach WHERE id = ? AND process_id != ?", [outreach_id, process_id]).fetchone()
    return row is not None


def of_process(db: Database, process_id: int) -> list[Outreach]:
    """The newest first."""
    rows = db.execute(
        "SELECT outreach.id, action, done_on, area_id, coalesce(areas.name, ''), age, note, accounts.name "
        "FROM outreach LEFT JOIN areas ON areas.id = area_id JOIN accounts ON accounts.id = account_id "
        "WHERE process_id = ? ORDER BY done_on DESC, outreach.id DESC",
        [process_id],
    )
    return [
        Outreach(id_, action, date.fromisoformat(done_on), area_id, area, age, text, by)
        for id_, action, done_on, area_id, area, age, text, by in rows
    ]


@dataclass(frozen=True, slots=True)
class Change:
    """Figures before and after, of one group and of all together. They come together; why, they don't say.

    The days are those of the figures; `grew` is by how many per cent the group grew and `all_grew` all of them, each
    between two numbers: a figure of 30 may be 39.
    """

    first_day: str
    last_day: str
    before: int
    after: int
    grew: tuple[int, int]
    all_grew: tuple[int, int]

    @property
    def compared(self) -> str:
        """more or less than all together, or the empty text where rounding hides it."""
        if self.grew[0] > self.all_grew[1]:
            return "more"
        return "less" if self.grew[1] < self.all_grew[0] else ""


def growth(before: int, after: int, room_before: int, room_after: int) -> tuple[int, int]:
    """Between how many per cent it grew, where each may be so much more than its figure. Nobody takes a vote back."""
    least = 100 * (after - before - room_before) / (before + room_before)
    return max(0, math.floor(least)), math.ceil(100 * (after + room_after - before) / before)


def change(done: Outreach, watch: Watch) -> Change | None:
    """The last figures from before that day, beside the first from a week later, or the last there are.

    None where the group has no figures on both sides, so where it was too small to be shown before.
    """
    name, keys = "total", [NONE]
    if done.area_id is not None:
        name, keys = "area", keys_of(done.area_id, watch)
    elif done.age:
        name, keys = "age", [done.age]
    days, totals = watch.history.get(name, {}), watch.history.get("total", {})
    first, last = around(days, done.done_on)
    if not first or not last or first not in totals or last not in totals:
        return None
    both = [key for key in keys if key in days[first] and key in days[last]]
    if not both:
        return None
    before, after = summed(days[first], both), summed(days[last], both)
    issued = watch.by_area if name == "area" else {}
    rooms = [sum(room(key, days[day], issued) for key in both) for day in (first, last)]
    total = totals[first][NONE], totals[last][NONE]
    spare = disclosure.FEWEST - 1
    return Change(first, last, before, after, growth(before, after, *rooms), growth(*total, spare, spare))


def keys_of(area_id: int, watch: Watch) -> list[str]:
    """The area itself, or what lies in it: a larger area is the sum of what its parts show."""
    inside = [row.key for part in watch.parts if part.area and part.area.id == area_id for row in part.rows]
    return inside or [str(area_id)]


def summed(groups: Mapping[str, int], keys: list[str]) -> int:
    return sum(groups.get(key, 0) for key in keys)


def around(days: Days, done_on: date) -> tuple[str, str]:
    """The day of the figures before, and that of those after it; empty where there are none."""
    day, later = done_on.isoformat(), (done_on + LATER).isoformat()
    first = max((each for each in days if each <= day), default="")
    after = [each for each in days if each > day]
    return first, min((each for each in after if each >= later), default=max(after, default=""))
