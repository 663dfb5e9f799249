"""Withdrawals (intrekkingen): a plan that its makers, or staff, take back. It stays on the site, with the reason."""

from datetime import datetime

from domain import news, phases
from domain.database import Database

LONGEST_REASON = 500  # characters


class TooLate(Exception):
    """The result is public: what won has won."""


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
    if changed.rowcount and status == "published":
        news.tell(db, process_id, plan_id, "withdrawn", reason, now)
    return bool(changed.rowcount)
