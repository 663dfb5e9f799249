"""Drafts of designs (ontwerpen): what somebody decided so far, kept between one evening and the next."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from domain import areas, audit, database, phases
from domain.database import Database
from domain.designs import files, making
from domain.designs.making import HostTaken
from domain.designs.model import Clash, Design, clashes, decided, placed, steps, undecided
from domain.phases import HERE
from domain.processes import Process

YEAR = timedelta(weeks=52)  # on the same day of the week


@dataclass(frozen=True, slots=True)
class Draft:
    """`seen`: the steps that somebody went through. `process_id`: what it became, once it was opened."""

    id: int
    design: Design
    seen: frozenset[str]
    version: int
    account_id: int
    predecessor_id: int | None
    changed_at: datetime
    process_id: int | None


class Stale(Exception):
    """Somebody else saved or opened it meanwhile. Nothing was changed; `current` is the draft of now."""

    def __init__(self, current: Draft) -> None:
        super().__init__()
        self.current = current


class NoSuchDraft(LookupError):
    """It was never there, or somebody deleted it."""


def start(db: Database, design: Design, account_id: int, now: datetime, predecessor_id: int | None = None) -> int:
    """A draft of this design; its id."""
    row = {
        "toml": files.written(design),
        "account_id": account_id,
        "predecessor_id": predecessor_id,
        "changed_at": phases.to_text(now),
    }
    id_ = database.insert(db, "designs", row)
    audit.record(db, account_id, None, "design_started", f"design {id_}", now)
    return id_


COLUMNS = "id, toml, seen, version, account_id, predecessor_id, changed_at, process_id"


def load(db: Database, id_: int) -> Draft | None:
    row = db.execute(f"SELECT {COLUMNS} FROM designs WHERE id = ?", [id_]).fetchone()
    return draft_from(row) if row else None


def draft_from(row: tuple[Any, ...]) -> Draft:
    id_, toml, seen, version, account_id, predecessor_id, changed_at, process_id = row
    return Draft(
        id_,
        files.read_kept(toml),
        frozenset(json.loads(seen)),
        version,
        account_id,
        predecessor_id,
        phases.from_text(changed_at),
        process_id,
    )


def existing(db: Database, id_: int) -> Draft:
    """Raises NoSuchDraft."""
    draft = load(db, id_)
    if draft is None:
        raise NoSuchDraft(id_)
    return draft


def save(
    db: Database, id_: int, expected_version: int, toml: str, seen_step: str, now: datetime, account_id: int
) -> None:
    """The draft is this from now on, as files.written wrote it (which takes a while: not in a write), and somebody went
    through that step. Raises Stale and NoSuchDraft."""
    draft = existing(db, id_)
    if draft.version != expected_version or draft.process_id is not None:
        raise Stale(draft)
    seen = json.dumps([step for step in steps() if step in {*draft.seen, seen_step}])
    db.execute(
        "UPDATE designs SET toml = ?, seen = ?, version = version + 1, changed_at = ? WHERE id = ?",
        [toml, seen, phases.to_text(now), id_],
    )
    audit.record(db, account_id, None, "design_saved", f"design {id_}", now, step=seen_step)


def listed(db: Database, account_id: int | None) -> list[Draft]:
    """Those of that account, or everybody's (None), that were not opened yet; the one changed last first."""
    rows = db.execute(
        f"SELECT {COLUMNS} FROM designs WHERE process_id IS NULL AND (:account IS NULL OR account_id = :account) "
        "ORDER BY changed_at DESC, id DESC",
        {"account": account_id},
    )
    return [draft_from(row) for row in rows]


def number(db: Database, account_id: int | None) -> int:
    """How many `listed` lists."""
    query = "SELECT count(*) FROM designs WHERE process_id IS NULL AND (:account IS NULL OR account_id = :account)"
    return int(db.execute(query, {"account": account_id}).fetchone()[0])


def delete(db: Database, id_: int, now: datetime, account_id: int) -> bool:
    """False where there was none any more, or where it was opened: that stays."""
    gone = db.execute("DELETE FROM designs WHERE id = ? AND process_id IS NULL", [id_]).rowcount == 1
    if gone:
        audit.record(db, account_id, None, "design_deleted", f"design {id_}", now)
    return gone


def open_process(db: Database, id_: int, expected_version: int, now: datetime, account_id: int) -> str:
    """Make the process of this draft, once; its slug.

    Raises Stale (also where it was opened already), NoSuchDraft, NotReady and HostTaken.
    """
    draft = existing(db, id_)
    if draft.version != expected_version or draft.process_id is not None:
        raise Stale(draft)
    slug = making.create(db, draft.design, now, account_id, draft.predecessor_id)
    process_id = db.execute("SELECT id FROM processes WHERE slug = ?", [slug]).fetchone()[0]
    db.execute(
        "UPDATE designs SET process_id = ?, version = version + 1, changed_at = ? WHERE id = ?",
        [process_id, phases.to_text(now), id_],
    )
    audit.record(db, account_id, process_id, "design_opened", f"design {id_}", now)
    return slug


def problems(db: Database, design: Design) -> list[Clash]:
    """What doesn't fit together, nor with what is here already."""
    found = [*clashes(design), *making.area_clashes(db, design)]
    try:
        making.refuse_host(db, making.row_of(design)["host"], None)
    except HostTaken:
        found.append(Clash("host_taken", "look"))
    return found


def openable(db: Database, design: Design) -> bool:
    return not undecided(design) and not problems(db, design)


def next_year(db: Database, process: Process, today: date) -> Design:
    """The design of that process once more, so many whole years later that it has yet to begin.

    Its host name stays with the process that has it.
    """
    return years_later(decided(making.of(db, process), {"look-host": None}), today)


def years_later(design: Design, today: date) -> Design:
    """The design, at least one whole year later, and so many that it has yet to begin."""
    opens = [phase.opens_at.astimezone(HERE).date() for phase in design.phases]
    if not opens:
        return design
    first = min(opens) + YEAR
    while first <= today:
        first += YEAR
    return placed(design, first)


def past(design: Design, now: datetime) -> bool:
    """It has dates, and all of them are over."""
    return bool(design.phases) and all(phase.closes_at <= now for phase in design.phases)


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that the design names and that will be otherwise here; `step` is where it is chosen.

    kind: area_code (no area has it yet: it becomes that of the area), area_name (the area of that code is called
    `name` here) or host (whoever opens it may not choose one: it is left out).
    """

    kind: str
    step: str
    name: str = ""


def lacks(db: Database, design: Design, owner: bool) -> Iterator[Lack]:
    """What will be otherwise here once it is opened, by the owner of the site or by somebody else."""
    code, name = design["traject-area_code"], design["traject-area"]
    area = areas.of_code(db, code) if code else None
    if code and area is None:
        yield Lack("area_code", "traject")
    if area and name and area.name.casefold() != name.casefold():
        yield Lack("area_name", "traject", area.name)
    if design["look-host"] and not owner:
        yield Lack("host", "look")
