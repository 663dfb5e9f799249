"""From a design to a process, from a process back to its design, and what of it may still change."""

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, replace
from datetime import datetime
from typing import Any

from domain import areas, audit, checklists, database, phases, planning, processes
from domain.counting import Rule
from domain.database import Database
from domain.designs.choices import Choice, Value
from domain.designs.model import BLOCKS, Clash, Design, Span, ThemeChoice, asked, choices, clashes, undecided
from domain.fields import Wrong, WrongFields
from domain.phase_kinds import KINDS
from domain.processes import Process

RULE_OPTIONS = tuple(choice.name for choice in choices() if choice.kept == "rule_options")
IN_JSON = ("languages", "blocks", "frame_ancestors")


class NotReady(Exception):
    """Something is undecided or doesn't fit together, so there is no process yet. Nothing was made."""


class HostTaken(Exception):
    """Another process has that host name already."""


def of(db: Database, process: Process) -> Design:
    """The design of a process as it is now: made again from it, it is the same."""
    row = next(db.query("SELECT * FROM processes WHERE id = ?", [process.id]))
    options = json.loads(row["rule_options"])
    values: dict[str, Value] = {}
    for choice in choices():
        if choice.section in KINDS and process.phase(choice.section) is None:
            continue
        values[choice.field] = value_of(choice, row, options)
    values |= {"traject-municipality": process.municipality, "traject-area": process.area}
    values["traject-area_code"] = area_code(db, process.id)
    if process.phase("assess"):
        values["assess-checklist"] = [item.text for item in checklists.of_process(db, process.id)]
    return Design(
        {name: value for name, value in values.items() if value is not None and value != ""},
        themes_of(db, process.id),
        {
            phase.kind: Span(phase.opens_at, phase.closes_at, text=phase.text, reactions=phase.reactions_allowed)
            for phase in sorted(process.phases, key=lambda phase: [*KINDS].index(phase.kind))
        },
        json.loads(row["look"]),
    )


def value_of(choice: Choice, row: Mapping[str, Any], options: Mapping[str, Any]) -> Value:
    if choice.kept == "rule_options":
        return options.get(choice.name, getattr(Rule(), choice.name))  # what a count takes where nothing is said
    if choice.kept == "choices":
        return json.loads(row["choices"]).get(choice.field, choice.default)
    if choice.kept == "elsewhere":
        return None
    if choice.name == "support_threshold" and row[choice.name] is None:
        return 0
    if choice.name == "blocks" and row[choice.name] == "[]":
        return [*BLOCKS]
    if choice.name in IN_JSON:
        return json.loads(row[choice.name])
    return bool(row[choice.name]) if choice.type == "yes_no" else row[choice.name]


def area_code(db: Database, process_id: int) -> str | None:
    query = "SELECT code FROM areas JOIN processes ON area_id = areas.id WHERE processes.id = ?"
    row = db.execute(query, [process_id]).fetchone()
    return row[0] if row else None


def themes_of(db: Database, process_id: int) -> tuple[ThemeChoice, ...]:
    rows = db.execute(
        "SELECT name, budget, min_length, max_length, max_sum_cost, id FROM themes WHERE process_id = ? ORDER BY id",
        [process_id],
    )
    return tuple(ThemeChoice(*row) for row in rows)


def row_of(design: Design) -> dict[str, Any]:
    """The columns of `processes` that the design decides, but for its area."""
    row = {choice.name: in_column(choice, design[choice.field]) for choice in choices() if choice.kept == "column"}
    if "support" not in design.spans or not row["support_threshold"]:
        row["support_threshold"] = None
    if row["voting_method"] == "choose-1":
        row |= {"max_length": 1, "min_length": min(row["min_length"], 1)}
    if row["voting_method"] == "knapsack" and row["max_sum_cost"] is None:
        row["max_sum_cost"] = row["budget"]
    rule_options = {choice.name: design[choice.field] for choice in choices() if choice.kept == "rule_options"}
    others = {choice.field: design[choice.field] for choice in asked(design) if choice.kept == "choices"}
    row |= {"rule_options": json.dumps(rule_options), "choices": json.dumps(others)}
    return {**row, "look": json.dumps(dict(design.tokens)), "host": row["host"].lower()}


def in_column(choice: Choice, value: Value) -> Any:
    if choice.name == "blocks" and [*(value or ())] == [*BLOCKS]:
        return "[]"  # also those that a later version adds
    if choice.name in IN_JSON:
        return json.dumps([*(value or ())])
    if choice.type in ("line", "text") or choice.name == "legal_basis":
        return value or ""
    return int(value) if choice.type == "yes_no" else value


