"""Questions (vragen) of staff to the makers of a plan, and their answers. Nobody else sees them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain import audit, database, mails, makers, phases
from domain.database import Database
from domain.outbox import Recipient
from domain.processes import Process

LONGEST = 2_000  # characters of a question or an answer


class NoSuchQuestion(LookupError):
    """The plan has no such question, or the process no such plan."""


class NotAMaker(Exception):
    """Only the makers of a plan answer."""


class Answered(Exception):
    """Another maker was first. `answer` is what they said."""

    def __init__(self, answer: str) -> None:
        super().__init__()
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Question:
    """`asked_by` is the name of the account, for staff only."""

    id: int
    asked_by: str
    text: str
    asked_at: datetime
    answer: str = ""
    answered_at: datetime | None = None


def of_plan(db: Database, plan_id: int) -> list[Question]:
    """The questions about the plan, the first first."""
    rows = db.execute(
        "SELECT questions.id, name, text, asked_at, answer, answered_at FROM questions "
        "JOIN accounts ON accounts.id = account_id WHERE plan_id = ? ORDER BY questions.id",
        [plan_id],
    )
    return [
        Question(id_, name, text, phases.from_text(asked), answer, phases.from_text(answered) if answered else None)
        for id_, name, text, asked, answer, answered in rows
    ]


def open_for(db: Database, resident_id: int) -> list[dict[str, Any]]:
    """The plans of this maker about which a question waits for an answer: title, path of the page to answer on."""
    return list(
        db.query(
            "SELECT title, '/' || slug || '/plannen/' || plans.id || '/vragen' AS path FROM questions "
            "JOIN plans ON plans.id = questions.plan_id JOIN processes ON processes.id = process_id "
            "JOIN makers ON makers.plan_id = plans.id WHERE makers.resident_id = ? AND answered_at IS NULL "
            "GROUP BY plans.id ORDER BY min(asked_at)",
            [resident_id],
        )
    )


def title_of(db: Database, process_id: int, plan_id: int) -> str:
    """Raises NoSuchQuestion."""
    row = db.execute("SELECT title FROM plans WHERE id = ? AND process_id = ?", [plan_id, process_id]).fetchone()
    if row is None:
        raise NoSuchQuestion(plan_id)
    return str(row[0])


def ask(db: Database, process: Process, plan_id: int, text: str, account_id: int, now: datetime) -> None:
    """Ask the makers, and mail those whose address is known. A question in the same words that waits for its answer
    is not asked again. Raises NoSuchQuestion."""
    title = title_of(db, process.id, plan_id)
    again = "SELECT 1 FROM questions WHERE plan_id = ? AND account_id = ? AND text = ? AND answered_at IS NULL"
    if db.execute(again, [plan_id, account_id, text]).fetchone():
        return
    row = {"plan_id": plan_id, "account_id": account_id, "text": text, "asked_at": phases.to_text(now)}
    number = database.insert(db, "questions", row)
    for to in makers.recipients(db, plan_id):
        mails.question(db, now, to, process=process, plan_id=plan_id, title=title, question=text)
    audit.record(db, account_id, process.id, "question_asked", f"plan {plan_id}", now, number=number)


def answer(
    db: Database, process: Process, plan_id: int, question_id: int, resident_id: int, text: str, now: datetime
) -> None:
    """A maker answers, once; who asked gets it by mail. Raises NoSuchQuestion, NotAMaker, Answered."""
    title = title_of(db, process.id, plan_id)
    row = db.execute(
        "SELECT account_id, answer, answered_at FROM questions WHERE id = ? AND plan_id = ?", [question_id, plan_id]
    ).fetchone()
    if row is None:
        raise NoSuchQuestion(question_id)
    if not makers.is_maker(db, plan_id, resident_id):
        raise NotAMaker
    account_id, given, answered_at = row
    if answered_at is not None:
        if given == text:
            return
        raise Answered(given)
    db.execute(
        "UPDATE questions SET answer = ?, answered_by = ?, answered_at = ? WHERE id = ?",
        [text, resident_id, phases.to_text(now), question_id],
    )
    asker = db.execute("SELECT email FROM accounts WHERE id = ? AND disabled_at IS NULL", [account_id]).fetchone()
    if asker:
        to = Recipient(asker[0], process.language)
        mails.answer(db, now, to, process=process, plan_id=plan_id, title=title, answer=text)
