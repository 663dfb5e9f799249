"""Assessment (toets): what staff find out about a plan, and their verdict with its public reason."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain import audit, checklists, database, mails, makers, news, phases, versions
from domain.database import Database
from domain.outbox import Recipient
from domain.processes import Process

ANSWERS = ("yes", "no", "unknown")
VERDICTS = ("feasible", "infeasible")
OPINIONS = ("feasible", "infeasible", "unsure")
LONGEST = 2_000  # characters of a reason, a note, a question or an opinion


class NotPossible(Exception):
    """This plan can't be judged (any more). `kind`: frozen, withdrawn, merged, hidden or submitted."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class Stale(Exception):
    """Somebody was first. `kind` says with what: checklist, verdict, or plan (its text). Nothing was written."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class NoSuchPlan(LookupError):
    """The process has no plan with that number, or the plan no such opinion."""


class NotYours(Exception):
    """The opinion was asked of somebody else, or by this person."""


class AlreadyGiven(Exception):
    """A colleague gave the opinion already."""


class NoColleague(Exception):
    """Whoever was asked doesn't assess in this process."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """The checklist as it is filled in: the item's id and one of ANSWERS. Version 0: nobody did yet."""

    version: int = 0
    answers: Mapping[int, str] = field(default_factory=dict)
    by: str = ""
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What somebody decides. `cost` in cents, None where it is infeasible. The reason is public, and never empty."""

    verdict: str
    cost: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What stood on the page of who judges: the version of the text, the id of the last verdict (0: none), and the
    version of the checklist."""

    version: int
    verdict: int
    checklist: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """A verdict as it was given; `by` is the name of the account, for staff."""

    id: int
    verdict: str
    cost: int | None
    reason: str
    by: str
    given_at: datetime


@dataclass(frozen=True, slots=True)
class Note:
    id: int
    by: str
    text: str
    written_at: datetime


@dataclass(frozen=True, slots=True)
class Opinion:
    """A second opinion: asked by one, of one colleague or (None) of any; given once `given_at` is set."""

    id: int
    asked_by: int
    asked_by_name: str
    asked_of: int | None
    asked_of_name: str
    question: str
    asked_at: datetime
    by: str = ""
    verdict: str = ""
    text: str = ""
    given_at: datetime | None = None

    def open_to(self, account_id: int) -> bool:
        """Whether it still waits, and may be answered by this person: never by who asked."""
        return self.given_at is None and account_id != self.asked_by and self.asked_of in (None, account_id)


# The checklist


def of_plan(db: Database, plan_id: int) -> Assessment:
    row = db.execute(
        "SELECT version, checklist, accounts.name, changed_at FROM assessments "
        "JOIN accounts ON accounts.id = account_id WHERE plan_id = ?",
        [plan_id],
    ).fetchone()
    if row is None:
        return Assessment()
    version, answers, by, changed_at = row
    return Assessment(version, {int(k): v for k, v in json.loads(answers).items()}, by, phases.from_text(changed_at))


def save(
    db: Database,
    process: Process,
    plan_id: int,
    answers: Mapping[int, str],
    seen: int,
    account_id: int,
    now: datetime,
) -> int:
    """Keep these answers beside those to other items; returns the version. What changes nothing makes none.

    Raises Stale, NoSuchPlan, and NoSuchItem for an item that isn't on the list of this process.
    """
    plan_row(db, process.id, plan_id)
    asked = {item.id for item in checklists.of_process(db, process.id, retired=True)}
    if not asked.issuperset(answers) or not set(ANSWERS).issuperset(answers.values()):
        raise checklists.NoSuchItem
    before = of_plan(db, plan_id)
    after = {**before.answers, **answers}
    if after == before.answers:
        return before.version
    if before.version != seen:
        raise Stale("checklist")
    db.execute(
        "INSERT INTO assessments (plan_id, version, checklist, account_id, changed_at) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (plan_id) DO UPDATE SET version = excluded.version, checklist = excluded.checklist, "
        "account_id = excluded.account_id, changed_at = excluded.changed_at",
        [plan_id, seen + 1, json.dumps(after), account_id, phases.to_text(now)],
    )
    audit.record(db, account_id, process.id, "assessment_saved", f"plan {plan_id}", now, version=seen + 1)
    return seen + 1


# The verdict


def verdicts(db: Database, plan_id: int) -> list[Verdict]:
    """Every verdict on the plan, the last first."""
    rows = db.execute(
        "SELECT verdicts.id, verdict, cost, reason, coalesce(accounts.name, ''), given_at FROM verdicts "
        "LEFT JOIN accounts ON accounts.id = account_id WHERE plan_id = ? ORDER BY verdicts.id DESC",
        [plan_id],
    )
    return [
        Verdict(id_, verdict, cost, reason, by, phases.from_text(given_at))
        for id_, verdict, cost, reason, by, given_at in rows
    ]


def last_given_at(db: Database, plan_id: int) -> datetime | None:
    """When the verdict was given that stands now, for the public page."""
    row = db.execute("SELECT given_at FROM verdicts WHERE plan_id = ? ORDER BY id DESC LIMIT 1", [plan_id]).fetchone()
    return phases.from_text(row[0]) if row else None


def plan_row(db: Database, process_id: int, plan_id: int) -> dict[str, Any]:
    """Raises NoSuchPlan."""
    row = next(db.query("SELECT * FROM plans WHERE id = ? AND process_id = ?", [plan_id, process_id]), None)
    if row is None:
        raise NoSuchPlan(plan_id)
    return dict(row)


def impossible(db: Database, process_id: int, plan_id: int, now: datetime) -> str:
    """Why this plan can't be judged (the kinds of NotPossible), or nothing. Raises NoSuchPlan."""
    row = plan_row(db, process_id, plan_id)
    if row["status"] != "published":
        return str(row["status"])
    if row["withdrawn_at"]:
        return "withdrawn"
    try:
        versions.refuse_frozen(db, plan_id, now)
    except versions.Frozen:
        return "frozen"
    return ""


