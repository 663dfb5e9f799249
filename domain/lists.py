"""Lists (lijsten): plans, supports and reactions as tables for a spreadsheet, and plans read back from one."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from decimal import Decimal
from typing import Any

from domain import areas, audit, fields, mails, moderation, phases, plans, submissions, versions
from domain.database import Database
from domain.moderation import Refused
from domain.phases import HERE
from domain.plans import Plan
from domain.processes import Process
from domain.sheets import CONTROL, Value, shown

Row = dict[str, Value]

# Column in the sheet: the text of a plan that it holds.
TEXTS = {
    "titel": "title",
    "samenvatting": "summary",
    "beschrijving": "description",
    "voor wie": "for_whom",
    "eigen werk": "own_work",
    "waar": "location",
    "wanneer": "planned",
    "foto in woorden": "photo_alt",
}
EDITED = ("nummer", *TEXTS, "bedrag", "kosten", "themas", "breedtegraad", "lengtegraad")
BY_VERDICT = ("oordeel", "reden oordeel", "gevraagd")
COUNTED = ("steun", "reacties")
ONLY_OUT = ("bedenkers", "status", "reden", *BY_VERDICT, *COUNTED, "kanaal")
DATES = {"ingeleverd": "submitted_at", "gepubliceerd": "published_at", "ingetrokken": "withdrawn_at"}
PLANS = (*EDITED, *ONLY_OUT, *DATES)
OF_NEW = ("bedenkers", "status", "reden", "kanaal", *DATES)  # read of a plan that isn't there yet, else only out
LONGEST_NAMES = 500  # characters: all makers of one plan
SUPPORTS = ("nummer", "titel", "dag", "steun")
REACTIONS = ("nummer", "titel", "reactie", "antwoord op", "kant", "naam", "tekst", "nuttig", "datum", "kanaal")
STATUSES = {
    "submitted": "wacht op publicatie",
    "published": "openbaar",
    "hidden": "verborgen",
    "merged": "samengevoegd",
    "withdrawn": "ingetrokken",
}
VERDICTS = {"": "", "feasible": "haalbaar", "infeasible": "niet haalbaar"}
CHANNELS = {"online": "site", "paper": "papier", "desk": "balie", "helped": "samen"}
SIDES = {"for": "voor", "against": "tegen", "answer": "antwoord"}
MOST = 1_000  # plans that one import may add or change: others wait for it
NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,39}")  # what a plan may be called on ballots and in a .pb
BETWEEN = "\n"  # the costs, and the themes, of one plan: lines in one cell


def plans_of(process: Process) -> list[Row]:
    """Every plan, whatever its status; amounts in euros."""
    return [plan_row(plan) for plan in process.all_plans]


def plan_row(plan: Plan) -> Row:
    row: Row = {"nummer": plan.project_id, **{name: getattr(plan, field) for name, field in TEXTS.items()}}
    row |= {
        "bedrag": euros(plan.cost),
        "kosten": BETWEEN.join(f"{what}: {submissions.amount(cents)}" for what, cents in plan.items),
        "themas": BETWEEN.join(theme.name for theme in plan.themes),
        "breedtegraad": plan.lat,
        "lengtegraad": plan.lon,
        "bedenkers": plan.maker,
        "status": STATUSES["withdrawn" if plan.withdrawn else plan.status],
        "reden": plan.status_reason,
        "oordeel": VERDICTS[plan.verdict],
        "reden oordeel": plan.verdict_reason,
        "gevraagd": None if plan.asked_cost is None else euros(plan.asked_cost),
        "steun": plan.supports,
        "reacties": plan.reactions,
        "kanaal": CHANNELS[plan.channel],
    }
    return row | {name: day(getattr(plan, field)) for name, field in DATES.items()}


def euros(cents: int) -> Decimal | int:
    return cents // 100 if cents % 100 == 0 else Decimal(cents) / 100


def day(moment: datetime | None) -> str:
    return moment.astimezone(HERE).date().isoformat() if moment else ""


def supports_of(db: Database, process: Process) -> list[Row]:
    """How many supports each plan got on each day; never whose, nor how they came in: of that only the watch tells, and
    nothing of fewer than ten."""
    rows = db.execute(
        "SELECT project_id, title, given_on, count(*) FROM supports JOIN plans ON plans.id = plan_id "
        "WHERE process_id = ? GROUP BY plans.id, given_on ORDER BY plans.id, given_on",
        [process.id],
    )
    return [dict(zip(SUPPORTS, row, strict=True)) for row in rows]


def reactions_of(db: Database, process: Process) -> list[Row]:
    """The reactions that everyone can read, with the names that stand there."""
    rows = db.query(
        "SELECT project_id, title, reactions.id, parent_id, side, name, text, useful, created_at, reactions.channel "
        "FROM reactions "
        "JOIN plans ON plans.id = plan_id WHERE process_id = ? AND reactions.status = 'published' "
        "AND plans.status = 'published' ORDER BY plans.id, reactions.id",
        [process.id],
    )
    return [
        {
            "nummer": row["project_id"],
            "titel": row["title"],
            "reactie": row["id"],
            "antwoord op": row["parent_id"],
            "kant": SIDES[row["side"]],
            "naam": row["name"],
            "tekst": row["text"],
            "nuttig": row["useful"],
            "datum": day(phases.from_text(row["created_at"])),
            "kanaal": CHANNELS[row["channel"]],
        }
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with a cell. `row` as the spreadsheet counts, 1 for the list as a whole; `field` is the column;
    `kind` and `limit` as in fields.Wrong."""

    row: int
    field: str
    kind: str
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A plan of the list: `kind` is new, changed or same. `version` is that of the plan it changes."""

    row: int
    kind: str
    number: str
    title: str
    values: Mapping[str, Any]
    plan_id: int | None = None
    version: int = 0
    columns: tuple[str, ...] = ()  # those that change
    status: str = ""  # STATUSES, of a new plan
    left: tuple[str, ...] = ()  # columns of the sheet that say something which is not read in


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would do, or why it can't."""

    lines: tuple[Line, ...]
    mistakes: tuple[Mistake, ...]
    letters: Mapping[str, str] = field(default_factory=dict)  # of the columns, by name

    def of(self, kind: str) -> list[Line]:
        return [line for line in self.lines if line.kind == kind]


