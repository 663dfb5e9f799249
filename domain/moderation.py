"""Moderation: staff publish, hide and restore plans. Whoever made a plan hears of it, and why."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain import audit, mails, makers, news, phases, reports, versions, withdrawals
from domain.database import Database
from domain.processes import Process

LONGEST_REASON = 1_000  # characters


class Refused(Exception):
    """Nothing was changed. `kind`: unknown, frozen, missing_reason, changed, published, hidden, not_hidden, merged,
    withdrawn or not_withdrawn; the page words it."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one plan in a bulk action; `refused` is why not, or empty."""

    plan_id: int
    title: str
    refused: str = ""


def publish(db: Database, process: Process, plan_id: int, _reason: str, now: datetime, account_id: int) -> None:
    """A plan that waits becomes public. Raises Refused."""
    plan = found(db, process.id, plan_id)
    refuse(plan, "submitted")
    refuse_frozen(db, plan, now)
    db.execute("UPDATE plans SET status = 'published', published_at = ? WHERE id = ?", [phases.to_text(now), plan_id])
    news.tell(db, process.id, plan_id, "published", "", now)
    told(db, mails.plan_published, process, plan, now)
    audit.record(db, account_id, process.id, "plan_published", f"plan {plan_id}", now)


def hide(db: Database, process: Process, plan_id: int, reason: str, now: datetime, account_id: int) -> None:
    """Residents don't see the plan any more, but do see why; what they reported of it is handled. Raises Refused."""
    plan = found(db, process.id, plan_id)
    refuse(plan, "submitted", "published")
    refuse_frozen(db, plan, now)
    if not reason.strip():
        raise Refused("missing_reason")
    db.execute(
        "UPDATE plans SET status = 'hidden', status_reason = :reason, unread = 0, "
        "published_at = CASE status WHEN 'published' THEN coalesce(published_at, :now) END WHERE id = :id",
        {"reason": reason, "now": phases.to_text(now), "id": plan_id},
    )
    told(db, mails.plan_hidden, process, plan, now, reason=reason)
    reports.handle_plan(db, process.id, plan_id, now, account_id)
    audit.record(db, account_id, process.id, "plan_hidden", f"plan {plan_id}", now)


def restore(db: Database, process: Process, plan_id: int, _reason: str, now: datetime, account_id: int) -> None:
    """A hidden plan is again what it was: public, or waiting if it never was public. Raises Refused."""
    plan = found(db, process.id, plan_id)
    refuse(plan, "hidden")
    refuse_frozen(db, plan, now)
    waits = plan["published_at"] is None
    status = "submitted" if waits else "published"
    db.execute("UPDATE plans SET status = ?, status_reason = '' WHERE id = ?", [status, plan_id])
    told(db, mails.plan_restored, process, plan, now, waits=waits)
    audit.record(db, account_id, process.id, "plan_restored", f"plan {plan_id}", now)


def seen(db: Database, process: Process, plan_id: int, now: datetime, account_id: int) -> None:
    """Somebody of the staff looked at a plan that residents made public themselves: it stays as it is. Raises Refused:
    unknown."""
    if found(db, process.id, plan_id)["unread"]:
        db.execute("UPDATE plans SET unread = 0 WHERE id = ?", [plan_id])
        audit.record(db, account_id, process.id, "plan_seen", f"plan {plan_id}", now)


VERBS: dict[str, Callable[[Database, Process, int, str, datetime, int], None]] = {
    "publish": publish,
    "hide": hide,
    "restore": restore,
}


def each(
    db: Database,
    verb: str,
    process: Process,
    plan_ids: Mapping[int, int | None],
    reason: str,
    now: datetime,
    account_id: int,
) -> list[Done]:
    """The verb (VERBS) for every one of these plans that takes it, and what became of each, in that order.

    `plan_ids`: with each the version that was read; another text than that doesn't become public. None: unread.
    A plan of another process is unknown here, and has no title.
    """
    done = []
    for plan_id, version in plan_ids.items():
        refused = ""
        try:
            refuse_other_text(db, process.id, plan_id, version, verb)
            VERBS[verb](db, process, plan_id, reason, now, account_id)
        except Refused as error:  # a verb raises before its first write
            refused = error.kind
        done.append(Done(plan_id, title_of(db, process.id, plan_id), refused))
    return done


def refuse_other_text(db: Database, process_id: int, plan_id: int, version: int | None, verb: str) -> None:
    """Raises Refused where this would publish a text that its maker changed since it was read."""
    if verb != "hide" and version is not None and found(db, process_id, plan_id)["version"] != version:
        raise Refused("changed")