def create(db: Database, design: Design, now: datetime, account_id: int, predecessor_id: int | None = None) -> str:
    """A process of this design, whose beheerder is who made it; its slug, from its name.

    Raises NotReady and HostTaken.
    """
    if undecided(design) or clashes(design) or [*area_clashes(db, design)]:
        raise NotReady
    row = row_of(design)
    if not owns_site(db, account_id):
        row["host"] = ""
    refuse_host(db, row["host"], None)
    slug = processes.free_slug(db, processes.slug_from(row["name"]))
    process_id = processes.insert(
        db,
        {
            **row,
            "slug": slug,
            "area_id": area_of(db, design),
            "lot_seed": secrets.token_hex(8),
            "predecessor_id": predecessor_id,
        },
    )
    phases.insert(db, process_id, design.phases)
    save_themes(db, process_id, design.themes)
    if "assess-checklist" in design.values:
        for place, text in enumerate(design["assess-checklist"]):
            checklists.insert(db, process_id, place, text)
    else:
        checklists.insert_default(db, process_id)
    database.insert(db, "roles", {"account_id": account_id, "process_id": process_id, "role": "beheerder"})
    audit.record(db, account_id, process_id, "process_made", f"process {process_id}", now)
    return slug


def owns_site(db: Database, account_id: int) -> bool:
    """Only the owner may say on which host a process is found: its links, and codes on letters, lead there."""
    return bool(db.execute("SELECT 1 FROM accounts WHERE id = ? AND owner = 1", [account_id]).fetchone())


def refuse_host(db: Database, host: str, process_id: int | None) -> None:
    query = "SELECT 1 FROM processes WHERE host = ? AND id IS NOT ?"
    if host and db.execute(query, [host, process_id]).fetchone():
        raise HostTaken(host)


def area_of(db: Database, design: Design) -> int:
    """The area of that code, or of that name in that municipality, made where it isn't there yet. It has the code
    from then on."""
    code, name, municipality = (design[f"traject-{part}"] for part in ("area_code", "area", "municipality"))
    if code and (known := areas.of_code(db, code)):
        return known.id
    listed = [area for area in areas.named(db, name, municipality) if not (code and area.code)]
    area_id = listed[0].id if listed else new_area(db, name, municipality)
    if code:
        level = areas.level_of(code)
        db.execute("UPDATE areas SET code = ?, level = iif(level = '', ?, level) WHERE id = ?", [code, level, area_id])
    return area_id


def new_area(db: Database, name: str, municipality: str) -> int:
    there = areas.named(db, municipality, municipality)
    root = there[0].id if there else processes.area(db, municipality)
    return root if name.casefold() == municipality.casefold() else processes.area(db, name, root)


def area_clashes(db: Database, design: Design) -> Iterator[Clash]:
    """A code that no area has yet can't become that of another kind of area, nor of one that has a code."""
    code, name, municipality = (design[f"traject-{part}"] for part in ("area_code", "area", "municipality"))
    if not (code and name and municipality) or areas.of_code(db, code):
        return
    there = areas.named(db, name, municipality)
    if (areas.level_of(code) == "municipality") != (name.casefold() == municipality.casefold()):
        yield Clash("code_of_other_level", "traject")
    elif there and all(area.code for area in there):
        yield Clash("area_has_other_code", "traject")


def fixed(db: Database, process: Process, now: datetime) -> set[str]:
    """Which of Choice.fixed hold by now: those choices stay as they are."""
    there = replace(process, phases=phases.load(db, process.id), sealed_at=planning.sealed_at(db, process.id))
    supported = db.execute(
        "SELECT 1 FROM supports JOIN plans ON plans.id = plan_id WHERE process_id = ? LIMIT 1", [process.id]
    ).fetchone()
    return {name for name, holds in (("vote", there.frozen(now)), ("supports", bool(supported))) if holds}


def change(db: Database, process: Process, wanted: Design, now: datetime, account_id: int) -> list[str]:
    """Make the choices of the process those of `wanted`; returns the names of those that changed.

    Not its phases, which domain/planning.py moves, nor its area or checklist. A voter's own limit that was the budget
    goes along with it. Raises WrongFields (frozen, supports_exist, in_use, not_a_choice) and HostTaken.
    """
    before, row = row_of(of(db, process)), row_of(wanted)
    if row["voting_method"] == "knapsack" and row["max_sum_cost"] == before["max_sum_cost"] == before["budget"]:
        row["max_sum_cost"] = row["budget"]
    changed = [name for name, value in row.items() if value != before[name]]
    was = flat(before)
    decisions = [name for name, value in flat(row).items() if value != was.get(name)]
    themes = themes_changed(db, process.id, wanted.themes)
    wrong = [*frozen_fields(db, process, decisions, now), *theme_problems(db, process, wanted.themes, now)]
    if "host" in changed and not owns_site(db, account_id):
        wrong.append(Wrong("look-host", "owner_only"))
    if wrong:
        raise WrongFields(*wrong)
    refuse_host(db, row["host"], process.id)
    if changed:
        sets = ", ".join(f"{name} = :{name}" for name in changed)
        db.execute(f"UPDATE processes SET {sets} WHERE id = :id", {**row, "id": process.id})
    if themes:
        save_themes(db, process.id, wanted.themes)
        changed.append("themes")
    if changed:
        audit.record(db, account_id, process.id, "choices_changed", f"process {process.id}", now, changed=changed)
    return changed