def preview(process: Process, rows: Sequence[Mapping[str, str]], letters: Mapping[str, str] | None = None) -> Preview:
    """Compare the rows, as sheets.read gives them, with the plans there are. A column that isn't there changes
    nothing; a number that no plan has is a new plan's, and a new plan without number gets the next."""
    listed = [(number, row) for number, row in enumerate(rows, 2) if any(row.values())]
    mistakes = list(mistakes_in_all(listed))
    there = {plan.project_id.strip(): plan for plan in process.all_plans}
    lines = []
    for number, row in listed if not mistakes else ():
        line, wrong = read_line(process, number, row, there.get(row.get("nummer", "")))
        mistakes += wrong
        lines.append(line)
    if sum(line.kind != "same" for line in lines) > MOST:
        mistakes.append(Mistake(1, "", "too_many", MOST))
    return Preview(tuple(lines), tuple(mistakes), letters or {})


def mistakes_in_all(listed: Sequence[tuple[int, Mapping[str, str]]]) -> Iterable[Mistake]:
    if not listed:
        yield Mistake(1, "", "empty")
        return
    columns = set(listed[0][1])
    if "titel" not in columns and "nummer" not in columns:
        yield Mistake(1, "titel", "no_column")
    seen: set[str] = set()
    for row, cells in listed:
        number = cells.get("nummer", "")
        if number and number in seen:
            yield Mistake(row, "nummer", "twice")
        seen.add(number)


def read_line(process: Process, row: int, cells: Mapping[str, str], plan: Plan | None) -> tuple[Line, list[Mistake]]:
    """What this row, about that plan or about a new one, means; and what is wrong with it."""
    number = cells.get("nummer", "")
    mistakes: list[Mistake] = []
    asked = {name: cell for name, cell in cells.items() if name in EDITED} if plan is None else changed(plan, cells)
    values = {field: read_text(row, name, asked[name], mistakes) for name, field in TEXTS.items() if name in asked}
    values |= read_costs(process, row, asked, plan, mistakes)
    values |= read_themes(process, row, asked, mistakes)
    if "breedtegraad" in asked or "lengtegraad" in asked:
        values |= read_place(row, cells, mistakes)
    if plan is None:
        mistakes += mistakes_in_new(row, number, cells, values)
        values |= read_origin(row, cells, mistakes)
        title, status = values.get("title", ""), values["status"]
        return Line(row, "new", number, title, values, status=status, left=left_of_new(cells, status)), mistakes
    differs = {name: value for name, value in values.items() if fields_of(plan)[name] != value}
    if differs and plan.status == "merged":
        mistakes.append(Mistake(row, "nummer", "merged"))
    if plan.verdict and not {"cost", "items"}.isdisjoint(differs):
        mistakes.append(Mistake(row, "kosten" if "items" in differs else "bedrag", "judged"))
    kind = "changed" if differs else "same"
    title = str(values.get("title", plan.title))
    left = left_as_it_is(plan, cells)
    return Line(row, kind, number, title, differs, plan.id, plan.version, tuple(differs), left=left), mistakes


