"""Reports (meldingen): somebody thinks that a plan or a reaction should not be here. Nobody has to say who they are."""

import json
from dataclasses import dataclass
from datetime import datetime

from domain import audit, database, fields, phases
from domain.database import Database
from domain.fields import Wrong

LONGEST_REASON = 500  # characters
MOST_OPEN = 20  # of one plan or reaction: after so many, one more tells a moderator nothing


class Unknown(Exception):
    """There is no such plan or reaction that residents can see."""


@dataclass(frozen=True, slots=True)
class Report:
    """Of a plan, not handled yet."""

    id: int
    plan_id: int
    title: str
    reason: str
    reported_at: datetime


def typed(reason: str) -> tuple[str, list[Wrong]]:
    """The reason as it would be kept, and what is wrong with it."""
    text = fields.text(reason)
    return text, fields.check_text("reason", text, LONGEST_REASON, required=True)


def report_reaction(db: Database, process_id: int, reaction_id: int, reason: str, now: datetime) -> None:
    """Raises Unknown. The same reason twice is one report."""
    row = db.execute(
        "SELECT plan_id FROM reactions JOIN plans ON plans.id = plan_id "
        "WHERE reactions.id = ? AND process_id = ? AND reactions.status = 'published' AND plans.status = 'published'",
        [reaction_id, process_id],
    ).fetchone()
    if row is None:
        raise Unknown(reaction_id)
    write(db, row[0], reaction_id, reason, now)


def report_plan(db: Database, process_id: int, plan_id: int, reason: str, now: datetime) -> None:
    """Raises Unknown. The same reason twice is one report."""
    plan = "SELECT 1 FROM plans WHERE id = ? AND process_id = ? AND status = 'published'"
    if not db.execute(plan, [plan_id, process_id]).fetchone():
        raise Unknown(plan_id)
    write(db, plan_id, None, reason, now)


def write(db: Database, plan_id: int, reaction_id: int | None, reason: str, now: datetime) -> None:
    number, same = db.execute(
        "SELECT count(*), total(reason = ?) FROM reports WHERE plan_id = ? AND reaction_id IS ? AND handled_at IS NULL",
        [reason, plan_id, reaction_id],
    ).fetchone()
    if not same and number < MOST_OPEN:
        row = {"plan_id": plan_id, "reaction_id": reaction_id, "reason": reason, "reported_at": phases.to_text(now)}
        database.insert(db, "reports", row)


def handle_reaction(db: Database, reaction_id: int, now: datetime, account_id: int) -> int:
    """A moderator has judged the reaction: its reports are handled. Returns how many were not yet."""
    return db.execute(
        "UPDATE reports SET handled_at = ?, account_id = ? WHERE reaction_id = ? AND handled_at IS NULL",
        [phases.to_text(now), account_id, reaction_id],
    ).rowcount


def handle_plan(db: Database, process_id: int, plan_id: int, now: datetime, account_id: int) -> int:
    """A moderator has judged the plan, in what residents said of it: returns how many reports that handles."""
    handled = db.execute(
        "UPDATE reports SET handled_at = ?, account_id = ? WHERE plan_id = ? AND reaction_id IS NULL "
        "AND handled_at IS NULL AND EXISTS (SELECT 1 FROM plans WHERE id = plan_id AND process_id = ?)",
        [phases.to_text(now), account_id, plan_id, process_id],
    ).rowcount
    if handled:
        db.execute("UPDATE plans SET unread = 0 WHERE id = ?", [plan_id])
        audit.record(db, account_id, process_id, "plan.reports_handled", f"plan {plan_id}", now, number=handled)
    return handled


def reasons(db: Database, reaction_ids: list[int]) -> dict[int, tuple[str, ...]]:
    """Why each of these reactions was reported, the oldest first; only what is not handled."""
    rows = db.execute(
        "SELECT reaction_id, reason FROM reports WHERE handled_at IS NULL "
        "AND reaction_id IN (SELECT value FROM json_each(?)) ORDER BY id",
        [json.dumps(reaction_ids)],
    )
    found: dict[int, tuple[str, ...]] = {}
    for reaction_id, reason in rows:
        found[reaction_id] = (*found.get(reaction_id, ()), reason)
    return found


def waiting(db: Database, process_id: int) -> list[tuple[int, str, int]]:
    """Where residents reported something that nobody handled yet: the plan (of the reaction), since when, and how many
    reports. Every page that tells how many there are counts these."""
    rows = db.execute(
        "SELECT plan_id, min(reported_at), count(*) FROM reports JOIN plans ON plans.id = plan_id "
        "WHERE process_id = ? AND handled_at IS NULL GROUP BY plan_id ORDER BY plan_id",
        [process_id],
    )
    return [(plan_id, since, number) for plan_id, since, number in rows]


def of_plans(db: Database, process_id: int, most: int = 200) -> list[Report]:
    """The reports of plans of that process that nobody handled yet, the oldest first."""
    rows = db.execute(
        "SELECT reports.id, plan_id, title, reason, reported_at FROM reports JOIN plans ON plans.id = plan_id "
        "WHERE process_id = ? AND reaction_id IS NULL AND handled_at IS NULL ORDER BY reports.id LIMIT ?",
        [process_id, most],
    )
    return [Report(id_, plan, title, reason, phases.from_text(at)) for id_, plan, title, reason, at in rows]
