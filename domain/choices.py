"""Choices (keuzes): what staff choose for a process, and making a new process. What a fair vote rests on stays once
the vote opened."""

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from domain import audit, checklists, database, fields, phases, planning, processes
from domain.database import Database
from domain.fields import Wrong, WrongFields
from domain.phases import KINDS, Phase
from domain.processes import Process

MOST = {"name": 80, "summary": 300, "description": 5_000, "area": 80, "municipality": 80}  # characters
MOST_THEMES, LONGEST_THEME = 30, 40
ALLOWED = {
    "supporters": ("mail", "code"),
    "plan_moderation": ("before", "after"),
    "reaction_moderation": ("before", "after"),
}
COLUMNS = (
    *("name", "summary", "description", "budget", "support_threshold", "supporters", "plan_moderation"),
    *("reaction_moderation", "reactions_allowed", "max_plan_cost"),
)


class Stale(Exception):
    """Somebody else changed the choices meanwhile. `current` are those of now."""

    def __init__(self, current: dict[str, Any]) -> None:
        super().__init__()
        self.current = current


@dataclass(frozen=True, slots=True)
class ThemeRow:
    """A theme as the form has it: without id it is new, without name it goes."""

    id: int | None
    name: str


def of(db: Database, process_id: int) -> dict[str, Any]:
    """The COLUMNS of the process as they are now; amounts in cents."""
    return next(db.query(f"SELECT {', '.join(COLUMNS)} FROM processes WHERE id = ?", [process_id]))


def themes_of(db: Database, process_id: int) -> list[ThemeRow]:
    rows = db.execute("SELECT id, name FROM themes WHERE process_id = ? ORDER BY id", [process_id])
    return [ThemeRow(*row) for row in rows]


def mark(db: Database, process_id: int) -> str:
    """Something that differs as soon as a choice does."""
    rows = [(theme.id, theme.name) for theme in themes_of(db, process_id)]
    return hashlib.sha256(json.dumps([of(db, process_id), rows]).encode()).hexdigest()[:16]


def read(typed: Mapping[str, str]) -> tuple[dict[str, Any], list[Wrong]]:
    """The columns that a form means, and what is wrong with it. Amounts as people type them."""
    wrong: list[Wrong] = []
    row: dict[str, Any] = {
        "name": fields.line(typed["name"]),
        "summary": fields.line(typed["summary"]),
        "description": fields.text(typed["description"]),
        "reactions_allowed": int(bool(typed.get("reactions_allowed"))),
    }
    for name in ("name", "summary", "description"):
        wrong += fields.check_text(name, row[name], MOST[name], required=name == "name")
    for name, allowed in ALLOWED.items():
        row[name] = typed.get(name, "")
        if row[name] not in allowed:
            wrong.append(Wrong(name, "not_a_choice"))
    row["budget"] = amount("budget", typed["budget"], wrong, required=True)
    row["max_plan_cost"] = amount("max_plan_cost", typed["max_plan_cost"], wrong)
    row["support_threshold"] = threshold(typed["support_threshold"], wrong)
    return row, wrong


def amount(field: str, typed: str, wrong: list[Wrong], *, required: bool = False) -> int | None:
    if not typed.strip():
        if required:
            wrong.append(Wrong(field, "missing"))
        return None
    try:
        cents = fields.euros(typed)
    except ValueError:
        wrong.append(Wrong(field, "not_an_amount"))
        return None
    if cents < 100:
        wrong.append(Wrong(field, "too_cheap", 100))
    return cents


def threshold(typed: str, wrong: list[Wrong]) -> int | None:
    if not typed.strip():
        return None
    try:
        number = fields.number(typed)
    except ValueError:
        wrong.append(Wrong("support_threshold", "not_a_number"))
        return None
    if number < 1:
        wrong.append(Wrong("support_threshold", "too_low", 1))
    return number