def judge(
    db: Database,
    process: Process,
    plan_id: int,
    given: Judgement,
    answers: Mapping[int, str],
    seen: Seen,
    account_id: int,
    now: datetime,
) -> int:
    """Give the verdict, keep the checklist with it, and tell the makers; returns the id of the verdict.

    The same verdict twice (a double click) is one. It may be revised until the vote opens: the plan shows the last,
    the others are kept. Where the cost is not the one asked, `asked_cost` keeps that one.
    Raises NotPossible, Stale, NoSuchPlan and NoSuchItem.
    """
    if kind := impossible(db, process.id, plan_id, now):
        raise NotPossible(kind)
    last = last_verdict(db, plan_id)
    if last and last["account_id"] == account_id and said(last) == given:
        return int(last["id"])
    if (last["id"] if last else 0) != seen.verdict:
        raise Stale("verdict")
    plan = plan_row(db, process.id, plan_id)
    if plan["version"] != seen.version:
        raise Stale("plan")
    save(db, process, plan_id, answers, seen.checklist, account_id, now)
    set_verdict(db, plan, given, account_id, now)
    verdict_id = keep(db, plan_id, given, account_id, now)
    tell(db, process, plan, verdict_id, given, now)
    detail = {"verdict": given.verdict, "cost": given.cost, "number": verdict_id}
    audit.record(db, account_id, process.id, "verdict_given", f"plan {plan_id}", now, **detail)
    return verdict_id


def last_verdict(db: Database, plan_id: int) -> dict[str, Any] | None:
    return next(db.query("SELECT * FROM verdicts WHERE plan_id = ? ORDER BY id DESC LIMIT 1", [plan_id]), None)