def title_of(db: Database, process_id: int, plan_id: int) -> str:
    row = db.execute("SELECT title FROM plans WHERE id = ? AND process_id = ?", [plan_id, process_id]).fetchone()
    return str(row[0]) if row else ""


def found(db: Database, process_id: int, plan_id: int) -> dict[str, Any]:
    """The row of that plan of that process. Raises Refused."""
    row = next(db.query("SELECT * FROM plans WHERE id = ? AND process_id = ?", [plan_id, process_id]), None)
    if row is None:
        raise Refused("unknown")
    return dict(row)


def refuse(plan: dict[str, Any], *allowed: str) -> None:
    """Raises Refused unless the plan has one of these statuses and is not withdrawn."""
    if plan["status"] == "merged":
        raise Refused("merged")
    if plan["withdrawn_at"]:
        raise Refused("withdrawn")
    if plan["status"] not in allowed:
        raise Refused("not_hidden" if allowed == ("hidden",) else plan["status"])


def refuse_frozen(db: Database, plan: dict[str, Any], now: datetime) -> None:
    """Raises Refused where the plan is on the ballot, or this would put it there, after the vote opened."""
    if on_frozen_ballot(db, plan["process_id"], plan["verdict"], now):
        raise Refused("frozen")


def on_frozen_ballot(db: Database, process_id: int, verdict: str, now: datetime) -> bool:
    """Whether the vote opened, and a published plan with that verdict is on the ballot."""
    row = db.execute(
        "SELECT 1 FROM processes LEFT JOIN phases ON process_id = id AND kind = 'vote' "
        "WHERE id = :id AND (sealed_at IS NOT NULL OR opens_at <= :now) AND (:verdict = 'feasible' OR NOT EXISTS "
        "(SELECT 1 FROM phases WHERE process_id = :id AND kind = 'assess'))",
        {"id": process_id, "now": phases.to_text(now), "verdict": verdict},
    ).fetchone()
    return row is not None


def told(
    db: Database, mail: Callable[..., None], process: Process, plan: dict[str, Any], now: datetime, **more: Any
) -> None:
    """Write that mail to the makers of the plan."""
    for to in makers.recipients(db, plan["id"]):
        mail(db, now, to, process=process, plan_id=plan["id"], title=plan["title"], **more)


def edit(
    db: Database,
    process: Process,
    plan_id: int,
    expected_version: int,
    values: Mapping[str, Any],
    reason: str,
    now: datetime,
    account_id: int,
) -> bool:
    """Set these versions.FIELDS of the plan as staff, with the reason that its page shows; False if nothing differs.

    Raises Refused (also where it is merged or has no reason), and versions.Stale, versions.Frozen
    and versions.Judged.
    """
    plan = found(db, process.id, plan_id)
    if plan["status"] == "merged":
        raise Refused("merged")
    if not reason.strip():
        raise Refused("missing_reason")
    number = versions.edit(db, plan_id, expected_version, values, now, account_id, reason)
    if number == plan["version"]:
        return False
    if plan["status"] == "published":
        news.tell(db, process.id, plan_id, "edited", reason, now)
    told(db, mails.plan_edited, process, plan, now, reason=reason)
    audit.record(db, account_id, process.id, "plan_edited", f"plan {plan_id}", now, version=number)
    return True


def withdraw(db: Database, process: Process, plan_id: int, reason: str, now: datetime, account_id: int) -> None:
    """Withdraw the plan as staff, also from a ballot: ballots that name it stay valid, but it can't win.

    Raises Refused, and withdrawals.TooLate once the vote is sealed.
    """
    plan = found(db, process.id, plan_id)
    if not reason.strip():
        raise Refused("missing_reason")
    if not withdrawals.withdraw(db, plan_id, reason, now, account_id):
        raise Refused("withdrawn")
    told(db, mails.plan_withdrawn, process, plan, now, reason=reason)
    audit.record(db, account_id, process.id, "plan_withdrawn", f"plan {plan_id}", now)


def reinstate(db: Database, process: Process, plan_id: int, now: datetime, account_id: int) -> None:
    """A withdrawn plan takes part again, whoever withdrew it. Raises Refused."""
    plan = found(db, process.id, plan_id)
    try:
        withdrawals.reinstate(db, plan_id, now, account_id)
    except versions.Frozen as error:
        raise Refused("frozen") from error
    except withdrawals.NotPossible as error:
        raise Refused("not_withdrawn") from error
    told(db, mails.maker_did, process, plan, now, did="reinstated")
    audit.record(db, account_id, process.id, "plan_reinstated", f"plan {plan_id}", now)
