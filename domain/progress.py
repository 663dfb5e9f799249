"""Progress (voortgang): what staff tell of a plan that won. It stands on its page and is news for who follows it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from domain import audit, fields, moderation, news, phases
from domain.database import Database
from domain.fields import Wrong
from domain.moderation import Refused
from domain.processes import Process

LONGEST = 2_000  # characters


@dataclass(frozen=True, slots=True)
class Note:
    """`day`, where there is one, is when it happened or will happen; `at` is when staff wrote it."""

    text: str
    day: date | None
    at: datetime


def typed(text: str, day: str) -> tuple[str, date | None, list[Wrong]]:
    """The text and the day as they would be kept, and what is wrong with them."""
    kept = fields.text(text)
    wrong = fields.check_text("text", kept, LONGEST, required=True)
    if not day.strip():
        return kept, None, wrong
    try:
        return kept, fields.day(day), wrong
    except ValueError:
        return kept, None, [*wrong, Wrong("day", "not_a_date")]


def tell(
    db: Database,
    process: Process,
    plan_id: int,
    won: Collection[int],
    text: str,
    day: date | None,
    now: datetime,
    account_id: int,
) -> None:
    """Put it on the page of the plan and tell its followers; the same words again (a double click) are one note.

    `won`: the plans that get money, by id. Raises Refused: unknown, not_won, or hidden, withdrawn or merged.
    """
    plan = moderation.found(db, process.id, plan_id)
    if plan_id not in won:
        raise Refused("not_won")
    moderation.refuse(plan, "published")
    told = of_plan(db, plan_id)
    if told and (told[0].text, told[0].day) == (text, day):
        return
    number = news.tell(db, process.id, plan_id, "progress", text, now, day)
    db.execute("UPDATE plans SET revision = revision WHERE id = ?", [plan_id])  # its page is made anew
    audit.record(db, account_id, process.id, "progress_told", f"plan {plan_id}", now, number=number)


def of_plan(db: Database, plan_id: int) -> list[Note]:
    """The newest first."""
    rows = db.execute(
        "SELECT text, day, at FROM news WHERE plan_id = ? AND kind = 'progress' ORDER BY id DESC", [plan_id]
    )
    return [Note(text, date.fromisoformat(day) if day else None, phases.from_text(at)) for text, day, at in rows]
