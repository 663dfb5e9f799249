"""Proposals (voorstellen): what a maker wants to change in a plan on the site, where staff read texts before they are
public. Until they allow it, everybody but the makers and staff sees the plan as it was."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain import audit, mails, makers, moderation, phases, versions
from domain.database import Database
from domain.moderation import Refused
from domain.processes import Process
from domain.versions import Stale


@dataclass(frozen=True, slots=True)
class Proposal:
    """`fields` are versions.FIELDS as they would become; `mark` is another with every other text."""

    plan_id: int
    fields: dict[str, Any]
    proposed_at: datetime

    @property
    def mark(self) -> str:
        return hashlib.sha256(json.dumps(self.fields).encode()).hexdigest()[:16]


class Gone(Exception):
    """There is no such proposal any more: a colleague was first, or the maker took it back."""


def of_plan(db: Database, plan_id: int) -> Proposal | None:
    row = db.execute("SELECT fields, proposed_at FROM proposed_edits WHERE plan_id = ?", [plan_id]).fetchone()
    return Proposal(plan_id, json.loads(row[0]), phases.from_text(row[1])) if row else None


def edit(
    db: Database, plan_id: int, expected_version: int, expected_mark: str, fields: Mapping[str, Any], now: datetime
) -> bool:
    """A maker sets these versions.FIELDS; False where the change waits for staff.

    It waits for a public plan of a process that reads plans before they are published. `expected_mark` is that of
    the proposal that the maker had before them, empty for none. Raises versions.Stale, versions.Frozen and, for
    its cost, versions.Judged.
    """
    if not read_first(db, plan_id):
        remove(db, plan_id)
        versions.edit(db, plan_id, expected_version, fields, now)
        return True
    versions.refuse_frozen(db, plan_id, now)
    before, version = versions.current(db, plan_id), versions.version_of(db, plan_id)
    after = {**before, **json.loads(json.dumps(dict(fields)))}
    waiting = of_plan(db, plan_id)
    if after == (waiting.fields if waiting else before):
        return waiting is None
    if version != expected_version:
        raise Stale(version, before)
    if (waiting.mark if waiting else "") != expected_mark:
        raise Stale(version, waiting.fields if waiting else before)
    if after == before:
        remove(db, plan_id)
        return True
    propose(db, plan_id, after, now)
    return False


def edit_by(
    db: Database,
    process: Process,
    plan_id: int,
    resident_id: int,
    expected_version: int,
    expected_mark: str,
    fields: Mapping[str, Any],
    now: datetime,
) -> bool:
    """The same by that maker, of which the others hear."""
    before = versions.version_of(db, plan_id), of_plan(db, plan_id)
    public = edit(db, plan_id, expected_version, expected_mark, fields, now)
    if before != (versions.version_of(db, plan_id), of_plan(db, plan_id)):
        makers.tell_others(db, process, plan_id, resident_id, "edited", now)
    return public


def read_first(db: Database, plan_id: int) -> bool:
    row = db.execute(
        "SELECT 1 FROM plans JOIN processes ON processes.id = process_id "
        "WHERE plans.id = ? AND plan_moderation = 'before' AND status = 'published'",
        [plan_id],
    ).fetchone()
    return row is not None


def propose(db: Database, plan_id: int, fields: Mapping[str, Any], now: datetime) -> None:
    db.execute(
        "INSERT INTO proposed_edits (plan_id, fields, proposed_at) VALUES (?, ?, ?) "
        "ON CONFLICT (plan_id) DO UPDATE SET fields = excluded.fields, proposed_at = excluded.proposed_at",
        [plan_id, json.dumps(fields, ensure_ascii=False), phases.to_text(now)],
    )


def remove(db: Database, plan_id: int) -> None:
    db.execute("DELETE FROM proposed_edits WHERE plan_id = ?", [plan_id])


def allow(
    db: Database, process: Process, plan_id: int, version: int, mark: str, now: datetime, account_id: int
) -> None:
    """Staff read the difference between that version and the proposal with that mark: it becomes the text.

    Raises Gone, versions.Stale (either is another by now), versions.Frozen, and Refused: judged, where there is a
    verdict on the text of before.
    """
    plan, waiting = found(db, process, plan_id)
    if waiting.mark != mark or plan["version"] != version:
        raise Stale(plan["version"], waiting.fields)
    if plan["verdict"]:
        raise Refused("judged")
    versions.edit(db, plan_id, version, waiting.fields, now)
    remove(db, plan_id)
    moderation.told(db, mails.edit_judged, process, plan, now, reason="")
    audit.record(db, account_id, process.id, "edit_allowed", f"plan {plan_id}", now, version=version + 1)


def refuse(
    db: Database, process: Process, plan_id: int, mark: str, reason: str, now: datetime, account_id: int
) -> None:
    """The plan stays as it is, and its makers hear why. Raises Gone, Stale and Refused: missing_reason."""
    plan, waiting = found(db, process, plan_id)
    if waiting.mark != mark:
        raise Stale(plan["version"], waiting.fields)
    if not reason.strip():
        raise Refused("missing_reason")
    remove(db, plan_id)
    moderation.told(db, mails.edit_judged, process, plan, now, reason=reason)
    audit.record(db, account_id, process.id, "edit_refused", f"plan {plan_id}", now)


def found(db: Database, process: Process, plan_id: int) -> tuple[dict[str, Any], Proposal]:
    plan, waiting = moderation.found(db, process.id, plan_id), of_plan(db, plan_id)
    if waiting is None:
        raise Gone(plan_id)
    return plan, waiting