def mistakes_in_new(row: int, number: str, cells: Mapping[str, str], values: Mapping[str, Any]) -> Iterable[Mistake]:
    if number and not NUMBER.fullmatch(number):
        yield Mistake(row, "nummer", "not_a_number_of_a_plan")
    if "titel" not in cells:
        yield Mistake(row, "titel", "missing")
    if "cost" not in values:
        yield Mistake(row, "bedrag", "missing")


def read_origin(row: int, cells: Mapping[str, str], mistakes: list[Mistake]) -> dict[str, Any]:
    """Of a new plan: whose it is, what it is to residents and why, how and when it came in. Its status is one of
    STATUSES, and a date is "" where the list has none."""
    maker, reason = fields.line(cells.get("bedenkers", "")), fields.text(cells.get("reden", ""))
    for name, text, most in (("bedenkers", maker, LONGEST_NAMES), ("reden", reason, moderation.LONGEST_REASON)):
        mistakes += [Mistake(row, name, one.kind, one.limit) for one in fields.check_text(name, text, most)]
    status = read_word(row, "status", cells, STATUSES, mistakes) or "published"
    return {
        "maker": maker,
        "status": status,
        "status_reason": reason if status in ("hidden", "withdrawn") else "",
        "channel": read_word(row, "kanaal", cells, CHANNELS, mistakes) or "online",
        **{column: read_day(row, name, cells, mistakes) for name, column in DATES.items()},
    }


def read_word(
    row: int, name: str, cells: Mapping[str, str], words: Mapping[str, str], mistakes: list[Mistake]
) -> str | None:
    """What that word of an export, or of our own, stands for; None where there is none."""
    typed = cells.get(name, "").strip().lower()
    found = next((key for key, word in words.items() if typed in (key, word)), None)
    if typed and found is None:
        mistakes.append(Mistake(row, name, f"not_a_{'status' if words is STATUSES else 'channel'}"))
    return found


def read_day(row: int, name: str, cells: Mapping[str, str], mistakes: list[Mistake]) -> str:
    typed = cells.get(name, "").strip()
    try:
        return phases.to_text(phases.moment(fields.day(typed), time(12))) if typed else ""
    except ValueError:
        mistakes.append(Mistake(row, name, "not_a_date"))
        return ""


def left_of_new(cells: Mapping[str, str], status: str) -> tuple[str, ...]:
    """What the list says of a new plan that is not read in: others gave it a verdict, support and reactions, and a
    list does not tell in which plan it went on."""
    said = [name for name in (*BY_VERDICT, *COUNTED) if cells.get(name, "").strip() not in ("", "0")]
    return (*(["status"] if status == "merged" else []), *said)


def left_as_it_is(plan: Plan, cells: Mapping[str, str]) -> tuple[str, ...]:
    """What the list says otherwise of a plan that is there, and a list does not change."""
    there = plan_row(plan)
    ours = {**STATUSES, **VERDICTS}  # older lists have our own words
    names = ("bedenkers", "status", "reden", *BY_VERDICT)
    return tuple(
        name
        for name in names
        if name in cells and plain(ours.get(cells[name], cells[name])) != plain(shown(there[name]))
    )


def changed(plan: Plan, cells: Mapping[str, str]) -> dict[str, str]:
    """The cells that don't say what an export of the plan would: only those were touched."""
    there = plan_row(plan)
    return {name: cells[name] for name in EDITED if name in cells and plain(cells[name]) != plain(shown(there[name]))}


def plain(cell: str) -> str:
    """The text as it comes out of any spreadsheet."""
    return CONTROL.sub("", cell.replace("\r\n", "\n").replace("\r", "\n")).strip()


def fields_of(plan: Plan) -> dict[str, Any]:
    """versions.FIELDS of the plan, as `read_line` makes them."""
    there = {name: getattr(plan, name) for name in versions.COLUMNS}
    items = [[what, cents] for what, cents in plan.items]
    return there | {"items": items, "themes": [theme.id for theme in plan.themes]}


def read_text(row: int, name: str, typed: str, mistakes: list[Mistake]) -> str:
    field = TEXTS[name]
    text = fields.line(typed) if field in submissions.LINES else fields.text(typed)
    wrong = fields.check_text(name, text, submissions.LENGTHS[field], required=field == "title")
    mistakes += [Mistake(row, name, one.kind, one.limit) for one in wrong]
    return text


def read_costs(
    process: Process, row: int, asked: Mapping[str, str], plan: Plan | None, mistakes: list[Mistake]
) -> dict[str, Any]:
    """The amount and what it is made of, which must come to the amount where both are there; at most what one plan may
    cost."""
    values: dict[str, Any] = {}
    if "kosten" in asked:
        parts = asked["kosten"].replace("\r", "\n").split(BETWEEN)
        values["items"] = [read_item(row, part, mistakes) for part in parts if part.strip()]
    items = values.get("items", plan.items if plan else ())
    total = sum(cents for _, cents in items)
    if asked.get("bedrag"):
        values["cost"] = read_cents(row, "bedrag", asked["bedrag"], mistakes)
    elif items and "items" in values:
        values["cost"] = total
    if items and values.get("cost", total) != total:
        mistakes.append(Mistake(row, "bedrag", "not_the_sum"))
    if values.get("cost", 0) > (most := submissions.most_cost(process)):
        mistakes.append(Mistake(row, "bedrag" if asked.get("bedrag") else "kosten", "too_dear", most))
    return values