def save(
    db: Database,
    process: Process,
    expected: str,
    row: Mapping[str, Any],
    themes: Iterable[ThemeRow],
    now: datetime,
    account_id: int,
) -> list[str]:
    """Set the choices, where they still `mark` to `expected`; returns the names of those that changed.

    A voter's own limit that was the budget goes along with it. Raises Stale, and WrongFields with the kinds `frozen`
    (the vote opened), `in_use` (a theme that has plans) and `supports_exist`.
    """
    before = of(db, process.id)
    if mark(db, process.id) != expected:
        raise Stale(before)
    changed = [name for name in COLUMNS if before[name] != row[name]]
    wrong = fixed(db, process, changed, now)
    wrong += theme_problems(db, process, list(themes), now)
    if wrong:
        raise WrongFields(*wrong)
    if changed:
        sets = ", ".join(f"{name} = :{name}" for name in changed)
        db.execute(f"UPDATE processes SET {sets} WHERE id = :id", {**row, "id": process.id})
    if "budget" in changed:
        db.execute(
            "UPDATE processes SET max_sum_cost = budget WHERE id = ? AND max_sum_cost = ?",
            [process.id, before["budget"]],
        )
    changed += save_themes(db, process.id, themes)
    if changed:
        audit.record(db, account_id, process.id, "choices_changed", f"process {process.id}", now, changed=changed)
    return changed


def fixed(db: Database, process: Process, changed: list[str], now: datetime) -> list[Wrong]:
    """What of these may not change any more."""
    wrong = []
    there = replace(process, phases=phases.load(db, process.id), sealed_at=planning.sealed_at(db, process.id))
    if "budget" in changed and there.frozen(now):
        wrong.append(Wrong("budget", "frozen"))
    if "supporters" in changed and planning.counts(db, process.id)["support"]:
        wrong.append(Wrong("supporters", "supports_exist"))
    return wrong


def theme_problems(db: Database, process: Process, themes: list[ThemeRow], now: datetime) -> list[Wrong]:
    wrong = []
    known = {theme.id: theme.name for theme in themes_of(db, process.id)}
    names = [theme.name.casefold() for theme in themes if theme.name]
    for number, theme in enumerate(themes, 1):
        field = f"theme-{number}"
        wrong += fields.check_text(field, theme.name, LONGEST_THEME)
        if theme.id is not None and theme.id not in known:
            wrong.append(Wrong(field, "not_a_choice"))
        if theme.name and names.count(theme.name.casefold()) > 1:
            wrong.append(Wrong(field, "twice"))
        if theme.id is not None and not theme.name and in_use(db, theme.id):
            wrong.append(Wrong(field, "in_use"))
    if len(names) > MOST_THEMES:
        wrong.append(Wrong("theme-1", "too_many", MOST_THEMES))
    return wrong


def in_use(db: Database, theme_id: int) -> bool:
    """A plan has the theme, or the count or the ballot has a rule for it."""
    return bool(
        db.execute(
            "SELECT 1 FROM plan_themes WHERE theme_id = :id UNION ALL SELECT 1 FROM themes WHERE id = :id AND "
            "(budget IS NOT NULL OR min_length > 0) LIMIT 1",
            {"id": theme_id},
        ).fetchone()
    )


def save_themes(db: Database, process_id: int, themes: Iterable[ThemeRow]) -> list[str]:
    """Rename, add and remove; returns ["themes"] if anything did."""
    known = {theme.id: theme.name for theme in themes_of(db, process_id)}
    changes = [theme for theme in themes if theme.name != known.get(theme.id, "")]
    renamed = [theme for theme in changes if theme.id is not None and theme.name]
    for theme in changes:
        if theme.id is not None and not theme.name:
            db.execute("DELETE FROM themes WHERE id = ?", [theme.id])
    for theme in renamed:  # by way of names that nobody has, so that two themes can swap theirs
        db.execute("UPDATE themes SET name = ? WHERE id = ?", [f"\n{theme.id}", theme.id])
    for theme in renamed:
        db.execute("UPDATE themes SET name = ? WHERE id = ?", [theme.name, theme.id])
    for theme in changes:
        if theme.id is None:
            database.insert(db, "themes", {"process_id": process_id, "name": theme.name})
    return ["themes"] if changes else []