def said(row: Mapping[str, Any]) -> Judgement:
    return Judgement(row["verdict"], row["cost"], row["reason"])


def set_verdict(db: Database, plan: Mapping[str, Any], given: Judgement, account_id: int, now: datetime) -> None:
    asked = plan["cost"] if plan["asked_cost"] is None else plan["asked_cost"]
    cost = asked if given.cost is None else given.cost
    if cost != plan["cost"]:  # as an edit, so that the versions of the text tell who changed the cost and why
        versions.edit(db, plan["id"], plan["version"], {"cost": cost}, now, account_id, given.reason, by_verdict=True)
    db.execute(
        "UPDATE plans SET verdict = ?, verdict_reason = ?, asked_cost = ?, unread = 0 WHERE id = ?",
        [given.verdict, given.reason, None if cost == asked else asked, plan["id"]],
    )


def keep(db: Database, plan_id: int, given: Judgement, account_id: int, now: datetime) -> int:
    row = {
        "plan_id": plan_id,
        "verdict": given.verdict,
        "cost": given.cost,
        "reason": given.reason,
        "account_id": account_id,
        "given_at": phases.to_text(now),
    }
    return database.insert(db, "verdicts", row)


def tell(
    db: Database, process: Process, plan: Mapping[str, Any], verdict_id: int, given: Judgement, now: datetime
) -> None:
    """The makers by mail, once for each verdict; followers and feeds as news."""
    for to in makers.recipients(db, plan["id"]):
        mails.verdict(
            db,
            now,
            to,
            process=process,
            plan_id=plan["id"],
            title=plan["title"],
            verdict=given.verdict,
            cost=given.cost,
            reason=given.reason,
            once=f"verdict {plan['id']} {verdict_id}",
        )
    news.tell(db, process.id, plan["id"], given.verdict, given.reason, now)


# Notes


def notes(db: Database, plan_id: int) -> list[Note]:
    """What staff wrote for each other, the first first."""
    rows = db.execute(
        "SELECT notes.id, name, text, written_at FROM notes JOIN accounts ON accounts.id = account_id "
        "WHERE plan_id = ? ORDER BY notes.id",
        [plan_id],
    )
    return [Note(id_, by, text, phases.from_text(written_at)) for id_, by, text, written_at in rows]


def write_note(db: Database, process: Process, plan_id: int, text: str, account_id: int, now: datetime) -> None:
    """Add a note; they are never changed. The same words again from the same person (a double click) add none.

    Raises NoSuchPlan.
    """
    plan_row(db, process.id, plan_id)
    last = db.execute(
        "SELECT account_id, text FROM notes WHERE plan_id = ? ORDER BY id DESC LIMIT 1", [plan_id]
    ).fetchone()
    if last == (account_id, text):
        return
    row = {"plan_id": plan_id, "account_id": account_id, "text": text, "written_at": phases.to_text(now)}
    number = database.insert(db, "notes", row)
    audit.record(db, account_id, process.id, "note_written", f"plan {plan_id}", now, number=number)


# Second opinions

OPINION = """
SELECT second_opinions.id, asked_by, asker.name AS asked_by_name, asked_of, coalesce(asked.name, '') AS asked_of_name,
       question, asked_at, coalesce(giver.name, '') AS by, verdict, text, given_at
FROM second_opinions JOIN accounts AS asker ON asker.id = asked_by
LEFT JOIN accounts AS asked ON asked.id = asked_of LEFT JOIN accounts AS giver ON giver.id = second_opinions.account_id
"""


def opinions(db: Database, plan_id: int) -> list[Opinion]:
    """The second opinions on the plan, asked and given, the first first."""
    rows = db.query(OPINION + "WHERE plan_id = ? ORDER BY second_opinions.id", [plan_id])
    return [opinion_from(row) for row in rows]


def opinion_from(row: dict[str, Any]) -> Opinion:
    given_at = phases.from_text(row["given_at"]) if row["given_at"] else None
    return Opinion(**{**row, "asked_at": phases.from_text(row["asked_at"]), "given_at": given_at})