def read_cents(row: int, name: str, typed: str, mistakes: list[Mistake]) -> int:
    try:
        return fields.euros(typed)
    except ValueError:
        mistakes.append(Mistake(row, name, "not_an_amount"))
        return 0


def read_item(row: int, part: str, mistakes: list[Mistake]) -> list[Any]:
    what, colon, amount = part.rpartition(":")
    if not colon:
        mistakes.append(Mistake(row, "kosten", "not_costs"))
        return ["", 0]
    return [fields.line(what), read_cents(row, "kosten", amount, mistakes)]


def read_themes(process: Process, row: int, cells: Mapping[str, str], mistakes: list[Mistake]) -> dict[str, Any]:
    if "themas" not in cells:
        return {}
    known = {theme.name: theme.id for theme in process.themes}
    whole = cells["themas"].strip()
    names = [whole] if whole in known else [part.strip() for part in whole.splitlines() if part.strip()]
    if any(name not in known for name in names):
        mistakes.append(Mistake(row, "themas", "no_such_theme"))
        return {}
    return {"themes": sorted({known[name] for name in names})}


def read_place(row: int, cells: Mapping[str, str], mistakes: list[Mistake]) -> dict[str, Any]:
    if "breedtegraad" not in cells or "lengtegraad" not in cells:
        return {}
    typed = [cells[name].replace(",", ".") for name in ("breedtegraad", "lengtegraad")]
    if not any(typed):
        return {"lat": None, "lon": None}
    try:
        lat, lon = map(float, typed)
    except ValueError:
        lat, lon = 999.0, 999.0
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        mistakes.append(Mistake(row, "breedtegraad", "not_a_place"))
    return {"lat": lat, "lon": lon}


def read_in(
    db: Database, process: Process, lines: Iterable[Line], reason: str, now: datetime, account_id: int
) -> tuple[int, int]:
    """Write these lines of a preview without mistakes, all or nothing; returns how many plans are new and changed.

    New plans are public where the list has no other status for them. Raises Refused (frozen), versions.Stale,
    versions.Frozen and versions.Judged; the caller rolls back.
    """
    new, changed = 0, 0
    for line in lines:
        if line.kind == "new":
            insert(db, process, line, now)
            new += 1
        elif line.kind == "changed":
            change(db, process, line, reason, now, account_id)
            changed += 1
    if new or changed:
        audit.record(
            db, account_id, process.id, "plans_imported", f"process {process.id}", now, new=new, changed=changed
        )
    return new, changed


def insert(db: Database, process: Process, line: Line, now: datetime) -> None:
    if moderation.on_frozen_ballot(db, process.id, "feasible", now):
        raise Refused("frozen")
    number = line.number or submissions.next_project_id(db, process.id)
    taken = "SELECT 1 FROM plans WHERE process_id = ? AND project_id = ?"
    if db.execute(taken, [process.id, number]).fetchone():
        raise Refused("number_taken")
    row = {name: value for name, value in line.values.items() if name != "themes"}
    row["items"] = json.dumps(row.get("items", []), ensure_ascii=False)
    row |= {"process_id": process.id, "project_id": number, **state(line.values, phases.to_text(now))}
    plan_id = plans.insert(db, row)
    areas.place_plan(db, plan_id)
    versions.set_themes(db, plan_id, line.values.get("themes", ()))


def state(values: Mapping[str, Any], at: str) -> dict[str, Any]:
    """The status and dates of a new plan as the table has them. One that was merged waits: staff merge it anew. One
    that is hidden or withdrawn was public before only if the list says since when."""
    status, since = values["status"], values["published_at"] or None
    if status == "withdrawn":
        status = "published" if since else "submitted"
    return {
        "status": "submitted" if status == "merged" else status,
        "submitted_at": values["submitted_at"] or at,
        "published_at": since or at if status == "published" else since if status == "hidden" else None,
        "withdrawn_at": (values["withdrawn_at"] or at) if values["status"] == "withdrawn" else None,
    }


def change(db: Database, process: Process, line: Line, reason: str, now: datetime, account_id: int) -> None:
    assert line.plan_id is not None
    versions.edit(db, line.plan_id, line.version, line.values, now, account_id, reason)
    plan = moderation.found(db, process.id, line.plan_id)
    moderation.told(db, mails.plan_edited, process, plan, now, reason=reason)