def set_photo(db: Database, process: Process, key: str, now: datetime, account_id: int) -> None:
    """The photo of the process, by its key in `photos`; empty for none."""
    db.execute("UPDATE processes SET photo = ? WHERE id = ?", [key, process.id])
    audit.record(db, account_id, process.id, "choices_changed", f"process {process.id}", now, changed=["photo"])


def area_id_of(db: Database, process_id: int) -> int:
    return int(db.execute("SELECT area_id FROM processes WHERE id = ?", [process_id]).fetchone()[0])


def set_boundary(db: Database, process: Process, boundary: str | None, now: datetime, account_id: int) -> None:
    """The boundary of the process's area, as GeoJSON; None for none. Other processes of the area get it too."""
    area_id = area_id_of(db, process.id)
    db.execute("UPDATE areas SET boundary = ? WHERE id = ?", [boundary, area_id])
    action = "boundary_set" if boundary else "boundary_removed"
    audit.record(db, account_id, process.id, action, f"area {area_id}", now)


WEEKS = {"collect": (0, 4), "support": (0, 6), "assess": (6, 10), "vote": (12, 15), "result": (15, 19)}
DELIVERY = timedelta(days=365)


def default_phases(first: date) -> tuple[Phase, ...]:
    """The phases of a process that begins on that day, as West Begroot had them; each from midnight to midnight."""

    def midnight(weeks: int) -> datetime:
        return planning.moment(first + timedelta(weeks=weeks), time())

    listed = [Phase(kind, midnight(opens), midnight(closes)) for kind, (opens, closes) in WEEKS.items()]
    end = listed[-1].closes_at
    return (*listed, Phase(KINDS[-1], end, end + DELIVERY))


def read_new(typed: Mapping[str, str]) -> tuple[dict[str, Any], list[Wrong]]:
    """What the form of a new process means, and what is wrong with it."""
    wrong: list[Wrong] = []
    row: dict[str, Any] = {name: fields.line(typed[name]) for name in ("name", "summary", "municipality", "area")}
    for name, value in row.items():
        wrong += fields.check_text(name, value, MOST[name], required=name != "summary")
    row["budget"] = amount("budget", typed["budget"], wrong, required=True)
    row["support_threshold"] = threshold(typed["support_threshold"], wrong)
    row["themes"] = list(dict.fromkeys(filter(None, map(fields.line, typed["themes"].split("\n")))))
    if len(row["themes"]) > MOST_THEMES:
        wrong.append(Wrong("themes", "too_many", MOST_THEMES))
    if any(len(theme) > LONGEST_THEME for theme in row["themes"]):
        wrong.append(Wrong("themes", "too_long", LONGEST_THEME))
    return row, wrong


def create(db: Database, row: Mapping[str, Any], listed: Iterable[Phase], now: datetime, account_id: int) -> str:
    """A new process, by `read_new`, whose beheerder is who made it. Returns its slug, made of its name."""
    municipality = processes.area(db, row["municipality"])
    slug = processes.free_slug(db, processes.slug_from(row["name"]))
    process_id = processes.insert(
        db,
        {
            "slug": slug,
            "name": row["name"],
            "summary": row["summary"],
            "area_id": processes.area(db, row["area"], municipality),
            "budget": row["budget"],
            "voting_method": "knapsack",
            "max_sum_cost": row["budget"],
            "blank_allowed": 1,
            "support_threshold": row["support_threshold"],
            "rule_options": json.dumps({"min_score": 1}),
            "lot_seed": secrets.token_hex(8),
        },
    )
    phases.insert(db, process_id, list(listed))
    save_themes(db, process_id, [ThemeRow(None, name) for name in row["themes"]])
    checklists.insert_default(db, process_id)
    role = {"account_id": account_id, "process_id": process_id, "role": "beheerder"}
    database.insert(db, "roles", role)
    audit.record(db, account_id, process_id, "process_made", f"process {process_id}", now)
    return slug