def colleagues(db: Database, process_id: int, account_id: int) -> list[tuple[int, str, str]]:
    """Id, name and address of everyone else who may assess in this process, toetsers and beheerders, by name."""
    rows = db.execute(
        "SELECT DISTINCT id, name, email FROM accounts JOIN roles ON account_id = id "
        "WHERE process_id = ? AND role IN ('toetser', 'beheerder') AND disabled_at IS NULL AND id != ? "
        "ORDER BY name, id",
        [process_id, account_id],
    )
    return [(id_, name, email) for id_, name, email in rows]


def ask_opinion(
    db: Database,
    process: Process,
    plan_id: int,
    asked_of: int | None,
    question: str,
    account_id: int,
    now: datetime,
) -> None:
    """Ask one colleague, or (None) any, and mail them. What was asked in the same words and is still open is not
    asked again. Raises NoColleague, NoSuchPlan."""
    plan = plan_row(db, process.id, plan_id)
    asked = [one for one in colleagues(db, process.id, account_id) if asked_of in (None, one[0])]
    if not asked:
        raise NoColleague
    again = "plan_id = ? AND asked_by = ? AND asked_of IS ? AND question = ? AND given_at IS NULL"
    values = [plan_id, account_id, asked_of, question]
    if db.execute(f"SELECT 1 FROM second_opinions WHERE {again}", values).fetchone():
        return
    row = {"plan_id": plan_id, "asked_by": account_id, "asked_of": asked_of, "question": question}
    number = database.insert(db, "second_opinions", {**row, "asked_at": phases.to_text(now)})
    (asker,) = db.execute("SELECT name FROM accounts WHERE id = ?", [account_id]).fetchone()
    for _, _, email in asked:
        to = Recipient(email, process.language)
        mails.second_opinion_asked(
            db, now, to, process=process, plan_id=plan_id, title=plan["title"], asked_by=asker, question=question
        )
    audit.record(db, account_id, process.id, "opinion_asked", f"plan {plan_id}", now, number=number, of=asked_of)


def give_opinion(
    db: Database,
    process: Process,
    plan_id: int,
    opinion_id: int,
    verdict: str,
    text: str,
    account_id: int,
    now: datetime,
) -> None:
    """Answer it, once, and mail who asked. Raises NoSuchPlan, NotYours, AlreadyGiven."""
    plan = plan_row(db, process.id, plan_id)
    opinion = next((each for each in opinions(db, plan_id) if each.id == opinion_id), None)
    if opinion is None:
        raise NoSuchPlan(opinion_id)
    if account_id == opinion.asked_by or opinion.asked_of not in (None, account_id):
        raise NotYours
    if opinion.given_at is not None:
        if (opinion.verdict, opinion.text) == (verdict, text):
            return
        raise AlreadyGiven
    db.execute(
        "UPDATE second_opinions SET account_id = ?, verdict = ?, text = ?, given_at = ? WHERE id = ?",
        [account_id, verdict, text, phases.to_text(now), opinion_id],
    )
    tell_asker(db, process, plan, opinion.asked_by, account_id, now)
    detail = {"number": opinion_id, "verdict": verdict}
    audit.record(db, account_id, process.id, "opinion_given", f"plan {plan_id}", now, **detail)


def tell_asker(
    db: Database, process: Process, plan: Mapping[str, Any], asked_by: int, account_id: int, now: datetime
) -> None:
    """By mail, where who asked still works here."""
    (giver,) = db.execute("SELECT name FROM accounts WHERE id = ?", [account_id]).fetchone()
    for id_, _, email in colleagues(db, process.id, account_id):
        if id_ == asked_by:
            to = Recipient(email, process.language)
            title = plan["title"]
            mails.second_opinion_given(db, now, to, process=process, plan_id=plan["id"], title=title, given_by=giver)
