"""Withdrawals (intrekkingen): a plan that its makers, or staff, take back. It stays on the site, with the reason; until
the vote opens it can take part again."""

from datetime import datetime

from domain import makers, news, phases, versions
from domain.database import Database
from domain.processes import Process

LONGEST_REASON = 500  # characters


class TooLate(Exception):
    """The result is public: what won has won."""


class NotPossible(Exception):
    """It is not withdrawn (any more), the vote opened, or it is for others to take the withdrawal back."""


def withdraw(db: Database, plan_id: int, reason: str, now: datetime, account_id: int | None = None) -> bool:
    """Withdraw the plan; False if it was withdrawn or merged before, whose reason stays.

    Also while the vote is open: ballots that name it stay valid, but it can't win. `account_id`: staff did it, which
    the caller puts in the audit log. Raises TooLate once the vote is sealed.
    """
    process_id, status, sealed_at = db.execute(
        "SELECT process_id, status, sealed_at FROM plans JOIN processes ON processes.id = process_id "
        "WHERE plans.id = ?",
        [plan_id],
    ).fetchone()
    if sealed_at is not None:
        raise TooLate(plan_id)
    changed = db.execute(
        "UPDATE plans SET withdrawn_at = ?, status_reason = ? "
        "WHERE id = ? AND withdrawn_at IS NULL AND status != 'merged'",
        [phases.to_text(now), reason, plan_id],
    )
    if not changed.rowcount:
        return False
    versions.mark(db, plan_id, now, account_id, reason)
    if status == "published":
        news.tell(db, process_id, plan_id, "withdrawn", reason, now)
    return True


def by_maker(db: Database, process: Process, plan_id: int, resident_id: int, reason: str, now: datetime) -> None:
    """The same by one of its makers, of which the others hear. Raises TooLate."""
    if withdraw(db, plan_id, reason, now):
        makers.tell_others(db, process, plan_id, resident_id, "withdrawn", now, reason)


def by_staff(db: Database, plan_id: int) -> bool:
    """The plan is withdrawn, and staff did it."""
    row = db.execute(
        "SELECT plan_versions.account_id FROM plan_versions JOIN plans ON plans.id = plan_id "
        "WHERE plan_id = ? AND replaced_at = withdrawn_at ORDER BY number DESC",
        [plan_id],
    ).fetchone()
    return row is not None and row[0] is not None


def reinstate(db: Database, plan_id: int, now: datetime, account_id: int | None = None) -> None:
    """The plan takes part again, and its changes tell that it was withdrawn. What staff withdrew only staff
    (`account_id`) reinstate. Raises NotPossible, and versions.Frozen once the vote opened."""
    versions.refuse_frozen(db, plan_id, now)
    if account_id is None and by_staff(db, plan_id):
        raise NotPossible(plan_id)
    changed = db.execute(
        "UPDATE plans SET withdrawn_at = NULL, status_reason = '' "
        "WHERE id = ? AND withdrawn_at IS NOT NULL AND status IN ('submitted', 'published')",
        [plan_id],
    )
    if not changed.rowcount:
        raise NotPossible(plan_id)
    versions.mark(db, plan_id, now, account_id, "")
    process_id, status = db.execute("SELECT process_id, status FROM plans WHERE id = ?", [plan_id]).fetchone()
    if status == "published":
        news.tell(db, process_id, plan_id, "reinstated", "", now)


def reinstate_by_maker(db: Database, process: Process, plan_id: int, resident_id: int, now: datetime) -> None:
    """The same by one of its makers, of which the others hear. Raises NotPossible and versions.Frozen."""
    reinstate(db, plan_id, now)
    makers.tell_others(db, process, plan_id, resident_id, "reinstated", now)