class Stale(Exception):
    """Somebody else changed the choices meanwhile. Nothing was changed; `current` is the design of now."""

    def __init__(self, current: Design) -> None:
        super().__init__()
        self.current = current


def mark(db: Database, process: Process) -> str:
    """Something that differs as soon as one of the choices that `change` takes does."""
    themes = [(theme.id, *astuple(theme)) for theme in themes_of(db, process.id)]
    return hashlib.sha256(json.dumps([row_of(of(db, process)), themes]).encode()).hexdigest()[:16]


def change_marked(
    db: Database, process: Process, expected: str, wanted: Design, now: datetime, account_id: int
) -> list[str]:
    """As `change`, where the choices still `mark` to `expected`. Raises Stale too."""
    if mark(db, process) != expected:
        raise Stale(of(db, process))
    return change(db, process, wanted, now, account_id)


def flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with what it keeps as JSON beside its columns: each choice under its name, or its field in `choices`."""
    return {**row, **json.loads(row["rule_options"]), **json.loads(row["choices"])}


def frozen_fields(db: Database, process: Process, changed: Iterable[str], now: datetime) -> Iterable[Wrong]:
    holds = fixed(db, process, now)
    for choice in choices():
        name = choice.field if choice.kept == "choices" else choice.name
        if name in changed and choice.fixed in holds:
            yield Wrong(choice.field, "frozen" if choice.fixed == "vote" else "supports_exist")


def themes_changed(db: Database, process_id: int, wanted: Iterable[ThemeChoice]) -> bool:
    return themes_of(db, process_id) != tuple(wanted)


def theme_problems(db: Database, process: Process, wanted: Iterable[ThemeChoice], now: datetime) -> Iterable[Wrong]:
    """A theme that has plans stays; which there are and what they may cost is fixed once the vote opened."""
    there = {theme.id: theme for theme in themes_of(db, process.id)}
    listed = [*wanted]
    if any(theme.id is not None and theme.id not in there for theme in listed):
        yield Wrong("themes", "not_a_choice")
    gone = there.keys() - {theme.id for theme in listed}
    if any(in_use(db, id_) for id_ in gone if id_ is not None):
        yield Wrong("themes", "in_use")
    rules_before = [(theme.id, theme.budget, *limits(theme)) for theme in there.values()]
    rules_after = [(theme.id, theme.budget, *limits(theme)) for theme in listed]
    if sorted(rules_before, key=repr) != sorted(rules_after, key=repr) and "vote" in fixed(db, process, now):
        yield Wrong("themes", "frozen")


def limits(theme: ThemeChoice) -> tuple[int, int | None, int | None]:
    return theme.min_length, theme.max_length, theme.max_sum_cost


def in_use(db: Database, theme_id: int) -> bool:
    return bool(db.execute("SELECT 1 FROM plan_themes WHERE theme_id = ? LIMIT 1", [theme_id]).fetchone())


def save_themes(db: Database, process_id: int, wanted: Iterable[ThemeChoice]) -> None:
    """The themes of the process are these, by id where they are there already."""
    listed = [*wanted]
    kept = [theme for theme in listed if theme.id is not None]
    for theme in themes_of(db, process_id):
        if theme.id not in {one.id for one in kept}:
            db.execute("DELETE FROM themes WHERE id = ?", [theme.id])
    for theme in kept:  # by way of names that nobody has, so that two themes can swap theirs
        db.execute("UPDATE themes SET name = ? WHERE id = ?", [f"\n{theme.id}", theme.id])
    for theme in listed:
        row = {"name": theme.name, "budget": theme.budget, "min_length": theme.min_length}
        row |= {"max_length": theme.max_length, "max_sum_cost": theme.max_sum_cost}
        if theme.id is None:
            database.insert(db, "themes", {**row, "process_id": process_id})
        else:
            sets = ", ".join(f"{name} = :{name}" for name in row)
            db.execute(f"UPDATE themes SET {sets} WHERE id = :id", {**row, "id": theme.id})
