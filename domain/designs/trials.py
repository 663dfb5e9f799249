"""Trying a design out (proef): completed where something is undecided, and made into a process that no database has."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cache

from domain import accounts, areas, phases, plans, processes, submissions, synthetic, versions
from domain.database import Database
from domain.designs import making, model
from domain.designs.choices import Choice, Value
from domain.designs.model import Clash, Design, Span
from domain.migrations import migrate
from domain.phase_kinds import KINDS
from domain.plans import Theme
from domain.processes import Process
from domain.synthetic import Room, SyntheticPlan

BUDGET = 50_000_00  # cents
MADE = datetime(2026, 1, 1, tzinfo=UTC)  # whatever: nobody sees when it was made
STAND_INS: Mapping[str, Value] = {
    "traject-name": "Proef",
    "traject-municipality": "Proefstad",
    "traject-area": "Proefwijk",
    "privacy-legal_basis": "public_task",
    "privacy-controller": "Proefstad",
    "privacy-privacy_contact": "privacy@repetitie.example",
    "vote-vote_age": 16,
}


@dataclass(frozen=True, slots=True)
class Completed:
    """A design with which a process can be made. `filled`: what nobody had decided; `dated`: phases without dates."""

    design: Design
    filled: tuple[Choice, ...]
    dated: tuple[str, ...]


class NotPossible(Exception):
    """Choices that can't both be, so that not even a trial of it can be made."""

    def __init__(self, clashes: Sequence[Clash]) -> None:
        super().__init__(", ".join(clash.kind for clash in clashes))
        self.clashes = clashes


def completed(design: Design, first: date) -> Completed:
    """With defaults for what is undecided, and days from that one on for phases without dates. Raises NotPossible."""
    without_host = model.decided(replace(design, about={}), {"look-host": None})
    begun = with_result(without_host if design.spans else replace(without_host, spans=model.laid_out(KINDS)))
    dated = tuple(kind for kind in begun.kinds if not begun.spans[kind].dated)
    open_ = tuple(model.undecided(begun))
    values = {choice.field: stand_in(choice, begun) for choice in open_}
    whole = model.decided(model.proposed(begun, first), values)
    if found := model.clashes(whole):
        raise NotPossible(found)
    return Completed(whole, open_, dated)


def with_result(design: Design) -> Design:
    """A vote without a result has nothing to try, also where a process lost that phase."""
    vote = design.spans.get("vote")
    if vote is None or "result" in design.spans:
        return design
    return replace(design, spans={**design.spans, "result": Span(day=vote.day + vote.days)})


def without_unknown_code(db: Database, design: Design) -> Design:
    """A code that no area has there says nothing in a trial, and may be that of an area of another name."""
    code = design["traject-area_code"]
    return design if code and areas.of_code(db, code) else model.decided(design, {"traject-area_code": None})


def stand_in(choice: Choice, design: Design) -> Value:
    """The default; of the money enough for the limits that were chosen already."""
    if choice.field == "money-budget":
        parts = [theme.budget or 0 for theme in design.themes]
        return max(BUDGET, sum(parts), design["vote-max_sum_cost"] or 0, design["collect-max_plan_cost"] or 0)
    return STAND_INS.get(choice.field, choice.default)


@cache
def empty() -> bytes:
    """A database that is up to date and empty, as bytes: making one takes a fifth of a second."""
    db = Database(sqlite3.connect(":memory:", isolation_level=None), recursive_triggers=False)
    migrate(db)
    made = db.conn.serialize()
    db.close()
    return made


def process_of(design: Design, listed: Sequence[SyntheticPlan] = (), seed: int = 0) -> Process:
    """The process that this design makes, with these plans on its ballot, in memory alone; ties are drawn by the seed.

    Takes some milliseconds. `design` as in Completed.
    """
    db = Database(sqlite3.connect(":memory:", isolation_level=None), recursive_triggers=False)
    try:
        db.conn.deserialize(empty())
        design = without_unknown_code(db, design)
        slug = making.create(db, design, MADE, accounts.make(db, "proef@repetitie.example", "Proef", "", True, MADE))
        db.execute("UPDATE processes SET lot_seed = ?", [str(seed)])
        process = loaded(db, slug)
        for number, plan in enumerate(listed, 1):
            insert(db, process, plan, number)
        return loaded(db, slug)
    finally:
        db.close()


def loaded(db: Database, slug: str) -> Process:
    process = processes.load(db, slug)
    assert process is not None
    return process


def insert(db: Database, process: Process, plan: SyntheticPlan, number: int) -> int:
    """On the ballot, as a plan that came in by import."""
    moment = phases.to_text(MADE)
    row = {
        "process_id": process.id,
        "project_id": str(number),
        "title": plan.title,
        "summary": plan.summary,
        "cost": plan.cost,
        "submitted_at": moment,
        "published_at": moment,
        "verdict": "feasible",
        "verdict_reason": plan.summary,
    }
    plan_id = plans.insert(db, row)
    versions.set_themes(db, plan_id, [theme.id for theme in process.themes if theme.name == plan.theme])
    return plan_id


def room_of(process: Process) -> Room:
    """What plans of this process may cost."""
    listed: Sequence[Theme | None] = process.themes or (None,)
    most = {
        theme.name if theme else "": submissions.most_cost(process, [theme.id] if theme else []) for theme in listed
    }
    return Room(process.budget, most, process.language)


def with_plans(design: Design, seed: int, number: int, shape: synthetic.Shape = "real") -> Process:
    """The process of the design with so many synthetic plans on its ballot."""
    listed = synthetic.plans(seed, number, room_of(process_of(design)), shape)
    return process_of(design, listed, seed)
